import Glibc

/// One AdamW update (Loshchilov & Hutter 2019, algorithm 2) of parameters, in place:
///
///     m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
///     p ← p·(1 − lr·decay) − lr / (1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) + ε)
public struct AdamWUpdate: Sendable {
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

    /// The update of one step.
    ///
    /// - Parameters:
    ///   - step: t, counted from 1
    ///   - gradientScale: factor on every gradient, which applies norm clipping without another pass
    public init(
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

    /// Updates `count` parameters and their moments.
    public func apply(
        parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        Parallel.forEachRange(count, grain: 1 << 14) { range in
            for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
                let lanes = min(16, range.upperBound - i)
                var p = parameters.vector(at: i, count: lanes)
                var m = firstMoments.vector(at: i, count: lanes)
                var v = secondMoments.vector(at: i, count: lanes)
                apply(&p, &m, &v, gradient: gradients.vector(at: i, count: lanes))
                parameters.store(p, at: i, count: lanes)
                firstMoments.store(m, at: i, count: lanes)
                secondMoments.store(v, at: i, count: lanes)
            }
        }
    }

    /// Updates parameters and moments in bfloat16: computed in single precision, stored with stochastic
    /// rounding. Rounding to nearest would lose every change below half of the last of eight bits: a
    /// second moment that decays by a thousandth a step would never move.
    public func apply(
        parameters: UnsafeMutablePointer<UInt16>, gradients: UnsafePointer<Float>,
        firstMoments: UnsafeMutablePointer<UInt16>, secondMoments: UnsafeMutablePointer<UInt16>,
        count: Int, draws: RoundingDraws
    ) {
        Parallel.forEachRange(count, grain: 1 << 14) { range in
            for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
                let lanes = min(16, range.upperBound - i)
                var p = widened(parameters.vector(at: i, count: lanes))
                var m = widened(firstMoments.vector(at: i, count: lanes))
                var v = widened(secondMoments.vector(at: i, count: lanes))
                apply(&p, &m, &v, gradient: gradients.vector(at: i, count: lanes))
                let draws = draws.vector(at: i).parts
                parameters.store(stochastic(p, draws: draws.0), at: i, count: lanes)
                firstMoments.store(stochastic(m, draws: draws.1), at: i, count: lanes)
                secondMoments.store(stochastic(v, draws: draws.2), at: i, count: lanes)
            }
        }
    }

    /// Updates sixteen parameters and their moments.
    @inline(__always)
    private func apply(
        _ p: inout Vector, _ m: inout Vector, _ v: inout Vector, gradient: Vector
    ) {
        let g = gradient * gradientScale
        m = m * beta1 + g * (1 - beta1)
        v = v * beta2 + g * g * (1 - beta2)
        let denominator = v.squareRoot() / correction + epsilon
        p = p * keep - stepSize * m / denominator
    }
}
