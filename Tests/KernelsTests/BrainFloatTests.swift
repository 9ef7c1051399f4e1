import Kernels
import Testing

@Suite struct BrainFloatTests {
    private func rounded(
        _ values: [Float], _ round: (UnsafePointer<Float>, UnsafeMutablePointer<UInt16>) -> Void
    ) -> [Float] {
        var bits = [UInt16](repeating: 0, count: values.count)
        var result = [Float](repeating: 0, count: values.count)
        values.withUnsafeBufferPointer { values in
            bits.withUnsafeMutableBufferPointer { bits in
                round(values.baseAddress!, bits.baseAddress!)
                result.withUnsafeMutableBufferPointer {
                    widen(bits.baseAddress!, into: $0.baseAddress!, count: bits.count)
                }
            }
        }
        return result
    }

    @Test func nearestTakesTiesToEven() {
        let unit = Float(sign: .plus, exponent: -7, significand: 1)
        let values: [Float] = [
            1, 1 + unit / 2, 1 + 1.5 * unit, 1 + 0.6 * unit, -1 - 0.4 * unit, 0, -0.0, .infinity,
            -.infinity, 3e-39, 1 + 0.49 * unit, 2, 3, 4, 5, 6, 7,
        ]
        let expected: [Float] = [
            1, 1, 1 + 2 * unit, 1 + unit, -1, 0, -0.0, .infinity, -.infinity,
            Float(bitPattern: (Float(3e-39).bitPattern + 0x8000) & 0xffff_0000), 1, 2, 3, 4, 5, 6,
            7,
        ]
        #expect(
            rounded(values) { roundToNearest($0, into: $1, count: values.count) } == expected)
        #expect(rounded([.nan]) { roundToNearest($0, into: $1, count: 1) }[0].isNaN)
    }

    /// The mean of many draws is the value; each draw is one of its two neighbours.
    @Test(arguments: [Float(1.001), -1.001, 0.3, -7.77e-5, 3.14159e20, 1e-41, 1.5])
    func stochasticRoundingHasNoBias(_ value: Float) {
        let below = Float(bitPattern: value.bitPattern & 0xffff_0000)
        let above = Float(bitPattern: (value.bitPattern & 0xffff_0000) &+ 0x1_0000)
        let count = 1003
        var total = 0.0
        var draws = 0
        for step in 1...200 {
            let results = rounded([Float](repeating: value, count: count)) {
                roundStochastically(
                    $0, into: $1, count: count,
                    draws: RoundingDraws(seed: 5, tensor: "w", step: step))
            }
            #expect(results.allSatisfy { $0 == below || $0 == above })
            if below == value { #expect(results.allSatisfy { $0 == value }) }
            total += results.reduce(0) { $0 + Double($1) }
            draws += count
        }
        // Five standard deviations of a mean of draws with two values.
        let share = (Double(value) - Double(below)) / (Double(above) - Double(below))
        let width = abs(Double(above) - Double(below))
        let deviation = width * (share * (1 - share) / Double(draws)).squareRoot()
        #expect(abs(total / Double(draws) - Double(value)) <= 5 * deviation + 1e-12 * width)
    }

    @Test func drawsAreAFunctionOfSeedTensorStepAndIndex() {
        func results(_ seed: UInt64, _ tensor: String, _ step: Int, count: Int) -> [Float] {
            rounded((0..<count).map { 1 + Float($0) * 1e-5 }) {
                roundStochastically(
                    $0, into: $1, count: count,
                    draws: RoundingDraws(seed: seed, tensor: tensor, step: step))
            }
        }
        let base = results(1, "a", 1, count: 100_000)
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: 3)
        #expect(results(1, "a", 1, count: 100_000) == base)
        #expect(results(1, "a", 1, count: 70_001) == Array(base.prefix(70_001)))
        for other in [
            results(2, "a", 1, count: 1000), results(1, "b", 1, count: 1000),
            results(1, "a", 2, count: 1000),
        ] { #expect(other != Array(base.prefix(1000))) }
    }
}
