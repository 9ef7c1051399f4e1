import Glibc
import Kernels
import Objectives
import Scoring
import TestSupport
import Testing
import Training
import Transformer

@Suite struct TrainingRunTests {
    private func examples(_ configuration: DecoderConfiguration) -> [TokenTree] {
        (0..<6).map { index in
            func ids(_ count: Int, _ salt: Int) -> [Int32] {
                TinyModel.ids(count, salt: salt, vocabulary: configuration.vocabularySize)
            }
            return TokenTree(
                prompt: ids(3 + index, index), continuations: [ids(4 + index % 3, 20 + index)])
        }
    }

    private func preferences(_ configuration: DecoderConfiguration) -> [PreferenceExample] {
        TinyModel.trees(configuration).prefix(2).map {
            PreferenceExample(
                tree: $0, ranking: [0] + (1..<$0.continuations.count).reversed())
        }
    }

    private func configuration(steps: Int, batch: Int) -> TrainingConfiguration {
        TrainingConfiguration(
            steps: steps, batchSize: batch, shuffleSeed: nil,
            schedule: LearningRateSchedule(
                peak: 1e-3, shape: .constant, warmupSteps: 2, totalSteps: steps),
            optimizer: AdamWConfiguration())
    }

    private func objective(
        _ examples: [PreferenceExample], _ model: Decoder, rowLimit: Int
    ) -> PreferenceObjective {
        let reference = sequenceLogProbabilities(
            examples.map(\.tree), model: model, rowLimit: rowLimit)
        return PreferenceObjective(
            examples, reference: reference, loss: .rankedCPO, beta: 0.5, rowLimit: rowLimit)
    }

    @Test(arguments: TinyModel.all, [1, 9, 20])
    func lossAndGradientDoNotDependOnMicroBatches(
        _ shape: DecoderConfiguration, _ rowLimit: Int
    ) throws {
        let examples = examples(shape)
        func step(_ rowLimit: Int) throws -> StepReport {
            try TrainingRun(
                model: TinyModel.make(shape),
                objective: MLEObjective(examples, rowLimit: rowLimit),
                configuration: configuration(steps: 1, batch: 6)
            ).makeStep()
        }
        let whole = try step(1000)
        let parts = try step(rowLimit)
        #expect(abs(whole.result.loss - parts.result.loss) < 1e-6)
        #expect(abs(whole.gradientNorm - parts.gradientNorm) < 1e-5 * whole.gradientNorm)
    }

    @Test(arguments: TinyModel.all, [12, 1000])
    func aPromptForEachCandidateGivesTheSameStep(
        _ shape: DecoderConfiguration, _ rowLimit: Int
    ) throws {
        let examples = preferences(shape)
        let reference = sequenceLogProbabilities(
            examples.map(\.tree), model: TinyModel.make(shape, seed: 2), rowLimit: 1000)
        func step(sharesPrompts: Bool) throws -> StepReport {
            try TrainingRun(
                model: TinyModel.make(shape),
                objective: PreferenceObjective(
                    examples, reference: reference, loss: .cpo, beta: 0.5, rowLimit: rowLimit,
                    sharesPrompts: sharesPrompts), configuration: configuration(steps: 1, batch: 2)
            ).makeStep()
        }
        let shared = try step(sharesPrompts: true)
        let separate = try step(sharesPrompts: false)
        #expect(abs(shared.result.loss - separate.result.loss) < 1e-5)
        #expect(abs(shared.gradientNorm - separate.gradientNorm) < 1e-5 * shared.gradientNorm)
        #expect(shared.result.tokens == separate.result.tokens)
        #expect(shared.result.rows < separate.result.rows)
    }

    /// bfloat16 keeps 8 bits of a factor, a relative error of at most 2⁻⁹ each, which averages out in
    /// sums: losses agree to two percent all the way, since master weights and moments are fp32 in either
    /// case. Gradients agree to five percent at first; once six records are nearly known by heart, what
    /// is left of the gradient is small against the error of its terms.
    @Test(arguments: TinyModel.all)
    func trainingCurvesOfBothPrecisionsAgree(_ shape: DecoderConfiguration) throws {
        let examples = examples(shape)
        func curve(_ precision: MatrixPrecision) throws -> [StepReport] {
            let fresh = TinyModel.make(shape)
            let run = TrainingRun(
                model: Decoder(
                    configuration: shape, parameters: fresh.parameters, precision: precision),
                objective: MLEObjective(examples, rowLimit: 1000),
                configuration: configuration(steps: 40, batch: 6))
            return try (0..<40).map { _ in try run.makeStep() }
        }
        let exact = try curve(.float32)
        let rounded = try curve(.bfloat16)
        #expect(exact.first?.result.loss != rounded.first?.result.loss)
        for (a, b) in zip(exact, rounded) {
            #expect(abs(a.result.loss - b.result.loss) < 0.02 * a.result.loss, "step \(a.step)")
            guard a.step <= 12 else { continue }
            #expect(abs(a.gradientNorm - b.gradientNorm) < 0.05 * a.gradientNorm)
        }
        let (start, end) = (exact[0].result.loss, exact[39].result.loss)
        #expect(end < 0.9 * start)
    }

    /// In bf16, as in fp32, policy and reference are one function at the first step: the margins of
    /// the rewards are zero to the bit when both see the same micro-batches.
    @Test func marginsBeginAtZeroInBothPrecisions() throws {
        for precision in MatrixPrecision.allCases {
            let model = Decoder(
                configuration: TinyModel.llama,
                parameters: TinyModel.make(TinyModel.llama).parameters, precision: precision)
            let objective = objective(preferences(TinyModel.llama), model, rowLimit: 1000)
            let report = try TrainingRun(
                model: model, objective: objective,
                configuration: configuration(steps: 1, batch: 2)
            ).makeStep()
            #expect(report.result.preference?.rewardChosen == 0)
            #expect(report.result.preference?.rewardRejected == 0)
        }
    }

    @Test(arguments: TinyModel.all, [1, 12, 18])
    func candidatesTogetherOrOneByOneGiveTheSameStep(
        _ shape: DecoderConfiguration, _ rowLimit: Int
    ) throws {
        let examples = preferences(shape)
        let reference = sequenceLogProbabilities(
            examples.map(\.tree), model: TinyModel.make(shape, seed: 2), rowLimit: 1000)
        func step(_ rowLimit: Int) throws -> StepReport {
            try TrainingRun(
                model: TinyModel.make(shape),
                objective: PreferenceObjective(
                    examples, reference: reference, loss: .rankedCPO, beta: 0.5, nllWeight: 0.2,
                    rowLimit: rowLimit), configuration: configuration(steps: 1, batch: 2)
            ).makeStep()
        }
        let together = try step(1000)
        let oneByOne = try step(rowLimit)
        #expect(abs(together.result.loss - oneByOne.result.loss) < 1e-5)
        #expect(
            abs(together.gradientNorm - oneByOne.gradientNorm) < 1e-5 * together.gradientNorm)
    }

    @Test(arguments: TinyModel.all)
    func policyEqualToReferenceHasMarginsOfExactlyZero(_ shape: DecoderConfiguration) throws {
        let examples = preferences(shape)
        let model = TinyModel.make(shape)
        let run = configuration(steps: 1, batch: 2)
        let order = BatchOrder(recordCount: 2, batchSize: 2, seed: nil)
        let reference = try referenceScores(
            of: examples, model: model, order: order, steps: 1, rowLimit: 1000)
        let objective = PreferenceObjective(
            examples, reference: reference, loss: .cpo, beta: 1, rowLimit: 1000)
        let report = try TrainingRun(model: model, objective: objective, configuration: run)
            .makeStep()
        let preference = try #require(report.result.preference)
        #expect(preference.rewardChosen == 0)
        #expect(preference.rewardMargin == 0)
        #expect(abs(report.result.loss - (log(3) + log(2)) / 2) < 1e-12)
    }

    /// The first step with reference scores that are not the model's own.
    private func step(
        beta: Double, corrupting corrupt: (inout [[Double]]) -> Void
    ) throws -> StepResult {
        let examples = preferences(TinyModel.llama)
        let model = TinyModel.make(TinyModel.llama)
        var reference = sequenceLogProbabilities(
            examples.map(\.tree), model: model, rowLimit: 1000)
        corrupt(&reference)
        return try TrainingRun(
            model: model,
            objective: PreferenceObjective(
                examples, reference: reference, loss: .cpo, beta: beta, rowLimit: 1000),
            configuration: configuration(steps: 1, batch: 2)
        ).makeStep().result
    }

    @Test func corruptReferenceScoresChangeTheLoss() throws {
        let result = try step(beta: 1) { $0[0][1] += 3 }
        #expect(abs(result.loss - (log(3) + log(2)) / 2) > 0.1)
    }

    @Test(arguments: TinyModel.all)
    func trainingRaisesTheMarginAndLowersTheLoss(_ shape: DecoderConfiguration) throws {
        let model = TinyModel.make(shape)
        let run = TrainingRun(
            model: model, objective: objective(preferences(shape), model, rowLimit: 1000),
            configuration: configuration(steps: 20, batch: 2))
        let first = try run.makeStep()
        var last = first
        for _ in 1..<20 { last = try run.makeStep() }
        #expect(first.gradientNorm > 0)
        #expect(last.result.loss < first.result.loss)
        #expect((last.result.preference?.rewardMargin ?? 0) > 0.01)
        #expect((last.result.preference?.rewardAccuracy ?? 0) > 0.5)
    }

    /// A first token after an empty prompt has no probability, so it is none of those that the mean
    /// is over.
    @Test func theMeanOfTheTruthIsOverTokensThatHaveAProbability() throws {
        let shape = TinyModel.gpt2
        let example = PreferenceExample(
            tree: TokenTree(prompt: [], continuations: [[3, 4, 5, 6, 7], [8, 9]]), ranking: nil)
        func loss(nllWeight: Double) throws -> StepResult {
            let model = TinyModel.make(shape)
            return try TrainingRun(
                model: model,
                objective: PreferenceObjective(
                    [example],
                    reference: sequenceLogProbabilities(
                        [example.tree], model: model, rowLimit: 100), loss: .cpo, beta: 0.5,
                    nllWeight: nllWeight, rowLimit: 100),
                configuration: configuration(steps: 1, batch: 1)
            ).makeStep().result
        }
        let (with, without) = (try loss(nllWeight: 1), try loss(nllWeight: 0))
        let chosen = try #require(with.preference?.logProbabilityChosen)
        #expect(abs(with.loss - without.loss + chosen / 4) < 1e-12)
        #expect(with.referenceGap?.perToken == 0)
    }

    @Test func theLargestGapToTheReferenceIsFound() throws {
        let examples = preferences(TinyModel.llama)
        // Whatever β: its effect on the loss is far below any tolerance.
        let result = try step(beta: 1e-6) { reference in
            reference[1][1] += 0.5
            reference[0][2] -= 0.6
        }
        let gap = try #require(result.referenceGap)
        #expect(gap.record == 1 && gap.candidate == 1)
        #expect(gap.tokens == examples[1].tree.continuations[1].count)
        #expect(abs(gap.perToken - 0.5 / Double(gap.tokens + 1)) < 1e-4)
    }

    @Test func divergenceIsAnErrorAndLeavesTheWeights() throws {
        let model = TinyModel.make(TinyModel.llama)
        model.parameters.base[0] = .nan
        let run = TrainingRun(
            model: model, objective: MLEObjective(examples(TinyModel.llama), rowLimit: 100),
            configuration: configuration(steps: 1, batch: 6))
        let before = model.parameters.base[100]
        #expect(throws: FailedStep.self) { try run.makeStep() }
        #expect(model.parameters.base[100] == before)
    }
}
