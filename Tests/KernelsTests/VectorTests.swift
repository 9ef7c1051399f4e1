import Glibc
import Kernels
import Testing

/// SIMD kernels against scalar formulas, on sizes around multiples of the vector width.
@Suite struct VectorTests {
    static let counts = [1, 3, 15, 16, 17, 33, 100]

    private func ramp(_ count: Int, _ factor: Int, from low: Float, to high: Float) -> [Float] {
        (0..<count).map { low + (high - low) * Float(($0 * factor) % 101) / 101 }
    }

    @Test(arguments: counts)
    func exponentiateAgreesWithTheLibrary(_ count: Int) {
        var x = ramp(count, 37, from: -80, to: 5)
        let expected = x.map { exp(Double($0 - 5)) }
        let total = exponentiate(&x, minus: 5, count: count)
        for (value, reference) in zip(x, expected) {
            #expect(abs(Double(value) - reference) <= 3e-7 * reference + 1e-37)
        }
        #expect(abs(Double(total) - expected.reduce(0, +)) <= 1e-6 * expected.reduce(0, +))
    }

    @Test(arguments: counts)
    func maximumFindsTheLargestWhereverItIs(_ count: Int) {
        for place in [0, count / 2, count - 1] {
            var x = ramp(count, 13, from: -9, to: -1)
            x[place] = 4
            #expect(maximum(x, count: count) == 4)
        }
    }

    @Test(arguments: counts)
    func dotAgreesWithALoop(_ count: Int) {
        let a = ramp(count, 29, from: -1, to: 2)
        let b = ramp(count, 41, from: -2, to: 1)
        let expected = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(Double(dot(a, b, count: count)) - expected) < 1e-4)
    }

    @Test(arguments: counts)
    func swigluAgreesWithItsFormula(_ count: Int) {
        let gate = ramp(count, 17, from: -6, to: 6)
        let up = ramp(count, 23, from: -2, to: 3)
        var output = [Float](repeating: 0, count: count)
        swigluForward(gate: gate, up: up, into: &output, count: count)
        for i in 0..<count {
            let expected = Double(gate[i]) / (1 + exp(-Double(gate[i]))) * Double(up[i])
            #expect(abs(Double(output[i]) - expected) < 2e-6)
        }
    }

    @Test(arguments: counts)
    func bothFormsOfGELUAgreeWithTheirFormulas(_ count: Int) {
        let x = ramp(count, 17, from: -7, to: 7)
        var tanhForm = [Float](repeating: 0, count: count)
        geluTanhForward(x, into: &tanhForm, count: count)
        var erfForm = x
        geluErfInPlace(&erfForm, count: count)
        for i in 0..<count {
            let v = Double(x[i])
            let inner = (2 / Double.pi).squareRoot() * (v + 0.044715 * v * v * v)
            #expect(abs(Double(tanhForm[i]) - 0.5 * v * (1 + tanh(inner))) < 2e-6)
            #expect(abs(Double(erfForm[i]) - 0.5 * v * (1 + erf(v / 2.0.squareRoot()))) < 2e-6)
        }
    }

    @Test func sumOfSquaresKeepsDoublePrecision() {
        let x = [Float](repeating: 1e-4, count: 3_000_001)
        let expected = 3_000_001 * Double(Float(1e-4)) * Double(Float(1e-4))
        #expect(abs(sumOfSquares(x, count: x.count) - expected) < 1e-12)
    }
}
