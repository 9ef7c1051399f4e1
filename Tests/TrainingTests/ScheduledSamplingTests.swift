import Kernels
import TestSupport
import Testing
import Training
import Transformer

@Suite struct ScheduledSamplingTests {
    private func examples(_ shape: DecoderConfiguration) -> [TokenTree] {
        (0..<5).map { index in
            func ids(_ count: Int, _ salt: Int) -> [Int32] {
                TinyModel.ids(count, salt: salt, vocabulary: shape.vocabularySize)
            }
            return TokenTree(
                prompt: ids(index, index), continuations: [ids(3 + 2 * index, 20 + index)])
        }
    }

    /// Loss and gradients of one batch.
    private func gradients(
        _ objective: any TrainingObjective, _ shape: DecoderConfiguration, step: Int = 0
    ) throws -> (Double, [Float]) {
        let model = TinyModel.make(shape)
        let gradients = ParameterBuffer(count: model.layout.count)
        let result = try objective.accumulate(
            [0, 1, 2, 3, 4], step: step, model: model, gradients: StepGradients(gradients))
        return (
            result.loss,
            Array(UnsafeBufferPointer(start: gradients.base, count: gradients.count))
        )
    }

    private func objective(
        _ shape: DecoderConfiguration, _ probability: Double, passes: Int = 1, seed: UInt64 = 7,
        rowLimit: Int = 1000
    ) -> ScheduledSamplingObjective {
        ScheduledSamplingObjective(
            examples(shape), probability: probability, passes: passes, seed: seed,
            rowLimit: rowLimit)
    }

    @Test(arguments: TinyModel.all)
    func probabilityZeroIsMaximumLikelihoodToTheBit(_ shape: DecoderConfiguration) throws {
        let mle = try gradients(MLEObjective(examples(shape), rowLimit: 1000), shape)
        let sampled = try gradients(objective(shape, 0, passes: 3), shape)
        #expect(mle.0 == sampled.0)
        #expect(mle.1 == sampled.1)
    }

    @Test(arguments: TinyModel.all)
    func drawsDependOnSeedAndStepAlone(_ shape: DecoderConfiguration) throws {
        let once = try gradients(objective(shape, 0.5, passes: 2), shape)
        let again = try gradients(objective(shape, 0.5, passes: 2), shape)
        #expect(once.0 == again.0)
        #expect(once.1 == again.1)
        #expect(try gradients(objective(shape, 0.5, passes: 2, seed: 8), shape).0 != once.0)
        #expect(try gradients(objective(shape, 0.5, passes: 2), shape, step: 1).0 != once.0)
        // Other micro-batches: the same draws, sums in another order.
        let parts = try gradients(objective(shape, 0.5, passes: 2, rowLimit: 9), shape)
        #expect(abs(parts.0 - once.0) < 1e-5)
    }

    private func draw(_ logits: [Float], _ uniform: Double) -> Int32 {
        var logits = logits
        return logits.withUnsafeMutableBufferPointer { logits in
            logits.baseAddress.map {
                ScheduledSamplingObjective.draw($0, count: logits.count, uniform: uniform)
            } ?? -1
        }
    }

    /// A token without probability is never drawn, at no end of the range and whatever rounding leaves.
    @Test func onlyTokensWithProbabilityAreDrawn() {
        let gone = -Float.infinity
        for uniform in [0, 0.25, 0.5, 0.75, 1 - 0x1p-53] {
            #expect([2, 3].contains(draw([gone, gone, 1, 1, gone, gone], uniform)))
            #expect(draw([gone, 7, gone], uniform) == 1)
        }
        // Many small terms: their sum in single precision is another than in double precision.
        let many = (0..<5000).map { Float($0 % 97) / 10 } + [gone, gone]
        #expect(draw(many, 1 - 0x1p-53) == 4999)
        #expect(draw(many, 0) == 0)
    }

    /// Rows of the table beyond the tokenizer's vocabulary are padding.
    @Test func paddedRowsAreNeverDrawn() throws {
        let shape = TinyModel.untiedLlama
        let model = TinyModel.make(shape)
        let head = try #require(model.layout["lm_head.weight"])
        func paddedInputs(_ vocabularySize: Int?) throws -> Int {
            for row in 40..<shape.vocabularySize {
                for column in 0..<shape.width {
                    model.parameters.base[head.offset + row * shape.width + column] = 0.5
                }
            }
            let trees = examples(shape).map { tree in
                TokenTree(
                    prompt: tree.prompt.map { $0 % 40 },
                    continuations: tree.continuations.map { $0.map { $0 % 40 } })
            }
            let objective = ScheduledSamplingObjective(
                trees, probability: 1, passes: 1, seed: 7, rowLimit: 1000,
                vocabularySize: vocabularySize)
            let gradients = ParameterBuffer(count: model.layout.count)
            _ = objective.accumulate(
                [0, 1, 2, 3, 4], step: 0, model: model, gradients: StepGradients(gradients))
            // Inputs get a gradient, and no other rows of the table.
            let table = try #require(model.layout["model.embed_tokens.weight"])
            let rows = (40..<shape.vocabularySize).filter { row in
                (0..<shape.width).contains {
                    gradients.base[table.offset + row * shape.width + $0] != 0
                }
            }
            return rows.count
        }
        #expect(try paddedInputs(40) == 0)
        #expect(try paddedInputs(nil) > 0)
    }

    /// With p = 1 the inputs of a continuation are the model's own, so the loss is that of the true
    /// tokens given a sampled past, which a hand-made batch has as well.
    @Test func everyInputIsReplacedByOneThatTheModelPredicts() throws {
        let shape = TinyModel.llama
        let model = TinyModel.make(shape)
        let tree = TokenTree(
            prompt: [3, 4, 5], continuations: [TinyModel.ids(6, salt: 9, vocabulary: 61)])
        let batch = PackedBatch([tree])
        let inputs = batch.inputTargets(ofSequence: 0)
        #expect(inputs.count == 5)
        let replaced = batch.replacingInputs(inputs.map { ($0, Int32(10 + $0)) })
        let other = TokenTree(
            prompt: tree.prompt,
            continuations: [inputs.map { Int32(10 + $0) } + [tree.continuations[0][5]]])
        // The last target sees all replaced inputs, the first none.
        let mixed = model.logProbabilities(replaced)
        #expect(mixed[0] == model.logProbabilities(batch)[0])
        #expect(abs(mixed[5] - model.logProbabilities(PackedBatch([other]))[5]) < 1e-6)
    }

    @Test func predictionsAreTheLogitsOfTheTargets() {
        let model = TinyModel.make(TinyModel.gpt2)
        let batch = PackedBatch(examples(TinyModel.gpt2))
        let scores = model.logProbabilities(batch)
        let wanted = [batch.targetCount - 1, 0, 4]
        var found = [Float](repeating: 0, count: wanted.count)
        let tokens = examples(TinyModel.gpt2).flatMap { tree in
            tree.prompt.isEmpty ? Array(tree.continuations[0].dropFirst()) : tree.continuations[0]
        }
        found.withUnsafeMutableBufferPointer { found in
            model.predict(wanted, of: batch) { index, logits in
                let logit = logits[Int(tokens[wanted[index]])]
                let top = maximum(logits, count: 59)
                let total = exponentiate(logits, minus: top, count: 59)
                found[index] = logit - top - logarithm(total)
            }
        }
        for (index, target) in wanted.enumerated() {
            #expect(abs(found[index] - scores[target]) < 1e-5)
        }
    }
}
