import Kernels
import Testing

/// Numbers at the ends of what a float holds: rows of eight bits, and bfloat16.
@Suite struct EdgeValueTests {
    private static let inputs = 70

    /// Weights with one row of this size, row 1 of two; inputs of about one.
    private func layer(
        size: Float, scale inputScale: Float = 1
    ) -> (results: [Float], exact: [Double]) {
        let x = TestMatrix((3, Self.inputs), salt: 1)
        for index in 0..<3 * Self.inputs { x.base[index] *= inputScale }
        let weight = TestMatrix((2, Self.inputs), salt: 2)
        for k in 0..<Self.inputs { weight.base[Self.inputs + k] *= size }
        let y = TestMatrix((3, 2), salt: 0)
        QuantizedWeights([weight.view], .transposed).forward(x.view, into: y.view)
        let exact = (0..<6).map { place in
            (0..<Self.inputs).reduce(0.0) { sum, k in
                sum
                    + Double(x.base[place / 2 * Self.inputs + k])
                    * Double(weight.base[place % 2 * Self.inputs + k])
            }
        }
        return (y.values, exact)
    }

    /// The other row does not notice, and the row itself is as exact as eight bits are.
    @Test(arguments: [Float(1e-40), 3e-39, 1e-37, 3.7e-37, 1e-30, 1, 1e30, 3e36])
    func weightsOfAnySizeAreRounded(_ size: Float) {
        let (results, exact) = layer(size: size)
        for (place, (result, exact)) in zip(results, exact).enumerated() {
            let scale = Double(place % 2 == 1 ? size : 1)
            #expect(result.isFinite)
            #expect(abs(Double(result) - exact) <= 0.1 * scale, "\(result), not \(exact)")
        }
    }

    @Test func theLargestWeightsAreRounded() {
        let (results, exact) = layer(size: 3e38, scale: 0.01)
        for place in [1, 3, 5] {
            #expect(abs(Double(results[place]) - exact[place]) <= 1e-3 * 3e38)
        }
    }

    @Test(arguments: [Float(1e-40), 1e-37, 1e-30, 1e30])
    func inputsOfAnySizeAreRounded(_ size: Float) {
        let (results, exact) = layer(size: 1, scale: size)
        for (result, exact) in zip(results, exact) {
            #expect(result.isFinite)
            #expect(abs(Double(result) - exact) <= 0.1 * Double(size), "\(result), not \(exact)")
        }
    }

    @Test func zerosGiveZeros() {
        let (results, _) = layer(size: 0)
        #expect([results[1], results[3], results[5]] == [0, 0, 0])
        #expect(layer(size: 1, scale: 0).results.allSatisfy { $0 == 0 })
    }

    /// What is infinite or no number shows in every result that it takes part in, and in no other.
    @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN], [0, 64, 69])
    func whatIsNotFiniteIsSeen(_ value: Float, place: Int) {
        for inWeights in [false, true] {
            let x = TestMatrix((3, Self.inputs), salt: 1)
            let weight = TestMatrix((40, Self.inputs), salt: 2)
            if inWeights {
                weight.base[33 * Self.inputs + place] = value
            } else {
                x.base[Self.inputs + place] = value
            }
            let y = TestMatrix((3, 40), salt: 0)
            QuantizedWeights([weight.view], .transposed).forward(x.view, into: y.view)
            for row in 0..<3 {
                for output in 0..<40 {
                    let isHit = inWeights ? output == 33 : row == 1
                    #expect(y.base[row * 40 + output].isNaN == isHit)
                }
            }
        }
    }

    private func rounded(_ values: [Float]) -> [Float] {
        var bits = [UInt16](repeating: 0, count: values.count)
        var result = [Float](repeating: 0, count: values.count)
        values.withUnsafeBufferPointer { values in
            bits.withUnsafeMutableBufferPointer { bits in
                guard let values = values.baseAddress, let bits = bits.baseAddress else { return }
                roundToNearest(values, into: bits, count: result.count)
                result.withUnsafeMutableBufferPointer {
                    guard let result = $0.baseAddress else { return }
                    widen(bits, into: result, count: $0.count)
                }
            }
        }
        return result
    }

    /// Rounding must carry no NaN into infinity or zero, whatever its payload, and no finite number beyond
    /// the largest but by half a step.
    @Test func brainFloatsKeepWhatTheNumberIs() {
        let largest = Float(bitPattern: 0x7f7f_0000)
        let cases: [(value: UInt32, expected: Float)] = [
            (0x7f7f_0000, largest), (0x7f7f_7fff, largest), (0x7f7f_8000, .infinity),
            (0x7f7f_ffff, .infinity), (0xff7f_ffff, -.infinity), (0x7f80_0000, .infinity),
            (0xff80_0000, -.infinity), (0x0000_0001, 0), (0x0000_8001, 0x1p-133),
            (0x0001_8000, 0x1p-132), (0x8000_0000, -0.0),
        ]
        for (index, result) in rounded(cases.map { Float(bitPattern: $0.value) }).enumerated() {
            #expect(result.bitPattern == cases[index].expected.bitPattern, "case \(index)")
        }
        let payloads: [UInt32] = [
            0x7f80_0001, 0x7f80_7fff, 0x7f80_ffff, 0x7fff_ffff, 0xffff_ffff, 0xff80_0001,
            0x7fc0_0000,
            0x7fff_8000,
        ]
        // As many as a vector holds, and a rest.
        let many = (0..<23).map { Float(bitPattern: payloads[$0 % payloads.count]) }
        #expect(rounded(many).allSatisfy { $0.isNaN })
    }

    /// Products of bfloat16 numbers: what is not finite is not lost on the way into the factor.
    @Test(arguments: [Float.nan, .infinity, Float(bitPattern: 0x7f80_0001), 3.4e38])
    func productsOfBrainFloatsKeepIt(_ value: Float) {
        for (transposeA, transposeB) in [
            (Transposition.none, Transposition.none), (.transposed, .transposed),
        ] {
            let a = TestMatrix((37, 37), salt: 1)
            let b = TestMatrix((37, 37), salt: 2)
            for k in 0..<37 { b.base[k * 37 + k] = 1 }
            a.base[5 * 37 + 7] = value
            let c = TestMatrix((37, 37), salt: 0)
            multiply(a.view, transposeA, b.view, transposeB, into: c.view, precision: .bfloat16)
            let row = transposeA == .none ? 5 : 7
            #expect(!c.base[row * 37 + (transposeA == .none ? 7 : 5)].isFinite)
            for other in 0..<37 where other != row {
                #expect(areFinite(c.base + other * 37, count: 37))
            }
        }
    }

    @Test(arguments: [1, 15, 16, 17, 40])
    func finiteRowsAreToldFromOthers(_ count: Int) {
        var x = (0..<count).map { Float($0) * 5e36 - 3e38 }
        #expect(areFinite(x, count: count))
        for place in 0..<count {
            for value in [Float.nan, .infinity, -.infinity] {
                let kept = x[place]
                x[place] = value
                #expect(!areFinite(x, count: count))
                x[place] = kept
            }
        }
    }
}
