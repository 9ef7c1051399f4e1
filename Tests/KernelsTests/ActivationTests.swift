import Glibc
import Kernels
import Testing

/// Activation functions and their slopes, element by element.
@Suite struct ActivationTests {
    /// Beyond the piece that one thread takes, too.
    static let counts = oddSizes + [20_001]

    private static let special: [Float] = [
        0, -0.0, 1e-30, -1e-30, 60, -60, 300, -300, 1e6, -1e6, 0.5, -0.5, 8, -8, 20, -20,
    ]

    private func inputs(_ count: Int, _ name: String) -> [Float] {
        var x = randoms(count, name, scale: 9)
        for (index, value) in Self.special.enumerated() where 3 * index < count {
            x[3 * index] = value
        }
        return x
    }

    private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

    private func gelu(_ x: Double) -> Double {
        0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    @Test(arguments: counts)
    func swigluAndItsSlopes(_ count: Int) {
        let gate = inputs(count, "gate")
        let up = randoms(count, "up", scale: 3)
        let gradient = randoms(count, "gradient", scale: 2)
        var output = [Float](repeating: .nan, count: count)
        swigluForward(gate: gate, up: up, into: &output, count: count)
        var (gateGradient, upGradient) = (gate, up)
        swigluBackward(gate: &gateGradient, up: &upGradient, gradient: gradient, count: count)
        for i in 0..<count {
            let (g, u, d) = (Double(gate[i]), Double(up[i]), Double(gradient[i]))
            let size = 1e-6 * (1 + abs(silu(g))) * 6
            #expect(abs(Double(output[i]) - silu(g) * u) <= size)
            #expect(abs(Double(upGradient[i]) - d * silu(g)) <= size)
            let expected = abs(g) > 1e5 ? (g > 0 ? 1 : 0) : slope(at: g) { silu($0) }
            #expect(abs(Double(gateGradient[i]) - d * u * expected) <= 1e-5, "\(g)")
        }
    }

    @Test(arguments: counts)
    func geluAndItsSlope(_ count: Int) {
        // The cube of a million is beyond single precision's digits, but not beyond its range.
        let x = inputs(count, "gelu")
        let gradient = randoms(count, "gradient", scale: 2)
        var output = [Float](repeating: .nan, count: count)
        geluTanhForward(x, into: &output, count: count)
        var found = gradient
        geluTanhBackward(x, gradient: &found, count: count)
        for i in 0..<count {
            let (v, d) = (Double(x[i]), Double(gradient[i]))
            #expect(abs(Double(output[i]) - gelu(v)) <= 2e-6 * (1 + abs(gelu(v))), "\(v)")
            let expected = abs(v) > 50 ? (v > 0 ? 1 : 0) : slope(at: v) { gelu($0) }
            #expect(abs(Double(found[i]) - d * expected) <= 1e-5, "\(v)")
        }
    }

    @Test func outputsMayReplaceInputs() {
        let gate = inputs(1001, "gate")
        let up = randoms(1001, "up", scale: 3)
        var expected = [Float](repeating: 0, count: 1001)
        swigluForward(gate: gate, up: up, into: &expected, count: 1001)
        var copy = gate
        copy.withUnsafeMutableBufferPointer { copy in
            guard let base = copy.baseAddress else { return }
            swigluForward(gate: base, up: up, into: base, count: 1001)
        }
        #expect(copy == expected)
    }
}
