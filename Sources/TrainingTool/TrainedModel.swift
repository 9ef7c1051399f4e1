public import Checkpoints
public import ToolKit
public import Training
public import Transformer

/// The model that a tool trains.
public struct TrainedModel {
    /// The checkpoint that training starts from; its weights are trained in place.
    public let start: Checkpoint
    /// The decoder over its weights.
    public let decoder: Decoder
    /// How memory is used, if that was asked for.
    public let plan: MemoryPlan?

    /// - Parameter start: its weights are held as `plan` has it
    public init(
        _ start: Checkpoint, plan: MemoryPlan?, precision: PrecisionOptions, _ log: Log
    ) {
        self.start = start
        self.plan = plan
        decoder = Decoder(
            configuration: start.configuration, weights: start.weights,
            precision: precision.precision)
        log.warnings(start.warnings)
    }
}
