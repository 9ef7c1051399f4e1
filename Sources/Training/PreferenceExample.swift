public import Objectives
public import Transformer

/// A prompt, its candidates and what preference training knows of them.
public struct PreferenceExample: Sendable {
    /// The prompt and its candidates; the first is the ground truth.
    public var tree: TokenTree
    /// The candidates' indices, best first, if they are ranked.
    public var ranking: [Int]?
    /// Similarity of each candidate to the ground truth, if all have been ranked by it.
    public var similarities: [Double]?
    /// How each candidate was made, nil for the ground truth; empty if that is not known.
    public var kinds: [String?]

    /// An example.
    public init(
        tree: TokenTree, ranking: [Int]?, similarities: [Double]? = nil, kinds: [String?] = []
    ) {
        self.tree = tree
        self.ranking = ranking
        self.similarities = similarities
        self.kinds = kinds
    }

    /// The example as a loss wants it: at most so many candidates, the ranking only if it is learned.
    public func suited(to loss: PreferenceLoss) -> PreferenceExample {
        var suited = self
        if !loss.needsRanking { suited.ranking = nil }
        guard let limit = loss.candidateLimit, limit < tree.continuations.count else {
            return suited
        }
        suited.tree.continuations = Array(tree.continuations.prefix(limit))
        suited.ranking = suited.ranking?.filter { $0 < limit }
        suited.similarities = similarities.map { Array($0.prefix(limit)) }
        suited.kinds = Array(kinds.prefix(limit))
        return suited
    }

    /// What a loss is told of it.
    ///
    /// - Parameters:
    ///   - policy: log π_θ of each candidate
    ///   - reference: log π_ref of each candidate
    public func candidates(policy: [Double], reference: [Double]) -> Candidates {
        var candidates = Candidates(policy: policy, reference: reference, ranking: ranking)
        candidates.lengths = policy.indices.map(tree.targetCount)
        candidates.similarities = similarities
        if !kinds.isEmpty { candidates.kinds = kinds }
        return candidates
    }
}
