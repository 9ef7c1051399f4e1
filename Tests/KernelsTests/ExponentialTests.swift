import Glibc
import Kernels
import Testing

/// Exponentials, softmax and sums of exponentials against the C library in double precision.
@Suite struct ExponentialTests {
    @Test func exponentialsAreRightToTwoUnitsInTheLastPlace() {
        let count = 200_003
        let x = (0..<count).map { -87 + 175 * Float($0) / Float(count) }
        var y = x
        _ = exponentiate(&y, minus: 0, count: count)
        var worst = 0.0
        for (x, y) in zip(x, y) {
            worst = max(worst, abs(Double(y) / exp(Double(x)) - 1))
        }
        #expect(worst < 2.4e-7)
    }

    @Test func exponentialsOfExtremes() {
        var x: [Float] = [
            0, -0.0, -87, -200, -1e30, -.infinity, 88, .nan, 1e-30, -1e-30, 5, -.infinity, 1, 2, 3,
            4, -.infinity, .nan, 0,
        ]
        _ = exponentiate(&x, minus: 0, count: x.count)
        #expect(x[0] == 1 && x[1] == 1 && x[8] == 1 && x[9] == 1 && x[18] == 1)
        for index in [2, 3, 4, 5, 11, 16] { #expect(x[index] >= 0 && x[index] < 2e-38) }
        #expect(abs(Double(x[6]) / exp(88) - 1) < 3e-7)
        #expect(x[7].isNaN && x[17].isNaN)
    }

    @Test(arguments: oddSizes, [Float(0), 3000, -3000])
    func softmaxOfPaddedRows(_ columns: Int, _ shift: Float) {
        let padding = paddedWidth(columns) - columns
        var stream = RandomStream(seed: 4, name: "softmax")
        let x = SpacedMatrix(3, columns, padding: padding + 16) { _, _ in
            shift + Float(40 * stream.uniform() - 20)
        }
        let rows = (0..<3).map(x.doubles)
        softmaxPaddedRows(x.view)
        for (row, values) in rows.enumerated() {
            let top = values.max() ?? 0
            let total = values.reduce(0.0) { $0 + exp($1 - top) }
            for column in 0..<columns {
                let expected = exp(values[column] - top) / total
                // An exponent of −40 has four digits less behind the point.
                #expect(abs(x[row, column] - expected) <= 4e-6 * expected + 1e-37)
            }
        }
    }

    @Test(arguments: oddSizes)
    func sumsOfExponentials(_ count: Int) {
        let x = randoms(count, "logits", scale: 30)
        let doubles = x.map(Double.init)
        let top = doubles.max() ?? 0
        let total = doubles.reduce(0.0) { $0 + exp($1 - top) }
        #expect(
            abs(Double(logSumOfExponentials(x, count: count)) - (top + log(total))) < 4e-6)
        let part = doubles.filter { $0 >= 3 }.reduce(0.0) { $0 + exp($1 - top) }
        let found = sumOfExponentials(x, minus: Float(top), atLeast: 3, count: count)
        #expect(abs(Double(found) - part) <= 1e-6 * part)
        #expect(logSumOfExponentials(x.map { $0 + 5000 }, count: count) > 4960)
    }

    @Test(arguments: [Float(1e-30), 0.1, 1, 2.718, 1e10, 3e38])
    func logarithms(_ x: Float) {
        #expect(abs(Double(logarithm(x)) - log(Double(x))) <= 1e-6 * max(1, abs(log(Double(x)))))
    }
}
