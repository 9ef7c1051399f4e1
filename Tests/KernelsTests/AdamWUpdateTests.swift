import Glibc
import Kernels
import Testing

/// AdamW against its algorithm in double precision.
@Suite struct AdamWUpdateTests {
    private struct Constants {
        var learningRate = 3e-3
        var beta1 = 0.9
        var beta2 = 0.99
        var epsilon = 1e-8
        var decay = 0.05
        var scale = 0.7

        func update(step: Int) -> AdamWUpdate {
            AdamWUpdate(
                step: step, learningRate: Float(learningRate), beta1: Float(beta1),
                beta2: Float(beta2), epsilon: Float(epsilon), weightDecay: Float(decay),
                gradientScale: Float(scale))
        }

        /// Algorithm 2 of Loshchilov & Hutter, line by line.
        func apply(
            step: Int, _ p: inout Double, _ m: inout Double, _ v: inout Double, _ gradient: Double
        ) {
            let g = gradient * scale
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            let mean = m / (1 - pow(beta1, Double(step)))
            let square = v / (1 - pow(beta2, Double(step)))
            p = p - learningRate * (mean / (square.squareRoot() + epsilon) + decay * p)
        }
    }

    private static func gradients(_ count: Int, _ step: Int) -> [Float] {
        // Sizes from next to nothing to large, some exactly zero.
        randoms(count, "gradient \(step)").enumerated().map { index, value in
            index % 13 == 5 ? 0 : value * powf(10, Float(index % 7) - 5)
        }
    }

    @Test(arguments: oddSizes + [40_001], [0.05, 0])
    func stepsInSinglePrecision(_ count: Int, _ decay: Double) {
        var constants = Constants()
        constants.decay = decay
        var p = randoms(count, "parameters")
        var m = [Float](repeating: 0, count: count)
        var v = [Float](repeating: 0, count: count)
        var expected = p.map { (p: Double($0), m: 0.0, v: 0.0) }
        for step in 1...6 {
            constants.learningRate = 3e-3 / Double(step)
            let gradients = Self.gradients(count, step)
            constants.update(step: step).apply(
                parameters: &p, gradients: gradients, firstMoments: &m, secondMoments: &v,
                count: count)
            for i in 0..<count {
                var (p, m, v) = expected[i]
                constants.apply(step: step, &p, &m, &v, Double(gradients[i]))
                expected[i] = (p, m, v)
            }
        }
        var worst = (p: 0.0, m: 0.0, v: 0.0)
        for i in 0..<count {
            worst.p = max(worst.p, abs(Double(p[i]) - expected[i].p))
            worst.m = max(worst.m, abs(Double(m[i]) - expected[i].m))
            worst.v = max(worst.v, abs(Double(v[i]) - expected[i].v) / (expected[i].v + 1e-20))
        }
        #expect(worst.p < 1e-6)
        #expect(worst.m < 5e-6)
        #expect(worst.v < 3e-6)
    }

    /// Stored numbers are one of the two bfloat16 neighbours of the update of what was stored before.
    @Test(arguments: oddSizes + [20_001])
    func stepsInBrainFloats(_ count: Int) {
        let constants = Constants()
        func rounded(_ values: [Float]) -> [UInt16] {
            var bits = [UInt16](repeating: 0, count: values.count)
            roundToNearest(values, into: &bits, count: values.count)
            return bits
        }
        func double(_ bits: UInt16) -> Double {
            Double(Float(bitPattern: UInt32(bits) << 16))
        }
        var p = rounded(randoms(count, "parameters"))
        var m = [UInt16](repeating: 0, count: count)
        var v = [UInt16](repeating: 0, count: count)
        for step in 1...4 {
            let before = (0..<count).map { (double(p[$0]), double(m[$0]), double(v[$0])) }
            let gradients = Self.gradients(count, step)
            constants.update(step: step).apply(
                parameters: &p, gradients: gradients, firstMoments: &m, secondMoments: &v,
                count: count, draws: RoundingDraws(seed: 1, tensor: "w", step: step))
            for i in 0..<count {
                var (a, b, c) = before[i]
                constants.apply(step: step, &a, &b, &c, Double(gradients[i]))
                // One unit in the last of eight bits, and what single precision adds where terms cancel.
                let slack = 1e-6 * (abs(Double(gradients[i])) + abs(before[i].1))
                #expect(abs(double(p[i]) - a) <= abs(a) * 0x1p-7 + 1e-6 * abs(before[i].0))
                #expect(abs(double(m[i]) - b) <= abs(b) * 0x1p-7 + slack)
                #expect(abs(double(v[i]) - c) <= c * 0x1.01p-7 + 1e-38)
            }
        }
    }
}
