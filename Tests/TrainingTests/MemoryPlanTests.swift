import Checkpoints
import Kernels
import Objectives
import Scoring
import TestSupport
import Testing
import Training
import Transformer

/// Plans that use less memory against the one that uses most.
@Suite struct MemoryPlanTests {
    /// What differs between runs.
    private struct Settings {
        var plan: MemoryPlan
        var clipNorm = Double.infinity
        var rowLimit = 1000
        var precision = MatrixPrecision.float32
        var steps = 5
        var seed: UInt64 = 7
        var learningRate = 1e-3
    }

    private func configuration(_ settings: Settings) -> TrainingConfiguration {
        var optimizer = AdamWConfiguration()
        optimizer.clipNorm = settings.clipNorm
        var configuration = TrainingConfiguration(
            steps: settings.steps, batchSize: 3, shuffleSeed: 1,
            schedule: LearningRateSchedule(
                peak: settings.learningRate, shape: .constant, warmupSteps: 0,
                totalSteps: settings.steps), optimizer: optimizer)
        configuration.plan = settings.plan
        configuration.roundingSeed = settings.seed
        return configuration
    }

    /// The weights of a tiny model, rounded to bfloat16 so that all plans can start from them.
    private func weights(_ shape: DecoderConfiguration, isCompact: Bool) -> ParameterStorage {
        let fresh = TinyModel.make(shape).parameters
        let weights = CompactParameters(count: fresh.count)
        for entry in ParameterLayout(shape).entries {
            weights.store(UnsafeBufferPointer(fresh.elements(of: entry)), in: entry)
        }
        let storage = ParameterStorage.compact(weights)
        return isCompact ? storage : .single(storage.single)
    }

    /// A run, which leaves its checkpoints in a directory if one is named.
    private func run(
        _ shape: DecoderConfiguration, _ settings: Settings, to directory: String? = nil,
        shared: SettingFields = [:]
    ) -> TrainingRun {
        let weights = weights(shape, isCompact: settings.plan.isCompact)
        let model = Decoder(
            configuration: shape, weights: weights, precision: settings.precision)
        let examples = TinyModel.trees(shape).map { PreferenceExample(tree: $0, ranking: nil) }
        let reference = sequenceLogProbabilities(
            examples.map(\.tree), model: model, rowLimit: settings.rowLimit)
        let files = directory.map {
            var outputs = RunOutputs(directory: $0)
            outputs.weightType = weights.isCompact ? .bfloat16 : .float32
            return RunFiles(
                start: Checkpoint(config: HuggingFaceConfig(shape), weights: weights),
                outputs: outputs, settings: shared)
        }
        return TrainingRun(
            model: model,
            objective: PreferenceObjective(
                examples, reference: reference, loss: .rankedCPO, beta: 0.5, nllWeight: 0.3,
                rowLimit: settings.rowLimit), configuration: configuration(settings), files: files)
    }

    private struct Outcome {
        var weights: [Float]
        var reports: [StepReport]
    }

    private func train(_ shape: DecoderConfiguration, _ settings: Settings) throws -> Outcome {
        let run = run(shape, settings)
        let reports = try (0..<settings.steps).map { _ in try run.makeStep() }
        return Outcome(weights: values(run.model), reports: reports)
    }

    private func values(_ model: Decoder) -> [Float] {
        let buffer =
            model.weights.single
        return Array(UnsafeBufferPointer(start: buffer.base, count: buffer.count))
    }

    @Test(arguments: TinyModel.all, [9, 1000])
    func recomputedActivationsGiveTheSameBits(
        _ shape: DecoderConfiguration, _ rowLimit: Int
    ) throws {
        for precision in MatrixPrecision.allCases {
            let full = try train(
                shape,
                Settings(plan: .full, clipNorm: 0.1, rowLimit: rowLimit, precision: precision))
            let again = try train(
                shape,
                Settings(plan: .recompute, clipNorm: 0.1, rowLimit: rowLimit, precision: precision))
            #expect(full.weights == again.weights)
            #expect(full.reports.map(\.gradientNorm) == again.reports.map(\.gradientNorm))
            #expect(again.reports.allSatisfy { $0.plan == .recompute })
        }
    }

    @Test(arguments: TinyModel.all)
    func gradientsAppliedAsTheyComeGiveTheSameBits(_ shape: DecoderConfiguration) throws {
        let full = try train(shape, Settings(plan: .full))
        let layerwise = try train(shape, Settings(plan: .layerwise))
        #expect(full.weights == layerwise.weights)
        #expect(full.weights != values(run(shape, Settings(plan: .full)).model))
        for (a, b) in zip(full.reports, layerwise.reports) {
            #expect(a.result == b.result)
            #expect(abs(a.gradientNorm - b.gradientNorm) < 1e-12 * a.gradientNorm)
        }
    }

    /// With several micro-batches a tied embedding's gradient is summed in another order, which
    /// AdamW turns into a small share of the learning rate where the gradient is next to nothing.
    @Test(arguments: TinyModel.all, [9, 1000])
    func twoPassesClipAsOneNormDoes(_ shape: DecoderConfiguration, _ rowLimit: Int) throws {
        var settings = Settings(
            plan: .full, clipNorm: 0.05, rowLimit: rowLimit, learningRate: 5e-5)
        let full = try train(shape, settings)
        settings.plan = .layerwise
        let layerwise = try train(shape, settings)
        settings.clipNorm = .infinity
        let free = try train(shape, settings)
        func distance(_ a: Outcome, _ b: Outcome) -> Float {
            zip(a.weights, b.weights).map { abs($0 - $1) }.max() ?? .infinity
        }
        #expect(distance(full, layerwise) <= 1e-6)
        #expect(distance(free, layerwise) > 4e-6)
        for (a, b) in zip(full.reports, layerwise.reports) {
            #expect(a.gradientNorm > 0.05)
            #expect(abs(a.gradientNorm - b.gradientNorm) < 1e-5 * a.gradientNorm)
        }
    }

    @Test func aGradientThatIsNotFiniteLeavesTheWeights() throws {
        let run = run(TinyModel.llama, Settings(plan: .layerwise, clipNorm: 1))
        let parts = ParameterParts(TinyModel.llama, run.model.layout)
        run.model.parameters.base[parts.blocks[1].lowerBound] = .infinity
        let before = values(run.model)
        #expect(throws: FailedStep.self) { try run.makeStep() }
        #expect(values(run.model) == before)
    }

    /// bfloat16 has eight bits: what a step changes in a weight is mostly below the last of them, and
    /// arrives on average only. So losses agree to three percent, and weights to a few of their last
    /// bits, without a direction.
    @Test(arguments: TinyModel.all)
    func compactWeightsFollowTheExactOnes(_ shape: DecoderConfiguration) throws {
        let exact = try train(shape, Settings(plan: .layerwise, clipNorm: 1, steps: 30))
        let compact = try train(shape, Settings(plan: .compact, clipNorm: 1, steps: 30))
        #expect(exact.reports[0].result.loss == compact.reports[0].result.loss)
        for (a, b) in zip(exact.reports, compact.reports) {
            #expect(abs(a.result.loss - b.result.loss) < 0.03 * a.result.loss, "step \(a.step)")
        }
        #expect(exact.reports[29].result.loss < 0.95 * exact.reports[0].result.loss)
        let differences = zip(exact.weights, compact.weights).map { Double($1 - $0) }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let spread = (differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count))
            .squareRoot()
        #expect(spread < 5e-3)
        #expect(abs(mean) < 6 * spread / Double(differences.count).squareRoot())
    }

    @Test func sameSeedSameBytesWhateverTheThreads() throws {
        let shape = TinyModel.untiedLlama
        let settings = Settings(plan: .compact, clipNorm: 1, rowLimit: 9)
        defer { Parallel.configure(threads: 1) }
        let runs = try [1, 2, 3].map { threads in
            Parallel.configure(threads: threads)
            return try train(shape, settings).weights
        }
        #expect(runs[0] == runs[1] && runs[1] == runs[2])
        var other = settings
        other.seed = 8
        #expect(try train(shape, other).weights != runs[0])
    }

    @Test(arguments: TinyModel.all)
    func compactWeightsGiveTheLogProbabilitiesOfTheFloatsTheyAre(_ shape: DecoderConfiguration) {
        let batch = PackedBatch(TinyModel.trees(shape))
        let compact = Decoder(configuration: shape, weights: weights(shape, isCompact: true))
        let single = Decoder(configuration: shape, weights: weights(shape, isCompact: false))
        #expect(compact.logProbabilities(batch) == single.logProbabilities(batch))
        func predictions(_ model: Decoder) -> [Float] {
            var result = [Float](repeating: 0, count: 2)
            result.withUnsafeMutableBufferPointer { result in
                model.predict([0, 3], of: batch) { result[$0] = $1[5] }
            }
            return result
        }
        #expect(predictions(compact) == predictions(single))
    }

    // MARK: Checkpoints

    @Test(arguments: MemoryPlan.allCases)
    func aResumedRunIsTheStraightOne(_ plan: MemoryPlan) throws {
        try withTemporaryDirectory { directory in
            let shape = TinyModel.gpt2
            var settings = Settings(plan: plan, clipNorm: 0.5, steps: 4)
            let straight = try train(shape, settings)
            settings.steps = 2
            let shared: SettingFields = ["plan": .value("\(plan)")]
            let first = run(shape, settings, to: directory, shared: shared)
            _ = try first.run { _, _ in }
            settings.steps = 4
            let resumed = run(shape, settings, to: directory, shared: shared)
            #expect(try resumed.resume() == 2)
            _ = try resumed.run { _, _ in }
            #expect(values(resumed.model) == straight.weights)
            let state = try SafetensorsFile(
                path: "\(directory)/training-state/optimizer.safetensors")
            #expect(state.tensors.allSatisfy { $0.type == (plan.isCompact ? .bf16 : .f32) })
            let foreign = run(shape, settings, to: directory)
            #expect(throws: TrainingError.self) { try foreign.resume() }
        }
    }

    @Test func compactCheckpointsInShardsComeBack() throws {
        try withTemporaryDirectory { directory in
            let shape = TinyModel.untiedLlama
            let weights = weights(shape, isCompact: true)
            let checkpoint = Checkpoint(config: HuggingFaceConfig(shape), weights: weights)
            let path = "\(directory)/model"
            for type in [WeightType.bfloat16, .float32] {
                try checkpoint.save(to: path, as: type, maximumShardSize: 4000)
                #expect(namesInDirectory(path).count { $0.hasSuffix(".safetensors") } > 2)
                for isCompact in [true, false] {
                    let loaded = try Checkpoint.load(directory: path, isCompact: isCompact)
                    #expect(loaded.weights.isCompact == isCompact)
                    #expect(loaded.storedType == type)
                    let (a, b) = (loaded.parameters, checkpoint.parameters)
                    #expect(
                        Array(UnsafeBufferPointer(start: a.base, count: a.count))
                            == Array(UnsafeBufferPointer(start: b.base, count: b.count)))
                }
            }
        }
    }

    @Test func initialWeightsAreTheSameNumbersRounded() {
        let shape = TinyModel.gpt2
        let count = ParameterLayout(shape).count
        let single = ParameterStorage(count: count, isCompact: false)
        let compact = ParameterStorage(count: count, isCompact: true)
        single.initialize(shape, seed: 3)
        compact.initialize(shape, seed: 3)
        let (exact, rounded) = (single.single, compact.single)
        for index in 0..<count {
            #expect(abs(exact.base[index] - rounded.base[index]) <= abs(exact.base[index]) / 256)
        }
    }

    // MARK: Choosing

    private static let gpt2XL = DecoderConfiguration.gpt2(
        vocabularySize: 50257, width: 1600, layerCount: 48, headCount: 25,
        keyValueHeadCount: 25, headWidth: 64, feedForwardWidth: 6400, maximumPositions: 1024,
        normEpsilon: 1e-5, tiedHead: true, eosTokenIDs: [50256])
    private static let openLlama3B = DecoderConfiguration.llama(
        vocabularySize: 32000, width: 3200, layerCount: 26, headCount: 32,
        keyValueHeadCount: 32, headWidth: 100, feedForwardWidth: 8640, maximumPositions: 2048,
        normEpsilon: 1e-6, tiedHead: false, eosTokenIDs: [2])

    private func rows(_ tokens: Int) -> StepRows {
        StepRows(
            [TokenTree(prompt: [1], continuations: [[Int32](repeating: 2, count: tokens)])],
            batchSize: 1, rowLimit: 1024)
    }

    @Test func aBudgetChoosesTheFirstPlanThatFits() throws {
        let xl = MemoryNeeds(Self.gpt2XL, rows: rows(256))
        let llama = MemoryNeeds(Self.openLlama3B, rows: rows(256))
        for needs in [xl, llama] {
            let bytes = MemoryPlan.allCases.map(needs.bytes)
            #expect(bytes == bytes.sorted(by: >))
        }
        #expect(try xl.plan(within: 64 << 30) == .full)
        #expect(try xl.plan(within: 22 << 30) == .layerwise)
        #expect(try xl.plan(within: 12 << 30) == .compact)
        #expect(try llama.plan(within: 24 << 30) == .compact)
        #expect(try llama.plan(within: llama.bytes(.compact)) == .compact)
        let error = #expect(throws: TrainingError.self) { try llama.plan(within: 16 << 30) }
        let text = try #require(error).description
        #expect(MemoryPlan.allCases.allSatisfy { text.contains($0.rawValue) })
        #expect(error?.exitStatus == .usage)
    }

    @Test func rowsOfAStepAreThoseOfItsLargestRecords() {
        func tree(_ prompt: Int, _ continuations: [Int]) -> TokenTree {
            TokenTree(
                prompt: [Int32](repeating: 1, count: prompt),
                continuations: continuations.map { [Int32](repeating: 2, count: $0) })
        }
        let trees = [tree(4, [3]), tree(4, [9, 9]), tree(2, [2]), tree(5, [4])]
        #expect(StepRows(trees, batchSize: 2, rowLimit: 100).step == 20 + 8)
        #expect(StepRows(trees, batchSize: 2, rowLimit: 100).microBatch == 28)
        // The second has its prompt in both of its parts.
        #expect(StepRows(trees, batchSize: 2, rowLimit: 12).step == 24 + 8)
        #expect(StepRows(trees, batchSize: 2, rowLimit: 12).microBatch == 12)
        #expect(StepRows(trees, batchSize: 1, rowLimit: 2).microBatch == 12)
    }
}
