import Kernels
import Testing
import Transformer

@Suite struct RowRunsTests {
    @Test func smallLists() {
        #expect(rowRuns([], limit: 4).isEmpty)
        #expect(rowRuns([9], limit: 4) == [0..<1])
        #expect(rowRuns([2, 2, 2], limit: 4) == [0..<2, 2..<3])
        #expect(rowRuns([1, 9, 1, 3], limit: 4) == [0..<1, 1..<2, 2..<4])
        #expect(rowRuns([0, 0, 4, 0, 1], limit: 4) == [0..<4, 4..<5])
    }

    /// All elements in order, no run beyond the limit but single elements, none that the next would fit in.
    @Test func runsAreWholeAndAsLongAsCanBe() {
        var random = RandomStream(seed: 7, name: "row runs")
        for _ in 0..<200 {
            let limit = 1 + random.integer(below: 20)
            let counts = (0..<random.integer(below: 30)).map { _ in random.integer(below: 25) }
            let runs = rowRuns(counts, limit: limit)
            #expect(runs.flatMap(Array.init) == Array(counts.indices))
            func rows(_ range: Range<Int>) -> Int { counts[range].reduce(0, +) }
            #expect(runs.allSatisfy { $0.count == 1 || rows($0) <= limit })
            for run in runs.dropLast() { #expect(rows(run) + counts[run.upperBound] > limit) }
        }
    }
}
