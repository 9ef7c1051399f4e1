/// A loss of one prompt and its candidates, with its derivative.
public struct PreferenceLoss: Sendable, Hashable {
    /// The loss.
    public let value: Double
    /// ∂loss/∂log π_θ(y_k|x) for each candidate, in the candidates' order.
    public let gradient: [Double]
}

/// s_k = β · (log π_θ(y_k|x) − log π_ref(y_k|x)) for each candidate: its implicit reward.
///
/// - Parameters:
///   - policy: log π_θ(y_k|x), sums over the continuation's tokens
///   - reference: log π_ref(y_k|x), likewise, of the same candidates
///   - beta: β
public func implicitRewards(policy: [Double], reference: [Double], beta: Double) -> [Double] {
    precondition(policy.count == reference.count, "reference scores of other candidates")
    return zip(policy, reference).map { beta * ($0 - $1) }
}
