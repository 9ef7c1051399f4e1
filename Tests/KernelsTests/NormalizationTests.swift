import Glibc
import Kernels
import Testing

/// Both norms, forward and backward, against their formulas in double precision.
@Suite struct NormalizationTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let rows: Int
        let columns: Int
        let padding: Int
        var testDescription: String { "\(rows) × \(columns), \(padding) apart" }
    }

    static let shapes = oddSizes.flatMap { columns in
        [
            Shape(rows: 3, columns: columns, padding: 0),
            Shape(rows: columns > 100 ? 2 : 37, columns: columns, padding: 5),
        ]
    }

    private static let epsilon: Float = 1e-4

    /// (x − mean) / deviation, or x / root mean square; and 1 / deviation.
    private static func normalized(
        _ row: [Double], centered: Bool
    ) -> (values: [Double], factor: Double) {
        let count = Double(row.count)
        let mean = centered ? row.reduce(0, +) / count : 0
        let variance = row.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let factor = 1 / (variance + Double(epsilon)).squareRoot()
        return (row.map { ($0 - mean) * factor }, factor)
    }

    @Test(arguments: shapes, [false, true])
    func agreesWithFormulaAndCentralDifferences(_ shape: Shape, centered: Bool) {
        let (rows, columns) = (shape.rows, shape.columns)
        let x = SpacedMatrix(rows, columns, padding: shape.padding, random: "x", scale: 3)
        let y = SpacedMatrix(rows, columns, padding: shape.padding) { _, _ in .nan }
        let dy = SpacedMatrix(rows, columns, padding: shape.padding, random: "dy")
        let dx = SpacedMatrix(rows, columns, padding: shape.padding, random: "dx")
        let before = SpacedMatrix(rows, columns, random: "dx")
        let weight = randoms(columns, "weight", scale: 2)
        let bias = randoms(columns, "bias")
        var statistics = [Float](repeating: .nan, count: 2 * rows)
        var weightGradient = [Float](repeating: 0.5, count: columns)
        var biasGradient = [Float](repeating: -0.25, count: columns)
        if centered {
            layerNormForward(
                x.view, weight: weight, bias: bias, epsilon: Self.epsilon, into: y.view,
                statistics: &statistics)
            layerNormBackward(
                x.view, weight: weight, statistics: statistics, gradient: dy.view,
                xGradient: dx.view, weightGradient: &weightGradient, biasGradient: &biasGradient)
        } else {
            rmsNormForward(
                x.view, weight: weight, epsilon: Self.epsilon, into: y.view,
                inverseRMS: &statistics)
            rmsNormBackward(
                x.view, weight: weight, inverseRMS: statistics, gradient: dy.view,
                xGradient: dx.view, weightGradient: &weightGradient)
        }
        #expect(x.marksStand && y.marksStand && dy.marksStand && dx.marksStand)

        var expectedWeightGradient = [Double](repeating: 0.5, count: columns)
        var expectedBiasGradient = [Double](repeating: -0.25, count: columns)
        var forwardError = 0.0
        var backwardError = 0.0
        for row in 0..<rows {
            let point = x.doubles(row)
            let (values, factor) = Self.normalized(point, centered: centered)
            for c in 0..<columns {
                let expected = values[c] * Double(weight[c]) + (centered ? Double(bias[c]) : 0)
                forwardError = max(forwardError, abs(y[row, c] - expected) / (1 + factor))
                expectedWeightGradient[c] += dy[row, c] * values[c]
                expectedBiasGradient[c] += dy[row, c]
            }
            // A few channels of long rows: each slope takes four passes over the row.
            for c in Swift.stride(from: row % 3, to: columns, by: columns > 200 ? 29 : 1) {
                let slope = slope(at: point[c]) { value in
                    var moved = point
                    moved[c] = value
                    let values = Self.normalized(moved, centered: centered).values
                    return (0..<columns).reduce(0.0) {
                        $0 + dy[row, $1] * Double(weight[$1]) * values[$1]
                    }
                }
                let found = dx[row, c] - before[row, c]
                // What single precision loses in x − mean is blown up once in x̂, once more in dx.
                backwardError = max(backwardError, abs(found - slope) / (1 + factor * factor))
            }
        }
        #expect(forwardError < 2e-6)
        #expect(backwardError < 3e-6)
        for c in 0..<columns {
            let size = Double(rows).squareRoot()
            #expect(abs(Double(weightGradient[c]) - expectedWeightGradient[c]) < 2e-5 * size)
            guard centered else { continue }
            #expect(abs(Double(biasGradient[c]) - expectedBiasGradient[c]) < 3e-6 * size)
        }
    }

    /// Heads side by side, with weights less one, are rows of their own with whole weights.
    @Test(arguments: [8, 20, 48]) func groupsAreRowsOfTheirOwn(_ columns: Int) {
        let (rows, groups) = (19, 3)
        let x = SpacedMatrix(rows, groups * columns, padding: 5, random: "x", scale: 3)
        let dy = SpacedMatrix(rows, groups * columns, padding: 3, random: "dy")
        let y = SpacedMatrix(rows, groups * columns, padding: 1) { _, _ in .nan }
        let dx = SpacedMatrix(rows, groups * columns, padding: 2) { _, _ in 0 }
        let less = randoms(columns, "weight")
        let whole = less.map { $0 + 1 }
        var statistics = [Float](repeating: .nan, count: rows * groups)
        var gradient = [Float](repeating: 0, count: columns)
        rmsNormForward(
            x.view, weight: less, offset: 1, groups: groups, epsilon: Self.epsilon, into: y.view,
            inverseRMS: &statistics)
        rmsNormBackward(
            x.view, weight: less, offset: 1, groups: groups, inverseRMS: statistics,
            gradient: dy.view, xGradient: dx.view, weightGradient: &gradient)
        var expectedGradient = [Float](repeating: 0, count: columns)
        for group in 0..<groups {
            let part = group * columns..<(group + 1) * columns
            let expected = SpacedMatrix(rows, columns) { _, _ in .nan }
            let expectedChange = SpacedMatrix(rows, columns) { _, _ in 0 }
            var own = [Float](repeating: .nan, count: rows)
            rmsNormForward(
                x.view.columns(part), weight: whole, epsilon: Self.epsilon, into: expected.view,
                inverseRMS: &own)
            rmsNormBackward(
                x.view.columns(part), weight: whole, inverseRMS: own,
                gradient: dy.view.columns(part), xGradient: expectedChange.view,
                weightGradient: &expectedGradient)
            for row in 0..<rows {
                for column in 0..<columns {
                    let place = part.lowerBound + column
                    #expect(y[row, place] == expected[row, column])
                    #expect(dx[row, place] == expectedChange[row, column])
                }
            }
        }
        #expect(x.marksStand && y.marksStand && dx.marksStand)
        for (a, b) in zip(gradient, expectedGradient) { #expect(abs(a - b) < 1e-4) }
    }

    /// The mean is taken off before squares are summed: a large common offset costs no digits.
    @Test func layerNormOfValuesFarFromZero() {
        let x = SpacedMatrix(1, 64) { _, column in 10_000 + Float(column % 2) }
        let y = SpacedMatrix(1, 64) { _, _ in 0 }
        var statistics: [Float] = [0, 0]
        layerNormForward(
            x.view, weight: [Float](repeating: 1, count: 64),
            bias: [Float](repeating: 0, count: 64), epsilon: 1e-9, into: y.view,
            statistics: &statistics)
        for column in 0..<64 { #expect(abs(y[0, column] - (column % 2 == 0 ? -1 : 1)) < 1e-4) }
    }
}
