public import Checkpoints

/// Where a run's results go.
public struct RunOutputs: Sendable {
    /// The checkpoint directory.
    public var directory: String
    /// Type of the weights in the checkpoint.
    public var weightType = WeightType.float32
    /// The metrics file.
    public var metrics: String?
    /// Steps between saved checkpoints; nil saves at the end only.
    public var saveEvery: Int?
    /// Saved checkpoints that are kept, the newest among them; nil keeps those that are there, and of
    /// this run the newest.
    public var keep: Int?
    /// Whether checkpoints carry what a resumed run needs.
    public var keepsState = true
    /// Steps between evaluations.
    public var evaluateEvery: Int?
    /// Provenance for the weight files' `__metadata__`.
    public var metadata: [String: String] = [:]

    /// Outputs that go to a directory.
    public init(directory: String) {
        self.directory = directory
    }
}
