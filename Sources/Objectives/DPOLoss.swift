import Glibc

/// Direct preference optimization (Rafailov et al. 2023), eq. 5 of Feng et al. 2025:
///
///     L = −log σ(s₁ − s₂) = log(1 + exp(s₂ − s₁))
///
/// - Parameters:
///   - policy: log π_θ(y|x) of the chosen and the rejected continuation, in this order
///   - reference: log π_ref(y|x), likewise
///   - beta: β
public func dpoLoss(policy: [Double], reference: [Double], beta: Double) -> LossValue {
    precondition(policy.count == 2, "one chosen and one rejected continuation")
    let rewards = implicitRewards(policy: policy, reference: reference, beta: beta)
    let deficit = rewards[1] - rewards[0]
    // log(1 + eˣ) without overflow.
    let value = max(deficit, 0) + log1p(exp(-abs(deficit)))
    let slope = deficit >= 0 ? 1 / (1 + exp(-deficit)) : exp(deficit) / (1 + exp(deficit))
    return LossValue(value: value, gradient: [-beta * slope, beta * slope])
}
