/// A loss of one prompt and its candidates, with its derivative.
public struct LossValue: Sendable, Hashable {
    /// The loss.
    public let value: Double
    /// ∂loss/∂log π_θ(y_k|x) for each candidate, in the candidates' order.
    public let gradient: [Double]
}
