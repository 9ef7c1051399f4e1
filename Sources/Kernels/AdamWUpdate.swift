import Glibc

/// One AdamW update (Loshchilov & Hutter 2019, algorithm 2) of a range of parameters, in place:
///
///     m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
///     p ← p·(1 − lr·decay) − lr / (1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) + ε)
///
/// - Parameters:
///   - gradientScale: factor on every gradient, which applies norm clipping without another pass
///   - step: t, counted from 1
public func adamWUpdate(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>,
    count: Int, step: Int, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
    weightDecay: Float, gradientScale: Float
) {
    let correction1 = Float(1 - pow(Double(beta1), Double(step)))
    let correction2 = Float((1 - pow(Double(beta2), Double(step))).squareRoot())
    let stepSize = learningRate / correction1
    let keep = 1 - learningRate * weightDecay
    Parallel.forEachRange(count, grain: 1 << 14) { range in
        var i = range.lowerBound
        while i < range.upperBound {
            let lanes = min(16, range.upperBound - i)
            let full = lanes == 16
            var p = full ? parameters.vector(at: i) : parameters.partialVector(at: i, count: lanes)
            var m =
                full ? firstMoments.vector(at: i) : firstMoments.partialVector(at: i, count: lanes)
            var v =
                full
                ? secondMoments.vector(at: i) : secondMoments.partialVector(at: i, count: lanes)
            let g =
                (full ? gradients.vector(at: i) : gradients.partialVector(at: i, count: lanes))
                * gradientScale
            m = m * beta1 + g * (1 - beta1)
            v = v * beta2 + g * g * (1 - beta2)
            let denominator = v.squareRoot() / correction2 + epsilon
            p = p * keep - stepSize * m / denominator
            if full {
                parameters.store(p, at: i)
                firstMoments.store(m, at: i)
                secondMoments.store(v, at: i)
            } else {
                parameters.store(p, at: i, count: lanes)
                firstMoments.store(m, at: i, count: lanes)
                secondMoments.store(v, at: i, count: lanes)
            }
            i += 16
        }
    }
}
