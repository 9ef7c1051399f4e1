import Glibc

/// Contrastive preference optimization without ranking, eq. 1 of Feng et al. 2025:
///
///     L = −log [ exp(s₁) / Σ_k exp(s_k) ],   s_k = β · (log π_θ(y_k|x) − log π_ref(y_k|x))
///
/// With two candidates it is DPO. ∂L/∂s_k = softmax(s)_k − 1[k = 1].
///
/// - Parameters:
///   - policy: log π_θ(y_k|x); the first candidate is the ground truth
///   - reference: log π_ref(y_k|x)
///   - beta: β
public func cpoLoss(policy: [Double], reference: [Double], beta: Double) -> LossValue {
    let rewards = implicitRewards(policy: policy, reference: reference, beta: beta)
    let normalizer = logSumExp(rewards)
    let gradient = rewards.enumerated().map { index, reward in
        beta * (exp(reward - normalizer) - (index == 0 ? 1 : 0))
    }
    return LossValue(value: normalizer - rewards[0], gradient: gradient)
}
