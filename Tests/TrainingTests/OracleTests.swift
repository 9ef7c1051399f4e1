import Checkpoints
import Kernels
import Objectives
import Scoring
import TestSupport
import Testing
import Training
import Transformer

/// Forward and backward passes, losses and optimizer against PyTorch and transformers.
@Suite struct OracleTests {
    private func model(_ directory: String) throws -> Decoder {
        let checkpoint = try Checkpoint.load(directory: Oracles.path(directory))
        return Decoder(
            configuration: checkpoint.configuration, parameters: checkpoint.parameters)
    }

    private func numbers(_ name: String) throws -> Oracles.TinyModelNumbers {
        try Oracles.decode(Oracles.TinyModelNumbers.self, from: "\(name).json")
    }

    @Test(arguments: Oracles.tinyModels + Oracles.families)
    func logProbabilitiesOfNextTokens(_ name: String) throws {
        let model = try model(name)
        for text in try numbers(name).forward {
            let batch = PackedBatch([TokenTree(prompt: [], continuations: [text.ids])])
            let got = model.logProbabilities(batch)
            #expect(got.count == text.tokenLogprobs.count)
            for (a, b) in zip(got, text.tokenLogprobs) { #expect(abs(Double(a) - b) < 2e-4) }
            // The last logits predict whatever follows the text.
            let next = PackedBatch([TokenTree(prompt: text.ids, continuations: [[0]])])
            var differences = [0.0]
            differences.withUnsafeMutableBufferPointer { differences in
                model.predict([0], of: next) { _, logits in
                    differences[0] =
                        text.lastLogits.indices.map {
                            abs(Double(logits[$0]) - text.lastLogits[$0])
                        }.max() ?? .infinity
                }
            }
            #expect(differences[0] < 2e-4)
        }
    }

    @Test(arguments: Oracles.tinyModels + Oracles.families)
    func maximumLikelihoodLossAndEveryGradient(_ name: String) throws {
        let model = try model(name)
        let oracle = try numbers(name).mle
        let trees = oracle.batch.map {
            TokenTree(prompt: $0.prompt, continuations: [$0.response])
        }
        let gradients = ParameterBuffer(count: model.layout.count)
        let result = MLEObjective(trees, rowLimit: 1000).accumulate(
            Array(trees.indices), step: 0, model: model, gradients: StepGradients(gradients))
        #expect(abs(result.loss - oracle.loss) < 1e-5)
        let norm = sumOfSquares(gradients.base, count: gradients.count).squareRoot()
        #expect(abs(norm - oracle.gradNorm) < 1e-4 * oracle.gradNorm)
        try compare(gradients, model.layout, name, "mle")
    }

    struct Case: Sendable, CustomStringConvertible {
        let name: String
        let loss: PreferenceLoss
        let beta: Double
        var key: String {
            switch loss {
            case .cpo: "cpo_beta\(beta)"
            case .rankedCPO: "cpo_ranked_beta\(beta)"
            case .dpo: "dpo_beta\(beta)"
            }
        }
        var description: String { "\(name) \(key)" }
    }

    /// The losses whose gradients are among the oracles.
    private static let differentiated: Set<String> = [
        "cpo_beta1.0", "cpo_ranked_beta0.1", "dpo_beta0.1",
    ]

    static let cases = (Oracles.tinyModels + Oracles.families).flatMap { name in
        [
            Case(name: name, loss: .cpo, beta: 0.1), Case(name: name, loss: .cpo, beta: 1),
            Case(name: name, loss: .rankedCPO, beta: 0.1),
            Case(name: name, loss: .rankedCPO, beta: 1),
            Case(name: name, loss: .dpo, beta: 0.1), Case(name: name, loss: .dpo, beta: 1),
        ]
    }

    /// One key of a file that holds many kinds of things.
    private struct Preferences: Decodable {
        var values: [String: Oracles.TinyModelNumbers.Preference] = [:]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Swift.Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                values[key.stringValue] = try? container.decode(
                    Oracles.TinyModelNumbers.Preference.self, forKey: key)
            }
        }
    }

    @Test(arguments: cases)
    func preferenceLossesAndGradients(_ test: Case) throws {
        let model = try model(test.name)
        let groups = try numbers(test.name).cpoGroups
        let preferences = try Oracles.decode(Preferences.self, from: "\(test.name).json").values
        // Keys come converted from snake case.
        let key = test.key.replacing("cpo_ranked_", with: "cpoRanked").replacing(
            "cpo_beta", with: "cpoBeta"
        ).replacing("dpo_beta", with: "dpoBeta").replacing("Rankedbeta", with: "RankedBeta")
        let oracle = try #require(preferences[key], "\(key) among \(preferences.keys.sorted())")
        let examples = groups.map { group in
            PreferenceExample(
                tree: TokenTree(prompt: group.prompt, continuations: group.candidates),
                ranking: group.ranking
            ).suited(to: test.loss)
        }
        var scores = oracle.sequenceLogprobs.map(\.reference)
        // The second model is not kept of all.
        if Oracles.tinyModels.contains(test.name) {
            scores = sequenceLogProbabilities(
                examples.map(\.tree), model: try self.model("\(test.name)/reference"),
                rowLimit: 1000)
        }
        let policy = sequenceLogProbabilities(examples.map(\.tree), model: model, rowLimit: 1000)
        for ((got, own), expected) in zip(zip(scores, policy), oracle.sequenceLogprobs) {
            for (a, b) in zip(got, expected.reference) { #expect(abs(a - b) < 2e-4) }
            for (a, b) in zip(own, expected.policy) { #expect(abs(a - b) < 2e-4) }
        }
        let gradients = ParameterBuffer(count: model.layout.count)
        let result = PreferenceObjective(
            examples, reference: scores, loss: test.loss, beta: test.beta, rowLimit: 1000
        ).accumulate(
            Array(examples.indices), step: 0, model: model, gradients: StepGradients(gradients))
        #expect(abs(result.loss - oracle.loss) < 1e-5)
        if Self.differentiated.contains(test.key) {
            try compare(gradients, model.layout, test.name, test.key)
        }
    }

    @Test(arguments: Oracles.tinyModels + Oracles.families)
    func tenOptimizerSteps(_ name: String) throws {
        let model = try model(name)
        let start = model.parameters.copy()
        let steps = try numbers(name).adamw.steps
        let trees = steps.flatMap(\.batch).map {
            TokenTree(prompt: $0.prompt, continuations: [$0.response])
        }
        let run = TrainingRun(
            model: model, objective: MLEObjective(trees, rowLimit: 1000),
            configuration: TrainingConfiguration(
                steps: steps.count, batchSize: steps[0].batch.count, shuffleSeed: nil,
                schedule: LearningRateSchedule(
                    peak: steps[steps.count - 1].lr, shape: .constant, warmupSteps: 4,
                    totalSteps: steps.count), optimizer: AdamWConfiguration()))
        for step in steps {
            let report = try run.makeStep()
            #expect(abs(report.learningRate - step.lr) < 1e-12)
            #expect(abs(report.result.loss - step.loss) < 2e-5)
            #expect(abs(report.gradientNorm - step.gradNorm) < 1e-4 * step.gradNorm)
        }
        guard Oracles.tinyModels.contains(name) else {
            let changes = try #require(try Oracles.sketches(name)["ten_steps"])
            for entry in model.layout.entries {
                let change = zip(
                    model.parameters.elements(of: entry), start.elements(of: entry)
                ).map { $0 - $1 }
                let distance = try #require(changes[entry.name]).distance(to: change)
                #expect(distance < 2e-5 * Double(entry.count).squareRoot(), "\(entry.name)")
            }
            return
        }
        let changes = try Oracles.tensors("\(name)/gradients/ten_steps.f24.zst")
        for entry in model.layout.entries {
            let change = try #require(changes[entry.name])
            let values = zip(start.elements(of: entry), change).map { $0 + $1 }
            #expect(values.count == entry.count)
            // Softmax does not change when all keys shift, so the gradient of GPT-2's key bias is
            // zero but for rounding, which Adam's scaling blows up: those numbers mean nothing.
            let third = entry.count / 3
            let meaningless =
                entry.name.hasSuffix("attn.c_attn.bias") ? third..<2 * third : 0..<0
            let differences = zip(model.parameters.elements(of: entry), values).enumerated()
                .filter { !meaningless.contains($0.offset) }
                .map { abs($0.element.0 - $0.element.1) }.sorted()
            // One element in ten thousand may have met a gradient near zero, whose sign is noise.
            let strict = differences.count - 1 - differences.count / 4000
            #expect(differences[max(0, strict)] < 2e-5, "\(entry.name)")
            #expect((differences.last ?? 0) < 1e-4, "\(entry.name)")
        }
    }

    private func compare(
        _ gradients: ParameterBuffer, _ layout: ParameterLayout, _ name: String, _ loss: String
    ) throws {
        guard Oracles.tinyModels.contains(name) else {
            // Of the preference losses one is kept.
            guard let expected = try Oracles.sketches(name)[loss] else {
                #expect(loss != "mle" && loss != "cpo_ranked_beta0.1")
                return
            }
            #expect(Set(expected.keys) == Set(layout.entries.map(\.name)))
            for entry in layout.entries {
                let oracle = try #require(expected[entry.name])
                let distance = oracle.distance(to: gradients.elements(of: entry))
                #expect(distance < 1e-4 * oracle.norm, "\(entry.name)")
            }
            return
        }
        let expected = try Oracles.tensors("\(name)/gradients/\(loss).f24.zst")
        #expect(Set(expected.keys) == Set(layout.entries.map(\.name)))
        for entry in layout.entries {
            let oracle = try #require(expected[entry.name])
            #expect(oracle.count == entry.count)
            var difference = 0.0
            var norm = 0.0
            for (a, b) in zip(gradients.elements(of: entry), oracle) {
                difference += Double(a - b) * Double(a - b)
                norm += Double(b) * Double(b)
            }
            let relative = (difference / max(norm, 1e-20)).squareRoot()
            #expect(relative < 1e-4, "\(entry.name)")
        }
    }
}
