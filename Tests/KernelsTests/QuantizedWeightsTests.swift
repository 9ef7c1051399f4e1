import Kernels
import Testing

@Suite struct QuantizedWeightsTests {
    /// Every weight is at most half a step off, a step being 1/127 of its output's largest weight;
    /// every input at most half a step of its block of 64.
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
                    let largest =
                        (0..<inputs).map { abs(weight.base[output * inputs + $0]) }.max() ?? 0
                    var bound = 1e-4
                    for k in 0..<inputs {
                        let w = weight.base[output * inputs + k]
                        let input = x.base[row * inputs + k]
                        exact += Double(w) * Double(input)
                        let block = k / 64 * 64..<min(inputs, k / 64 * 64 + 64)
                        let inputError =
                            (block.map { abs(x.base[row * inputs + $0]) }.max() ?? 0) / 254
                        bound += Double(
                            abs(w) * inputError + (abs(input) + inputError) * largest / 254)
                    }
                    bound *= 1.001
                    #expect(abs(Double(after[place]) - exact) <= bound)
                }
            }
        }
    }

    /// Weights and inputs that are multiples of a step come back exactly, stored either way, stacked
    /// or not.
    @Test func multiplesOfAStepAreExact() {
        let (inputs, outputs) = (37, 64)
        let x = TestMatrix((5, inputs), salt: 1)
        for row in 0..<5 {
            for k in 0..<inputs {
                let step = k == 3 ? -127 : (row * 59 + k * 23) % 255 - 127
                x.base[row * inputs + k] = Float(step) / 32
            }
        }
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
            for (a, b) in zip(y.values, exact.values) { #expect(abs(a - b) < 1e-3) }
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
