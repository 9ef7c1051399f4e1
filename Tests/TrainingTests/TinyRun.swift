import Checkpoints
import Kernels
import Objectives
import Scoring
import StreamIO
import TestSupport
import Training
import Transformer

/// Runs over tiny models, as the tools make them.
struct TinyRun {
    /// What is minimized.
    enum Objective: CaseIterable { case mle, scheduledSampling, cpo }

    var shape = TinyModel.llama
    var objective = Objective.mle
    var plan = MemoryPlan.full
    var precision = MatrixPrecision.float32
    var type = WeightType.float32
    var clipNorm = 0.5
    var rowLimit = 30
    var batchSize = 2
    var keep: Int?
    var saveEvery: Int?
    var evaluateEvery: Int?
    var metrics: String?
    var settings: SettingFields = ["beta": .value("0.1")]

    /// Records with a response, or with candidates.
    func trees() -> [TokenTree] {
        func ids(_ count: Int, _ salt: Int) -> [Int32] {
            TinyModel.ids(count, salt: salt, vocabulary: shape.vocabularySize)
        }
        return (0..<6).map { index in
            TokenTree(
                prompt: ids(3 + index, index),
                continuations: (0..<(objective == .cpo ? 3 : 1)).map {
                    ids(4 + (index + $0) % 3, 20 + index + 10 * $0)
                })
        }
    }

    /// The weights that the run starts from, held as its plan has it.
    func start() -> Checkpoint {
        let fresh = TinyModel.make(shape).parameters
        let weights = ParameterStorage(count: fresh.count, isCompact: plan.isCompact)
        for entry in ParameterLayout(shape).entries {
            weights.fill(entry) { values in
                values.baseAddress?.update(from: fresh.base + entry.offset, count: entry.count)
            }
        }
        return Checkpoint(config: HuggingFaceConfig(shape), weights: weights)
    }

    private func objective(_ model: Decoder) -> any TrainingObjective {
        let trees = trees()
        switch objective {
        case .mle: return MLEObjective(trees, rowLimit: rowLimit)
        case .scheduledSampling:
            return ScheduledSamplingObjective(
                trees, probability: 0.5, passes: 2, seed: 3, rowLimit: rowLimit)
        case .cpo:
            return PreferenceObjective(
                trees.map { PreferenceExample(tree: $0, ranking: nil) },
                reference: sequenceLogProbabilities(trees, model: model, rowLimit: rowLimit),
                loss: .rankedCPO, beta: 0.5, nllWeight: 0.1, rowLimit: rowLimit)
        }
    }

    /// A run of so many steps that writes to a directory.
    ///
    /// - Parameters:
    ///   - evaluation: called with the step's model
    ///   - wrap: puts another objective around the run's
    func make(
        steps: Int, to directory: String, from start: Checkpoint? = nil,
        evaluation: Evaluation? = nil, warn: @escaping (String) -> Void = { _ in },
        wrap: (any TrainingObjective) -> any TrainingObjective = { $0 }
    ) -> TrainingRun {
        let start = start ?? self.start()
        let model = Decoder(
            configuration: shape, weights: start.weights, precision: precision)
        var optimizer = AdamWConfiguration()
        optimizer.clipNorm = clipNorm
        var configuration = TrainingConfiguration(
            steps: steps, batchSize: batchSize, shuffleSeed: nil,
            schedule: LearningRateSchedule(
                peak: 1e-3, shape: .constant, warmupSteps: 3, totalSteps: steps),
            optimizer: optimizer)
        configuration.plan = plan
        configuration.roundingSeed = 5
        var outputs = RunOutputs(directory: directory)
        outputs.weightType = type
        outputs.keep = keep
        outputs.saveEvery = saveEvery
        outputs.metrics = metrics
        outputs.evaluateEvery = evaluateEvery
        return TrainingRun(
            model: model, objective: wrap(objective(model)), configuration: configuration,
            files: RunFiles(start: start, outputs: outputs, settings: settings, warn: warn),
            recordIDs: (0..<6).map { "r\($0)" }, evaluation: evaluation)
    }

    /// Makes a run's steps, from what is in the directory or from the beginning.
    @discardableResult
    func train(
        steps: Int, to directory: String, resume: Bool = false, evaluation: Evaluation? = nil
    ) throws -> (ending: TrainingRun.Ending, weights: [Float]) {
        let run = make(steps: steps, to: directory, evaluation: evaluation)
        if resume { _ = try run.resume() }
        let ending = try run.run { _, _ in }
        return (ending, Self.values(run.model))
    }

    /// All weights in single precision.
    static func values(_ model: Decoder) -> [Float] {
        let buffer = model.weights.single
        return Array(UnsafeBufferPointer(start: buffer.base, count: buffer.count))
    }
}
