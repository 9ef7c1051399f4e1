import Checkpoints
import StreamIO
import TestSupport
import Testing
import Training
import Transformer

/// Numbers that are not finite are found where they arise, and the last good state is kept.
@Suite struct DivergenceTests {
    /// Spoils the gradient of one tensor whenever a record is among the batch's.
    private struct Faulty: TrainingObjective {
        let inner: any TrainingObjective
        let record: Int
        let tensor: String
        var value = Float.infinity

        var recordCount: Int { inner.recordCount }
        func tree(of record: Int) -> TokenTree { inner.tree(of: record) }
        func accumulate(
            _ records: [Int], step: Int, model: Decoder, gradients: StepGradients
        ) throws -> StepResult {
            let result = try inner.accumulate(
                records, step: step, model: model, gradients: gradients)
            if records.contains(record), let entry = model.layout[tensor] {
                gradients.buffer.base[entry.offset + 1] = value
            }
            return result
        }
    }

    private func divergence(_ body: () throws -> Void) throws -> Divergence {
        let error = #expect(throws: TrainingError.self) { try body() }
        guard case .diverged(let divergence)? = error else {
            throw try #require(error)
        }
        #expect(error?.exitStatus == .internalFailure)
        return divergence
    }

    /// GPT-2 with a head of its own, so that a token spoils those records alone that have it.
    private static let untiedGPT2 = DecoderConfiguration.gpt2(
        vocabularySize: 59, width: 20, layerCount: 2, headCount: 4,
        keyValueHeadCount: 4, headWidth: 5, feedForwardWidth: 80, maximumPositions: 72,
        normEpsilon: 1e-5, tiedHead: false, initializerRange: 0.2, eosTokenIDs: [0])

    @Test(arguments: MemoryPlan.allCases)
    func aLossThatIsNotFiniteNamesItsRecord(_ plan: MemoryPlan) throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.shape = Self.untiedGPT2
            tiny.plan = plan
            tiny.batchSize = 3
            // A token of a prompt of the last record alone, among those of the second step.
            let trees = tiny.trees()
            let others = Set(trees.dropLast().flatMap { $0.prompt + $0.continuations[0] })
            let token = try #require(trees[5].prompt.dropFirst().first { !others.contains($0) })
            let start = tiny.start()
            let layout = ParameterLayout(tiny.shape)
            let table = try #require(layout["transformer.wte.weight"])
            start.weights.fill(table) { values in
                let old = start.weights.single.elements(of: table)
                for index in values.indices { values[index] = old[index] }
                for column in 0..<20 { values[Int(token) * 20 + column] = 3e38 }
            }
            let run = tiny.make(steps: 4, to: "\(directory)/out", from: start)
            let found = try divergence { _ = try run.run { _, _ in } }
            #expect(found.step == 2)
            #expect(found.what == "loss")
            #expect(found.records == ["r5"])
            #expect(found.place == "the output of block 0")
            #expect(found.outcome == "\(directory)/out holds the state after step 1")
            let state = try TrainingState.load(from: "\(directory)/out")
            #expect(state.step == 1 && !state.isFinished)
            let saved = try Checkpoint.load(directory: "\(directory)/out")
            #expect(saved.warnings.contains { $0.contains("stopped after step 1 of 4") })
        }
    }

    @Test(arguments: [MemoryPlan.full, .recompute, .layerwise])
    func aGradientThatIsNotFiniteNamesItsTensorAndRecord(_ plan: MemoryPlan) throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.plan = plan
            let run = tiny.make(
                steps: 4, to: "\(directory)/out",
                wrap: { Faulty(inner: $0, record: 3, tensor: "model.norm.weight") })
            let found = try divergence { _ = try run.run { _, _ in } }
            #expect(found.step == 2 && found.what == "gradient norm")
            #expect(found.place == "the gradient of model.norm.weight")
            #expect(found.records == ["r3"])
            #expect(run.optimizer.step == 1)
            let straight = try tiny.train(steps: 1, to: "\(directory)/straight")
            #expect(TinyRun.values(run.model) == straight.weights)
            #expect(
                try TestSupport.readFile("\(directory)/out/training-state/optimizer.safetensors")
                    == TestSupport.readFile(
                        "\(directory)/straight/training-state/optimizer.safetensors"))
        }
    }

    /// Weights that are half updated are not saved; what was saved before stays.
    @Test func halfUpdatedWeightsAreNotSaved() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.plan = .layerwise
            tiny.clipNorm = .infinity
            tiny.saveEvery = 1
            let run = tiny.make(
                steps: 4, to: "\(directory)/out",
                wrap: { Faulty(inner: $0, record: 5, tensor: "model.norm.weight") }
            )
            let found = try divergence { _ = try run.run { _, _ in } }
            #expect(found.step == 3 && found.records == ["r5"])
            #expect(
                found.outcome?.contains("after step 2 (later weights are half updated)") == true)
            #expect(try TrainingState.load(from: "\(directory)/out").step == 2)
        }
    }

    /// Squares of such gradients would be infinite in the second moments, which then stand still.
    @Test func aGradientTooLargeForTheMomentsIsAnError() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.clipNorm = .infinity
            let run = tiny.make(
                steps: 4, to: "\(directory)/out",
                wrap: { Faulty(inner: $0, record: 2, tensor: "model.norm.weight", value: 1e25) }
            )
            let found = try divergence { _ = try run.run { _, _ in } }
            #expect(found.step == 2 && found.what == "gradient norm")
            #expect(try TrainingState.load(from: "\(directory)/out").step == 1)
        }
    }

    /// Where all records of a step fail, the weights are no good, and so is the state before it.
    @Test func weightsThatAreNoGoodAreNotSaved() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.shape = TinyModel.untiedLlama
            let start = tiny.start()
            let layout = ParameterLayout(tiny.shape)
            let head = try #require(layout["lm_head.weight"])
            let run = tiny.make(steps: 4, to: "\(directory)/out", from: start)
            let found = try divergence {
                _ = try run.run { report, _ in
                    guard report.step == 2 else { return }
                    for index in 0..<head.count {
                        run.model.parameters.base[head.offset + index] =
                            index % 2 == 0 ? 3e38 : -3e38
                    }
                }
            }
            #expect(found.step == 3 && found.records.count == 2)
            #expect(found.outcome == "nothing was saved")
            #expect(!TestFile.exists("\(directory)/out"))
        }
    }

    @Test func weightsThatAreNotFiniteAreNotSaved() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.saveEvery = 1
            let run = tiny.make(steps: 2, to: "\(directory)/out")
            let found = try divergence {
                _ = try run.run { report, _ in
                    if report.step == 2 { run.model.parameters.base[3] = .nan }
                }
            }
            #expect(found.place == "the weights of model.embed_tokens.weight")
            #expect(found.outcome?.contains("after step 1") == true)
            #expect(try TrainingState.load(from: "\(directory)/out").step == 1)
        }
    }

    @Test func anEvaluationThatIsNotFiniteNamesItsRecords() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.evaluateEvery = 2
            let evaluation = Evaluation(recordIDs: ["e0", "e1", "e2"]) { _ in
                [1, .nan, 2].map { Evaluation.Term(loss: $0, weight: 1) }
            }
            let run = tiny.make(steps: 4, to: "\(directory)/out", evaluation: evaluation)
            let found = try divergence { _ = try run.run { _, _ in } }
            #expect(found.step == 2 && found.what == "evaluation loss")
            #expect(found.records == ["e1"])
            #expect(try TrainingState.load(from: "\(directory)/out").step == 2)
        }
    }
}
