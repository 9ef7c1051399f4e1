import Kernels
import Testing

@Suite struct QuantizedWeightsTests {
    /// Every weight is at most half a step off, a step being 1/127 of its output's largest weight.
    @Test(arguments: [(1, 1, 1), (1, 40, 33), (2, 21, 65), (9, 300, 70), (33, 64, 96)])
    func errorsAreThoseOfRounding(rows: Int, inputs: Int, outputs: Int) {
        let x = TestMatrix((rows, inputs), salt: 1)
        let weight = TestMatrix((outputs, inputs), salt: 2)
        let bias = TestMatrix((1, outputs), salt: 3)
        let layer = QuantizedWeights([weight.view], .transposed, bias: bias.base)
        for epilogue in [LinearEpilogue.none, .accumulate] {
            let y = TestMatrix((rows, outputs), salt: 4)
            let before = y.values
            layer.forward(x.view, into: y.view, epilogue)
            let after = y.values
            for row in 0..<rows {
                for output in 0..<outputs {
                    let place = row * outputs + output
                    var exact = Double(bias.base[output])
                    if epilogue == .accumulate { exact += Double(before[place]) }
                    var (largest, sum) = (Float(0), Float(0))
                    for k in 0..<inputs {
                        let w = weight.base[output * inputs + k]
                        let input = x.base[row * inputs + k]
                        exact += Double(w) * Double(input)
                        largest = max(largest, abs(w))
                        sum += abs(input)
                    }
                    let bound = Double(largest / 127 / 2 * sum) * 1.001 + 1e-4
                    #expect(abs(Double(after[place]) - exact) <= bound)
                }
            }
        }
    }

    /// Weights that are multiples of a step come back exactly, stored either way, stacked or not.
    @Test func multiplesOfAStepAreExact() {
        let (inputs, outputs) = (37, 64)
        let x = TestMatrix((5, inputs), salt: 1)
        let weight = TestMatrix((outputs, inputs), salt: 2)
        let turned = TestMatrix((inputs, outputs), salt: 0)
        for output in 0..<outputs {
            for k in 0..<inputs {
                let step = k == 0 ? 127 : (output * 31 + k * 17) % 255 - 127
                weight.base[output * inputs + k] = Float(step) / 64
                turned.base[k * outputs + output] = Float(step) / 64
            }
        }
        let exact = TestMatrix((5, outputs), salt: 0)
        multiply(x.view, .none, weight.view, .transposed, into: exact.view)
        let stacked = [weight.view.rows(0..<32), weight.view.rows(32..<64)]
        for layer in [
            QuantizedWeights([weight.view], .transposed), QuantizedWeights(stacked, .transposed),
            QuantizedWeights([turned.view], .none),
        ] {
            let y = TestMatrix((5, outputs), salt: 0)
            layer.forward(x.view, into: y.view)
            for (a, b) in zip(y.values, exact.values) { #expect(abs(a - b) < 1e-4) }
        }
    }

    @Test func aRowDoesNotDependOnTheOthersToTheBit() {
        let (rows, inputs, outputs) = (19, 45, 70)
        let x = TestMatrix((rows, inputs), salt: 5)
        let layer = QuantizedWeights([TestMatrix((outputs, inputs), salt: 6).view], .transposed)
        let together = TestMatrix((rows, outputs), salt: 0)
        layer.forward(x.view, into: together.view)
        for row in 0..<rows {
            let alone = TestMatrix((1, outputs), salt: 0)
            layer.forward(x.view.rows(row..<row + 1), into: alone.view)
            #expect(alone.values == Array(together.values[row * outputs..<(row + 1) * outputs]))
        }
    }
}
