import Kernels
import Testing

@Suite struct PackedWeightsTests {
    /// Sizes on both sides of whole tiles of 8 by 32, and of what a thread takes at a time.
    static let sizes = [
        (1, 1, 1), (3, 5, 7), (8, 16, 32), (9, 21, 33), (7, 40, 31), (70, 13, 65), (130, 24, 450),
    ]

    private func fill(_ count: Int, _ salt: Int) -> FloatBuffer {
        let buffer = FloatBuffer(capacity: count)
        for index in 0..<count {
            buffer.base[index] = Float((index * 37 + salt * 11) % 97) / 48 - 1
        }
        return buffer
    }

    @Test(arguments: sizes)
    func productsAreThoseOfTheDefinition(rows: Int, inputs: Int, outputs: Int) {
        let x = fill(rows * inputs, 1)
        let weight = fill(outputs * inputs, 2)
        let bias = fill(outputs, 3)
        let layer = PackedWeights(
            [MatrixView(weight.base, rows: outputs, columns: inputs)], .transposed,
            bias: bias.base)
        for epilogue in [LinearEpilogue.none, .accumulate, .geluErf] {
            // A column more than the product fills, which must stay as it is.
            let y = fill(rows * (outputs + 1), 4)
            let before = Array(UnsafeBufferPointer(start: y.base, count: rows * (outputs + 1)))
            layer.forward(
                MatrixView(x.base, rows: rows, columns: inputs),
                into: MatrixView(y.base, rows: rows, columns: outputs, stride: outputs + 1),
                epilogue)
            for row in 0..<rows {
                for output in 0..<outputs {
                    var sum = Double(bias.base[output])
                    for k in 0..<inputs {
                        sum +=
                            Double(x.base[row * inputs + k])
                            * Double(weight.base[output * inputs + k])
                    }
                    let place = row * (outputs + 1) + output
                    if epilogue == .accumulate { sum += Double(before[place]) }
                    var value = Float(sum)
                    if epilogue == .geluErf { geluErfInPlace(&value, count: 1) }
                    #expect(abs(y.base[place] - value) < 1e-5 * max(1, abs(value)))
                }
                let beyond = row * (outputs + 1) + outputs
                #expect(y.base[beyond] == before[beyond])
            }
        }
    }

    @Test(arguments: [1, 5, 15, 16, 17, 40])
    func paddedSoftmaxSumsToOne(columns: Int) {
        let stride = paddedWidth(columns)
        let x = fill(3 * stride, 8)
        let before = Array(UnsafeBufferPointer(start: x.base, count: 3 * stride))
        softmaxPaddedRows(MatrixView(x.base, rows: 3, columns: columns, stride: stride))
        for row in 0..<3 {
            let ratios = (0..<columns).map { column in
                // p_i / p_0 = e^(x_i − x_0)
                Double(x.base[row * stride + column] / x.base[row * stride])
            }
            let total = (0..<columns).reduce(Float(0)) { $0 + x.base[row * stride + $1] }
            #expect(abs(total - 1) < 1e-6)
            for column in 0..<columns {
                let difference = before[row * stride + column] - before[row * stride]
                var exact = [difference]
                _ = exponentiate(&exact, minus: 0, count: 1)
                #expect(abs(ratios[column] - Double(exact[0])) < 1e-5 * Double(exact[0]))
            }
        }
    }
}
