/// The constants of a run.
public struct TrainingConfiguration: Sendable, Hashable {
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
