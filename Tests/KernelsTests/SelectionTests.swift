import Kernels
import Testing

/// Largest elements, with ties wherever they can be.
@Suite struct SelectionTests {
    /// Few different values, so that most ranks are ties.
    private func logits(_ count: Int) -> [Float] {
        (0..<count).map { Float(($0 * 7919 + count) % 23) - 11 }
    }

    @Test(arguments: oddSizes)
    func everyRankIsThatOfASort(_ count: Int) {
        let x = logits(count)
        let sorted = x.sorted(by: >)
        for rank in 1...count where rank < 40 || rank % 61 == 0 || rank == count {
            #expect(largestElement(x, rank: rank, count: count) == sorted[rank - 1])
        }
        let ascending = Array(sorted.reversed())
        #expect(largestElement(ascending, rank: 1, count: count) == sorted[0])
        #expect(largestElement(sorted, rank: count, count: count) == sorted[count - 1])
    }

    @Test(arguments: oddSizes)
    func theFirstOfEqualsIsTheMaximum(_ count: Int) {
        for place in [0, count / 3, count / 2, count - 1] {
            var x = logits(count)
            for index in place..<count where (index - place) % 5 == 0 { x[index] = 50 }
            #expect(indexOfMaximum(x, count: count) == place)
        }
        #expect(indexOfMaximum([Float](repeating: -.infinity, count: count), count: count) == 0)
    }

    @Test(arguments: oddSizes)
    func indicesAboveAThresholdAscendAndHoldTies(_ count: Int) {
        let x = logits(count)
        for threshold in [-12, -3, 4, 11, 12] as [Float] {
            let expected = x.indices.filter { x[$0] >= threshold }.map { Int32($0) }
            #expect(indices(of: x, atLeast: threshold, count: count) == expected)
        }
    }
}
