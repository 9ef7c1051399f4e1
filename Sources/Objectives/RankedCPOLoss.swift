import Glibc

/// Contrastive preference optimization with ranking, eq. 2 of Feng et al. 2025, the negative
/// log-likelihood of a ranking τ under the Plackett–Luce model:
///
///     L = −Σ_{k=1..K} log [ exp(s_τ(k)) / Σ_{j=k..K} exp(s_τ(j)) ]
///
/// With M_k = log Σ_{j≥k} exp(s_τ(j)), computed from the last to the first:
/// ∂L/∂s_τ(i) = Σ_{k≤i} exp(s_τ(i) − M_k) − 1.
///
/// - Parameters:
///   - policy: log π_θ(y_k|x) of each candidate
///   - reference: log π_ref(y_k|x) of each candidate
///   - beta: β
///   - ranking: τ, the candidates' indices, best first
public func rankedCPOLoss(
    policy: [Double], reference: [Double], beta: Double, ranking: [Int]
) -> LossValue {
    precondition(ranking.count == policy.count, "a ranking of other candidates")
    let rewards = implicitRewards(policy: policy, reference: reference, beta: beta)
    let ranked = ranking.map { rewards[$0] }
    var normalizers = ranked
    for k in ranked.indices.dropLast().reversed() {
        normalizers[k] = logSumExp([ranked[k], normalizers[k + 1]])
    }
    var gradient = [Double](repeating: 0, count: policy.count)
    for (i, candidate) in ranking.enumerated() {
        let shares = (0...i).reduce(0.0) { $0 + exp(ranked[i] - normalizers[$1]) }
        gradient[candidate] = beta * (shares - 1)
    }
    let value = zip(normalizers, ranked).reduce(0.0) { $0 + ($1.0 - $1.1) }
    return LossValue(value: value, gradient: gradient)
}
