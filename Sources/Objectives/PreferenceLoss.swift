import Glibc

/// The losses of preference training. A new one is a case here and a file with its equation; command line,
/// checks and records follow from what it says of itself.
public enum PreferenceLoss: String, Sendable, CaseIterable {
    /// Eq. 1: the ground truth against all negatives.
    case cpo
    /// Eq. 2: the whole ranking.
    case rankedCPO = "cpo-ranked"
    /// Eq. 5: the ground truth against the first negative.
    case dpo

    /// The loss of one prompt and its derivative.
    ///
    /// - Parameters:
    ///   - candidates: at most ``candidateLimit``; without a ranking their order is the ranking
    ///   - beta: β, how strongly the policy is held to the reference
    public func evaluate(_ candidates: Candidates, beta: Double) -> LossValue {
        let (policy, reference) = (candidates.policy, candidates.reference)
        return switch self {
        case .cpo: cpoLoss(policy: policy, reference: reference, beta: beta)
        case .rankedCPO:
            rankedCPOLoss(
                policy: policy, reference: reference, beta: beta,
                ranking: candidates.ranking ?? Array(policy.indices))
        case .dpo: dpoLoss(policy: policy, reference: reference, beta: beta)
        }
    }

    /// The loss of a prompt with so many candidates where policy and reference are the same: log K, with
    /// ranking log K!.
    public func valueAtReference(candidates count: Int) -> Double {
        switch self {
        case .cpo, .dpo: log(Double(count))
        case .rankedCPO: (1...max(1, count)).reduce(0.0) { $0 + log(Double($1)) }
        }
    }

    /// Whether it learns from a ranking of the candidates.
    public var needsRanking: Bool { self == .rankedCPO }

    /// The most candidates of a prompt that it compares, the ground truth included; nil for all.
    public var candidateLimit: Int? { self == .dpo ? 2 : nil }
}
