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
    let update = AdamWVectorUpdate(
        step: step, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay, gradientScale: gradientScale)
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
                full ? gradients.vector(at: i) : gradients.partialVector(at: i, count: lanes)
            update.apply(&p, &m, &v, gradient: g)
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

/// The update of sixteen parameters and their moments, in single precision.
struct AdamWVectorUpdate {
    private let beta1: Float
    private let beta2: Float
    private let epsilon: Float
    private let gradientScale: Float
    /// lr / (1 − β₁ᵗ).
    private let stepSize: Float
    /// √(1 − β₂ᵗ).
    private let correction: Float
    /// 1 − lr·decay.
    private let keep: Float

    init(
        step: Int, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
        weightDecay: Float, gradientScale: Float
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.gradientScale = gradientScale
        stepSize = learningRate / Float(1 - pow(Double(beta1), Double(step)))
        correction = Float((1 - pow(Double(beta2), Double(step))).squareRoot())
        keep = 1 - learningRate * weightDecay
    }

    @inline(__always)
    func apply(_ p: inout Vector, _ m: inout Vector, _ v: inout Vector, gradient: Vector) {
        let g = gradient * gradientScale
        m = m * beta1 + g * (1 - beta1)
        v = v * beta2 + g * g * (1 - beta2)
        let denominator = v.squareRoot() / correction + epsilon
        p = p * keep - stepSize * m / denominator
    }
}
