import Glibc
import Kernels
import Objectives
import Scoring
import TestSupport
import Testing
import Training
import Transformer

/// Loss and gradient of every objective, under every memory plan, whole or in micro-batches, against
/// the losses' formulas on models in double precision; and that no fault in one tensor's gradient
/// would pass.
@Suite struct ObjectiveGradientTests {
    /// What is minimized.
    enum Kind: String, CaseIterable, Sendable {
        case mle, cpo, rankedCPO, dpo, rankedCPOWithNLL, scheduledSampling
    }

    private static let beta = 0.5
    private static let nllWeight = 0.3

    /// A model whose weights are bfloat16 numbers, so that all plans compute the same function.
    private struct Subject {
        let shape: DecoderConfiguration
        let compact: CompactParameters
        let single: ParameterBuffer
        let reference: ReferenceModel
        /// The model that preference training compares with.
        let anchor: ReferenceModel

        init(_ shape: DecoderConfiguration) {
            self.shape = shape
            let fresh = TinyModel.make(shape).parameters
            compact = CompactParameters(count: fresh.count)
            for entry in ParameterLayout(shape).entries {
                compact.store(UnsafeBufferPointer(fresh.elements(of: entry)), in: entry)
            }
            single = ParameterStorage.compact(compact).single
            reference = ReferenceModel(shape, single)
            anchor = ReferenceModel(shape, TinyModel.make(shape, seed: 2).parameters)
        }

        func model(isCompact: Bool) -> Decoder {
            Decoder(
                configuration: shape, weights: isCompact ? .compact(compact) : .single(single))
        }

        func ids(_ count: Int, _ salt: Int) -> [Int32] {
            TinyModel.ids(count, salt: salt, vocabulary: shape.vocabularySize)
        }

        /// One continuation each; one record without a prompt, one with a single token.
        var texts: [TokenTree] {
            [(0, 6), (4, 1), (9, 8), (2, 5)].enumerated().map { index, lengths in
                TokenTree(
                    prompt: ids(lengths.0, 30 + index), continuations: [ids(lengths.1, 40 + index)])
            }
        }

        var preferences: [PreferenceExample] {
            [
                PreferenceExample(
                    tree: TokenTree(
                        prompt: ids(7, 1), continuations: [ids(5, 2), ids(1, 3), ids(9, 4)]),
                    ranking: [0, 2, 1]),
                PreferenceExample(
                    tree: TokenTree(prompt: ids(1, 5), continuations: [ids(3, 6), ids(4, 7)]),
                    ranking: [1, 0]),
                PreferenceExample(
                    tree: TokenTree(
                        prompt: ids(3, 8),
                        continuations: [ids(2, 9), ids(3, 10), ids(2, 11), ids(4, 12)]),
                    ranking: [3, 0, 2, 1]),
            ]
        }

        func preferences(_ kind: Kind) -> [PreferenceExample] {
            guard kind == .dpo else { return preferences }
            return preferences.map {
                PreferenceExample(
                    tree: TokenTree(
                        prompt: $0.tree.prompt,
                        continuations: Array($0.tree.continuations.prefix(2))), ranking: nil)
            }
        }
    }

    private func objective(
        _ kind: Kind, _ subject: Subject, rowLimit: Int
    ) -> any TrainingObjective {
        let loss: PreferenceLoss
        switch kind {
        case .mle: return MLEObjective(subject.texts, rowLimit: rowLimit)
        case .scheduledSampling:
            return ScheduledSamplingObjective(
                subject.texts, probability: 0.6, passes: 2, seed: 5, rowLimit: rowLimit)
        case .cpo: loss = .cpo
        case .dpo: loss = .dpo
        case .rankedCPO, .rankedCPOWithNLL: loss = .rankedCPO
        }
        let examples = subject.preferences(kind)
        return PreferenceObjective(
            examples, reference: examples.map { subject.anchor.sequenceLogProbabilities($0.tree) },
            loss: loss, beta: Self.beta, nllWeight: kind == .rankedCPOWithNLL ? Self.nllWeight : 0,
            rowLimit: rowLimit)
    }

    /// The loss as a function of the model.
    private func value(_ kind: Kind, _ subject: Subject) -> (ReferenceModel) -> Double {
        switch kind {
        case .mle, .scheduledSampling:
            let texts = subject.texts.map { tree in
                Text(tree.prompt + tree.continuations[0], first: max(1, tree.prompt.count))
            }
            let mixed =
                kind == .mle
                ? texts : ScheduledSampling.mixed(texts, subject.reference, passes: 2, seed: 5)
            let tokens = mixed.reduce(0) { $0 + $1.targets.count }
            return { model in
                -mixed.reduce(0.0) { total, text in
                    model.logProbabilities(inputs: text.inputs, targets: text.targets)
                        .reduce(total, +)
                } / Double(tokens)
            }
        case .cpo, .rankedCPO, .dpo, .rankedCPOWithNLL:
            let examples = subject.preferences(kind)
            let anchors = examples.map { subject.anchor.sequenceLogProbabilities($0.tree) }
            let chosenTokens = examples.reduce(0) { $0 + $1.tree.continuations[0].count }
            return { model in
                var (loss, chosen) = (0.0, 0.0)
                for (example, anchor) in zip(examples, anchors) {
                    let policy = model.sequenceLogProbabilities(example.tree)
                    let rewards = ReferenceLoss.rewards(policy, anchor, beta: Self.beta)
                    chosen += policy[0]
                    switch kind {
                    case .cpo: loss += ReferenceLoss.cpo(rewards)
                    case .dpo: loss += ReferenceLoss.dpo(rewards)
                    default:
                        loss += ReferenceLoss.rankedCPO(rewards, ranking: example.ranking ?? [])
                    }
                }
                let nll = kind == .rankedCPOWithNLL ? Self.nllWeight : 0
                return loss / Double(examples.count) - nll * chosen / Double(chosenTokens)
            }
        }
    }

    private func gradients(
        _ kind: Kind, _ subject: Subject, _ plan: MemoryPlan, rowLimit: Int
    ) throws -> (loss: Double, buffer: ParameterBuffer) {
        let objective = objective(kind, subject, rowLimit: rowLimit)
        let model = subject.model(isCompact: plan.isCompact)
        let method: BackwardMethod =
            switch plan {
            case .full: .kept
            case .recompute: .recomputed
            case .layerwise, .compact: .deferred
            }
        let gradients = StepGradients(count: model.layout.count, method: method)
        let result = try objective.accumulate(
            Array(0..<objective.recordCount), step: 3, model: model, gradients: gradients)
        if method == .deferred {
            model.backwardBlocks(gradients) { _ in }
            model.backwardEmbeddings(gradients)
        }
        return (result.loss, gradients.buffer)
    }

    @Test(arguments: TinyModel.all, Kind.allCases)
    func lossAndGradientAreThoseOfTheFormula(
        _ shape: DecoderConfiguration, _ kind: Kind
    ) throws {
        let subject = Subject(shape)
        let value = value(kind, subject)
        let loss = value(subject.reference)
        let proof = GradientProof(subject.reference, value)
        var (injected, missed) = (0, 0)
        for plan in MemoryPlan.allCases {
            for rowLimit in [1000, 9] {
                let found = try gradients(kind, subject, plan, rowLimit: rowLimit)
                #expect(abs(found.loss - loss) < 1e-5 * max(1, abs(loss)), "\(plan), \(rowLimit)")
                let faults = proof.faults(found.buffer)
                #expect(faults.isEmpty, "\(plan), \(rowLimit): \(faults)")
                let injection = proof.injectFaults(into: found.buffer)
                injected += injection.injected
                missed += injection.missed.count
                #expect(injection.missed.isEmpty, "\(plan), \(rowLimit): \(injection.missed)")
            }
        }
        #expect(
            injected
                == 2 * MemoryPlan.allCases.count * GradientFault.allCases.count
                * proof.tensors.count)
        print("\(shape.family), \(kind): \(injected) gradient faults, \(missed) missed")
    }
}

/// A text, from which place on its tokens are to be predicted, and what a model is given as inputs.
private struct Text {
    let targets: [(row: Int, token: Int32)]
    var inputs: [Int32]

    init(_ tokens: [Int32], first: Int) {
        inputs = Array(tokens.dropLast())
        targets = (first..<tokens.count).map { (row: $0 - 1, token: tokens[$0]) }
    }
}

/// Scheduled sampling as its paper describes it, one text at a time; draws are those of the package.
private enum ScheduledSampling {
    static func mixed(
        _ texts: [Text], _ model: ReferenceModel, passes: Int, seed: UInt64
    ) -> [Text] {
        texts.enumerated().map { record, text in
            var current = text
            for pass in 0..<passes {
                var random = RandomStream(
                    seed: seed, name: "scheduled sampling", "3", String(record), String(pass))
                let logits = model.logits(current.inputs)
                var next = text
                for target in text.targets.dropLast() {
                    let (choice, draw) = (random.uniform(), random.uniform())
                    guard choice < 0.6 else { continue }
                    next.inputs[target.row + 1] = token(logits[target.row], draw)
                }
                current = next
            }
            return current
        }
    }

    private static func token(_ logits: [Double], _ uniform: Double) -> Int32 {
        let top = logits.max() ?? 0
        let weights = logits.map { exp($0 - top) }
        var left = uniform * weights.reduce(0, +)
        for (token, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return Int32(token) }
        }
        return Int32(logits.count - 1)
    }
}
