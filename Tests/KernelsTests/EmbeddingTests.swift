import Kernels
import Testing

/// Looking up rows of a table, and the sum over rows that is its backward pass.
@Suite struct EmbeddingKernelTests {
    /// Every id twice and one many times, first and last row of the table among them.
    private static let ids: [Int32] =
        (0..<23).map { Int32(($0 * 5) % 11) } + [Int32](repeating: 10, count: 40) + [0, 10, 0]
    private static let tableRows = 11

    @Test(arguments: oddSizes)
    func gatherTakesRowsOfEitherType(_ columns: Int) {
        let table = randoms(Self.tableRows * columns, "table")
        var halves = [UInt16](repeating: 0, count: table.count)
        roundToNearest(table, into: &halves, count: table.count)
        let rows = Self.ids.count
        let exact = SpacedMatrix(rows, columns, padding: 3, random: "output")
        let rounded = SpacedMatrix(rows, columns, padding: 3, random: "output")
        let before = SpacedMatrix(rows, columns, random: "output")
        gatherRows(of: table, ids: Self.ids, into: exact.view)
        gatherRows(of: &halves, ids: Self.ids, into: rounded.view)
        #expect(exact.marksStand && rounded.marksStand)
        for (row, id) in Self.ids.enumerated() {
            for column in 0..<columns {
                let index = Int(id) * columns + column
                #expect(exact[row, column] == Double(table[index]))
                let half = Float(bitPattern: UInt32(halves[index]) << 16)
                #expect(rounded[row, column] == Double(half))
            }
        }
        let sum = SpacedMatrix(rows, columns, padding: 3, random: "output")
        gatherRows(of: table, ids: Self.ids, into: sum.view, accumulating: true)
        for (row, id) in Self.ids.enumerated() {
            for column in 0..<columns {
                let expected = before[row, column] + Double(table[Int(id) * columns + column])
                #expect(abs(sum[row, column] - expected) < 2e-7)
            }
        }
    }

    @Test(arguments: oddSizes, [1, 3])
    func scatterAddsRowsInTheirOrder(_ columns: Int, _ threads: Int) {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: threads)
        let x = SpacedMatrix(Self.ids.count, columns, padding: 2, random: "gradient")
        var table = randoms(Self.tableRows * columns, "sum")
        var expected = table
        scatterAddRows(of: x.view, ids: Self.ids, into: &table)
        for (row, id) in Self.ids.enumerated() {
            for column in 0..<columns {
                expected[Int(id) * columns + column] += Float(x[row, column])
            }
        }
        #expect(table == expected)
    }
}
