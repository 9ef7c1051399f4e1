/// One AdamW update, as ``adamWUpdate(parameters:gradients:firstMoments:secondMoments:count:step:learningRate:beta1:beta2:epsilon:weightDecay:gradientScale:)``,
/// of parameters and moments in bfloat16: computed in single precision, stored with stochastic
/// rounding. Rounding to nearest would lose every change below half of the last of eight bits: a second
/// moment that decays by a thousandth a step would never move.
public func adamWUpdate(
    parameters: UnsafeMutablePointer<UInt16>, gradients: UnsafePointer<Float>,
    firstMoments: UnsafeMutablePointer<UInt16>, secondMoments: UnsafeMutablePointer<UInt16>,
    count: Int, step: Int, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
    weightDecay: Float, gradientScale: Float, draws: RoundingDraws
) {
    let update = AdamWVectorUpdate(
        step: step, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay, gradientScale: gradientScale)
    Parallel.forEachRange(count, grain: 1 << 14) { range in
        for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            let lanes = min(16, range.upperBound - i)
            var p = widened(parameters.vector(at: i, count: lanes))
            var m = widened(firstMoments.vector(at: i, count: lanes))
            var v = widened(secondMoments.vector(at: i, count: lanes))
            let g =
                lanes == 16
                ? gradients.vector(at: i) : gradients.partialVector(at: i, count: lanes)
            update.apply(&p, &m, &v, gradient: g)
            let draws = draws.vector(at: i).parts
            parameters.store(stochastic(p, draws: draws.0), at: i, count: lanes)
            firstMoments.store(stochastic(m, draws: draws.1), at: i, count: lanes)
            secondMoments.store(stochastic(v, draws: draws.2), at: i, count: lanes)
        }
    }
}
