/// What a loss may know of the candidates of one prompt, each list in their order; the first candidate is the
/// ground truth.
public struct Candidates: Sendable, Hashable {
    /// log π_θ(y_k|x), sums over the continuation's tokens.
    public var policy: [Double]
    /// log π_ref(y_k|x), likewise.
    public var reference: [Double]
    /// Tokens of each continuation that have a probability.
    public var lengths: [Int]
    /// The candidates' indices, best first; nil if they are not ranked.
    public var ranking: [Int]?
    /// Similarity of each candidate to the ground truth, which has 1; nil if it is not known.
    public var similarities: [Double]?
    /// How each negative was made (`an`, `bn`, …), nil for the ground truth and where it is not known.
    public var kinds: [String?]

    /// Candidates of which only log-probabilities count.
    public init(policy: [Double], reference: [Double], ranking: [Int]? = nil) {
        self.policy = policy
        self.reference = reference
        self.ranking = ranking
        lengths = Array(repeating: 1, count: policy.count)
        kinds = Array(repeating: nil, count: policy.count)
    }
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
