import Checkpoints
import Testing

@Suite struct FloatConversionTests {
    @Test func allHalvesAreExact() {
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let got = FloatConversion.float(half: bits)
            if expected.isNaN {
                #expect(got.isNaN)
            } else if got.bitPattern != expected.bitPattern {
                Issue.record("half \(bits): got \(got), expected \(expected)")
            }
            if !expected.isNaN, FloatConversion.half(got) != bits {
                Issue.record("half \(bits) does not come back")
            }
        }
    }

    /// Bit patterns spread over all exponents, with the ties and their neighbours.
    private static let patterns: [UInt32] = {
        var patterns: [UInt32] = []
        for exponent in UInt32(0)...255 {
            for fraction: UInt32 in [
                0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x3001, 0x7FFF, 0x8000, 0x8001,
                0x17FFF, 0x18000, 0x18001, 0x7FEFFF, 0x7FF000, 0x7FF001, 0x7FFFFF, 0x2AAAAA,
            ] {
                patterns.append(exponent << 23 | fraction)
                patterns.append(0x8000_0000 | exponent << 23 | fraction)
            }
        }
        return patterns
    }()

    @Test func roundsToNearestEvenHalf() {
        for pattern in Self.patterns {
            let value = Float(bitPattern: pattern)
            let got = Float16(bitPattern: FloatConversion.half(value))
            let expected = Float16(value)
            if value.isNaN {
                #expect(got.isNaN)
            } else if got.bitPattern != expected.bitPattern {
                Issue.record("\(value): got \(got), expected \(expected)")
            }
        }
    }

    @Test func roundsToNearestEvenBfloat16() {
        for pattern in Self.patterns {
            let value = Float(bitPattern: pattern)
            let got = FloatConversion.float(bfloat16: FloatConversion.bfloat16(value))
            if value.isNaN {
                #expect(got.isNaN)
                continue
            }
            let below = Float(bitPattern: pattern & 0xFFFF_0000)
            let low = pattern & 0xFFFF
            let up = low > 0x8000 || (low == 0x8000 && pattern & 0x1_0000 != 0)
            let expected =
                up ? Float(bitPattern: (pattern & 0xFFFF_0000) &+ 0x1_0000) : below
            #expect(got.bitPattern == expected.bitPattern)
        }
    }

    @Test func doublesAreRoundedOnce() {
        // Just above the tie of 1 and 1 + 2⁻⁷, by less than single precision can show.
        let above = 1 + 0x1p-8 + 0x1p-40
        #expect(FloatConversion.bfloat16(Float(above)) == 0x3F80)
        #expect(FloatConversion.bfloat16(FloatConversion.roundedToOdd(above)) == 0x3F81)
        for pattern in Self.patterns {
            let value = Float(bitPattern: pattern)
            guard value.isFinite else { continue }
            for nudge in [-0x1p-40, 0, 0x1p-40] {
                let exact = Double(value) * (1 + nudge)
                let got = FloatConversion.half(FloatConversion.roundedToOdd(exact))
                #expect(got == Float16(exact).bitPattern, "\(exact)")
            }
        }
    }

    @Test func findsNaNAndInfinity() {
        var values = [Float](repeating: 1, count: 10000)
        let find = { values.withUnsafeBufferPointer { firstNonFinite($0) } }
        #expect(find() == nil)
        values[9999] = .infinity
        #expect(find() == 9999)
        values[4095] = -.nan
        #expect(find() == 4095)
    }

    @Test func overflowOfHalfPrecisionIsAnError() {
        let values: [Float] = [1, 65519, 65520]
        let error = failure {
            try values.withUnsafeBufferPointer {
                try encode($0, as: .float16, tensor: "t") { _ in }
            }
        }
        guard case .overflow(tensor: "t", type: "float16", index: 2)? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }
}
