import Kernels
import Testing

/// Sums and element-wise kernels on odd sizes, with rows that lie apart.
@Suite struct ReductionTests {
    @Test(arguments: oddSizes, [1, 2, 17, 33, 700])
    func biasesAndTheirGradients(_ columns: Int, _ rows: Int) {
        let rows = columns > 100 ? min(rows, 40) : rows
        let x = SpacedMatrix(rows, columns, padding: 3, random: "x")
        let original = SpacedMatrix(rows, columns, random: "x")
        let bias = randoms(columns, "bias")
        var total = randoms(columns, "total")
        let before = total
        addColumnSums(of: x.view, to: &total)
        addBias(bias, to: x.view)
        #expect(x.marksStand)
        for column in 0..<columns {
            let sum = (0..<rows).reduce(Double(before[column])) { $0 + original[$1, column] }
            #expect(abs(Double(total[column]) - sum) < 3e-6 * Double(rows).squareRoot())
            for row in 0..<rows {
                let expected = original[row, column] + Double(bias[column])
                #expect(abs(x[row, column] - expected) < 2e-7)
            }
        }
    }

    @Test(arguments: oddSizes + [0, 7, 8, 9, 16_383, 16_385, 100_001])
    func sumsOfSquares(_ count: Int) {
        let x = randoms(count, "squares", scale: 100)
        let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(sumOfSquares(x, count: count) - expected) <= 1e-13 * expected)
    }

    @Test(arguments: oddSizes)
    func elementwiseKernelsWriteWhatTheyShould(_ count: Int) {
        let x = randoms(count, "x")
        let y = randoms(count, "y")
        // One element more than the kernels are told of.
        var sum = y + [7]
        accumulate(x, scaledBy: 0.3, into: &sum, count: count)
        var scaled = x + [7]
        scale(&scaled, by: -1.5, count: count)
        var shifted = y + [7]
        multiplyShifted(x, &shifted, minus: 0.25, count: count)
        for i in 0..<count {
            let (a, b) = (Double(x[i]), Double(y[i]))
            #expect(abs(Double(sum[i]) - (b + Double(Float(0.3)) * a)) < 2e-7)
            #expect(scaled[i] == -1.5 * x[i])
            #expect(abs(Double(shifted[i]) - a * (b - 0.25)) < 2e-7)
        }
        #expect(sum[count] == 7 && scaled[count] == 7 && shifted[count] == 7)
        let product = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(Double(dot(x, y, count: count)) - product) < 1e-5)
    }

    @Test func copiesLeaveWhatLiesBetweenRows() {
        let source = SpacedMatrix(131, 17, padding: 2, random: "source")
        let target = SpacedMatrix(131, 17, padding: 9) { _, _ in 0 }
        copy(source.view, into: target.view)
        #expect(target.marksStand)
        #expect((0..<131).allSatisfy { target.doubles($0) == source.doubles($0) })
    }
}
