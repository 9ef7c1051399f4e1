import Evaluation
import StreamIO
import Testing

@Suite struct LengthMatchTests {
    @Test("both texts of a pair get the length of the shorter one, from their beginning")
    func cutsPairs() throws {
        var p: [[Int32]] = [[1, 2, 3, 4], [5], [6, 7], []]
        var q: [[Int32]] = [[8, 9], [10, 11, 12], [13, 14], [15]]
        let match = try LengthMatch(cutting: &p, &q)
        #expect(p == [[1, 2], [5], [6, 7], []])
        #expect(q == [[8, 9], [10], [13, 14], []])
        #expect(match.pairs == 4 && match.cutP == 1 && match.cutQ == 2)
        #expect(match.lengthsP.mean == 1.75 && match.lengthsQ.mean == 2)
        #expect(match.lengths == LengthSummary([2, 1, 2, 0]))
        #expect(match.lengths.quantiles == [0, 0, 1, 2, 2])
    }

    @Test("sides of different sizes are no pairs")
    func differentSizes() {
        var p: [[Int32]] = [[1]]
        var q: [[Int32]] = []
        #expect(throws: EvaluationError.self) { _ = try LengthMatch(cutting: &p, &q) }
        #expect(p == [[1]])
        #expect(LengthSummary([]).mean == 0 && LengthSummary([]).quantiles.isEmpty)
    }

    @Test("the signature says so, and only then")
    func signature() throws {
        let features = try FeatureSet(
            values: (0..<80).map { Float(($0 * 37) % 11) - 5 }, width: 2)
        var options = MauveOptions()
        options.buckets = 2
        let plain = try MauveScore(p: features, q: features, options: options)
        #expect(!plain.signature(version: "1").contains("length"))
        options.matchesLengths = true
        let matched = try MauveScore(p: features, q: features, options: options)
        #expect(matched.signature(version: "1").hasSuffix("|seeds:5|length:matched|v:1"))
        #expect(matched.json(version: "1")["mauve"] == plain.json(version: "1")["mauve"])
    }
}
