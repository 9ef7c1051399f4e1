/// Maximum likelihood: the mean negative log-likelihood over all target tokens of an optimizer step.
///
/// The mean is over the tokens of the whole step, however it is cut into micro-batches.
public struct MLELoss: Sendable {
    /// Target tokens of the optimizer step.
    public let tokenCount: Int

    /// The loss of a step with this many target tokens.
    public init(tokenCount: Int) {
        self.tokenCount = tokenCount
    }

    /// The loss, given Σ log π(y_t|x, y_<t) over all target tokens.
    public func value(logProbability: Double) -> Double {
        tokenCount == 0 ? 0 : -logProbability / Double(tokenCount)
    }

    /// ∂loss/∂log π(y|x), the same for every sequence.
    public var gradient: Double { tokenCount == 0 ? 0 : -1 / Double(tokenCount) }
}
