public import ArgumentParser
import Checkpoints
import StreamIO
import ToolKit
import Training

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
extension WeightType: ExpressibleByArgument {}

/// Flags of everything that trains.
public struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Checkpoint to start from.", valueName: "dir"))
    package var model: String?

    @Option(help: ArgumentHelp("Checkpoint directory to write.", valueName: "dir"))
    package var out: String

    @Option(help: "Optimizer steps of the whole run.")
    package var steps: Int

    @Option(help: "Records of a step.")
    package var batchSize = 8

    @Option(help: "Learning rate after warm-up.")
    package var learningRate = 1e-5

    @Option(help: "Decoupled weight decay, on parameters with two or more dimensions.")
    package var weightDecay = 0.05

    @Option(help: "Steps over which the learning rate rises linearly.")
    package var warmupSteps = 0

    @Option(help: "Learning rate after warm-up: constant, linear (to 0), cosine (to 0).")
    package var schedule = LearningRateSchedule.Shape.constant

    @Option(help: "Largest gradient norm; larger gradients are scaled down to it. 0: no clipping.")
    package var clipNorm = 1.0

    @Flag(help: "Take records in the order of the input instead of shuffling every epoch.")
    package var noShuffle = false

    @Option(
        help: ArgumentHelp(
            "Most rows of a micro-batch, shared prompts counted once. Changes memory, speed and the order of sums.",
            valueName: "rows"))
    package var microBatchTokens = 1024

    @Option(help: ArgumentHelp("Records to evaluate on.", valueName: "file"))
    package var eval: String?

    @Option(help: "Steps between evaluations; without it only at the end.")
    package var evalEvery: Int?

    @Option(help: "Steps between saved checkpoints; without it only at the end.")
    package var saveEvery: Int?

    @Option(
        help: ArgumentHelp(
            """
            Saved checkpoints that are kept: the newest is --out itself, older ones are checkpoint-STEP in \
            it. Without it only the newest, and what is there already.
            """, valueName: "n"))
    package var keep: Int?

    @Flag(
        help: """
            Continue the run whose state is in --out, if there is one, to the same bytes as without a stop. \
            Model, reference, data and all flags that change results must be those of the saved run.
            """)
    package var resume = false

    @Flag(help: "Leave training-state/ out of the checkpoint; it then cannot be resumed.")
    package var noTrainingState = false

    @Option(help: ArgumentHelp("Metrics, one JSON object a step.", valueName: "file"))
    package var metrics: String?

    @OptionGroup package var precision: PrecisionOptions
    @OptionGroup package var memory: MemoryOptions

    @Flag(
        help:
            "Measure where each step's time goes: seconds by stage in the metrics and in the summary."
    )
    package var profileStages = false

    @Option(
        help: """
            Type of the weights in the checkpoint: float32, bfloat16, float16. Without it float32, or \
            bfloat16 if they are held so (--memory-budget).
            """)
    package var dtype: WeightType?

    /// For the parser.
    public init() {}

    /// Refuses values that make no sense.
    public func validate() throws {
        try require("--steps", steps, atLeast: 0)
        try require("--batch-size", batchSize, atLeast: 1)
        try require("--micro-batch-tokens", microBatchTokens, atLeast: 1)
        try require("--warmup-steps", warmupSteps, atLeast: 0)
        try require("--eval-every", evalEvery, atLeast: 1)
        try require("--save-every", saveEvery, atLeast: 1)
        try require("--keep", keep, atLeast: 1)
        try requireNotNegative("--learning-rate", learningRate)
        try requireNotNegative("--weight-decay", weightDecay)
        try requireNotNegative("--clip-norm", clipNorm)
        if evalEvery != nil, eval == nil {
            throw ValidationError("--eval-every needs --eval")
        }
    }

    private func requireNotNegative(_ flag: String, _ value: Double) throws {
        guard value >= 0, value.isFinite else {
            throw ValidationError("\(flag) (got \(value), expected a number of at least 0)")
        }
    }

    /// The library's configuration of the run.
    ///
    /// - Parameter plan: how memory is used, if that was asked for
    func configuration(seed: UInt64, plan: MemoryPlan?) -> TrainingConfiguration {
        var optimizer = AdamWConfiguration()
        optimizer.weightDecay = weightDecay
        optimizer.clipNorm = clipNorm == 0 ? .infinity : clipNorm
        var configuration = TrainingConfiguration(
            steps: steps, batchSize: batchSize, shuffleSeed: noShuffle ? nil : seed,
            schedule: LearningRateSchedule(
                peak: learningRate, shape: schedule, warmupSteps: warmupSteps, totalSteps: steps),
            optimizer: optimizer)
        configuration.plan = plan
        configuration.roundingSeed = seed
        return configuration
    }

    /// Claims what the run writes, before it does any work.
    public func claimOutputs() throws {
        try OutputClaim.directory(out, .checkpoint)
        if let metrics { try OutputClaim.file(metrics) }
    }

    /// Where the run's results go.
    func outputs(metadata: [String: String], plan: MemoryPlan?) -> RunOutputs {
        var outputs = RunOutputs(directory: out)
        outputs.weightType = dtype ?? (plan?.isCompact == true ? .bfloat16 : .float32)
        outputs.metrics = metrics
        outputs.saveEvery = saveEvery
        outputs.keep = keep
        outputs.keepsState = !noTrainingState
        outputs.evaluateEvery = evalEvery
        outputs.metadata = metadata
        return outputs
    }
}
