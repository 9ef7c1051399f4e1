public import Kernels
import Transformer

/// The constants of a run.
public struct TrainerConfiguration: Sendable, Hashable {
    /// Optimizer steps of the whole run.
    public var steps: Int
    /// Records of a step.
    public var batchSize: Int
    /// Seed of the order of records; nil keeps the file's order.
    public var shuffleSeed: UInt64?
    /// The learning rate.
    public var schedule: LearningRateSchedule
    /// Optimizer and clipping.
    public var optimizer: AdamWConfiguration
    /// How memory is used; nil if that was not asked for, which is ``MemoryPlan/full``.
    public var plan: MemoryPlan?
    /// Seed of stochastic rounding.
    public var roundingSeed: UInt64 = 0

    /// A configuration.
    public init(
        steps: Int, batchSize: Int, shuffleSeed: UInt64?, schedule: LearningRateSchedule,
        optimizer: AdamWConfiguration
    ) {
        self.steps = steps
        self.batchSize = batchSize
        self.shuffleSeed = shuffleSeed
        self.schedule = schedule
        self.optimizer = optimizer
    }
}

/// What a run reports of one step.
public struct StepReport: Sendable {
    /// The step, counted from 1.
    public var step: Int
    /// Loss and metrics of the step's batch before its update.
    public var result: StepResult
    /// Norm of the gradient before clipping.
    public var gradientNorm: Double
    /// Learning rate of the update.
    public var learningRate: Double
    /// Wall-clock time of the step.
    public var seconds: Double
    /// What the factors of matrix products were rounded to.
    public var precision: MatrixPrecision
    /// How memory was used, if that was asked for.
    public var plan: MemoryPlan?
    /// Where the time went, if that is being measured.
    public var stages: StageTimes?
}

/// The training loop: batches, gradients, updates. What is minimized is the objective's business.
public final class Trainer {
    /// The model that is being trained.
    public let model: Decoder
    /// The constants of the run.
    public let configuration: TrainerConfiguration
    /// The optimizer and its moments.
    public let optimizer: AdamW
    /// Which records a step takes.
    public let order: BatchOrder
    let objective: any TrainingObjective
    let gradients: StepGradients
    /// The records of the last step that was made, if one was made here.
    var lastRecords: [Int]?

    /// A run that is at its beginning.
    ///
    /// - Parameter model: with compact weights if and only if the configuration's plan says so
    public init(
        model: Decoder, objective: any TrainingObjective, configuration: TrainerConfiguration
    ) {
        let plan = configuration.plan ?? .full
        precondition(
            (model.compactParameters != nil) == plan.isCompact, "weights of another plan")
        self.model = model
        self.objective = objective
        self.configuration = configuration
        optimizer = AdamW(
            parameterCount: model.parameters.count, configuration: configuration.optimizer,
            isCompact: plan.isCompact, roundingSeed: configuration.roundingSeed)
        gradients = StepGradients(count: model.parameters.count, method: plan.backward)
        order = BatchOrder(
            recordCount: objective.recordCount, batchSize: configuration.batchSize,
            seed: configuration.shuffleSeed)
    }

    /// Makes the next step.
    ///
    /// - Parameter check: called with the loss before the update, which it can prevent by throwing
    /// - Throws: ``FailedStep`` when loss or gradient are not finite
    public func makeStep(check: (StepResult) throws -> Void = { _ in }) throws -> StepReport {
        let clock = ContinuousClock()
        let start = clock.now
        let index = optimizer.step
        let records = order.records(step: index)
        StageClock.measure(.optimizer) { gradients.reset() }
        let result = try objective.accumulate(
            records, step: index, model: model, gradients: gradients)
        guard result.loss.isFinite else {
            throw FailedStep(
                divergence: Divergence(step: index + 1, what: "loss", value: result.loss),
                batch: records)
        }
        try check(result)
        let learningRate = configuration.schedule.rate(step: index)
        let update = StepUpdate(
            model: model, optimizer: optimizer, gradients: gradients, learningRate: learningRate)
        let norm = update.perform()
        guard optimizer.isUsable(norm: norm) else {
            var divergence = Divergence(step: index + 1, what: "gradient norm", value: norm)
            divergence.leavesWeights = update.leavesWeights
            throw FailedStep(divergence: divergence, batch: records)
        }
        lastRecords = records
        return StepReport(
            step: index + 1, result: result, gradientNorm: norm, learningRate: learningRate,
            seconds: (clock.now - start) / .seconds(1), precision: model.precision,
            plan: configuration.plan, stages: StageClock.take())
    }
}
