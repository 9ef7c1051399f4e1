import Evaluation
import Records
import StreamIO
import TestSupport
import Testing

@Suite struct SideTextsTests {
    private let long = [String](repeating: "word", count: 20).joined(separator: " ")

    private func side(_ texts: String...) -> SideTexts {
        SideTexts(texts.enumerated().map { TextOfRecord(id: "\($0)", text: $1) })
    }

    @Test("empty texts are left out, of pairs both")
    func emptyTexts() throws {
        let one = side("a b", "", "c")
        #expect(one.texts == ["a b", "c"] && one.emptyCount == 1)
        let pairs = try SideTexts.pairs(
            [.init(id: "x", text: "p x"), .init(id: "y", text: ""), .init(id: "z", text: "p z")],
            [
                .init(id: "z", text: "q z"), .init(id: "x", text: "q x"),
                .init(id: "y", text: "q y"),
            ],
            names: ("P", "Q"))
        #expect(pairs.p.texts == ["p x", "p z"] && pairs.p.emptyCount == 1)
        #expect(pairs.q.texts == ["q x", "q z"] && pairs.q.emptyCount == 0)
    }

    @Test("texts without a partner are named")
    func unpaired() {
        #expect(throws: EvaluationError.join(problem: "ids of P missing in Q", ids: ["x"])) {
            try SideTexts.pairs([.init(id: "x", text: "p")], [], names: ("P", "Q"))
        }
    }

    @Test("files of one side, of both, and of both in one file")
    func files() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/texts.jsonl"
            try writeFile(
                path,
                """
                {"id":"x","response":"person","output":"model","note":"other"}

                """)
            let both = try SideTexts.read(p: path, q: path, fields: (nil, nil), inPairs: true)
            #expect(both.p?.texts == ["person"] && both.q?.texts == ["model"])
            let one = try SideTexts.read(p: nil, q: path, fields: ("x", "note"), inPairs: false)
            #expect(one.p == nil && one.q?.texts == ["other"])
            #expect(throws: RecordError.self) {
                try SideTexts.read(p: path, q: nil, fields: ("none", nil), inPairs: false)
            }
        }
    }

    @Test("short texts, empty ones and different lengths are warned of")
    func warnings() {
        #expect(SideTexts.warnings(p: side(long), q: side(long), lengthsMatch: false).isEmpty)
        let short = SideTexts.warnings(p: nil, q: side("a b", ""), lengthsMatch: false)
        #expect(short.count == 2)
        #expect(short.first == "1 empty texts of q left out")
        #expect(short.last?.contains("texts of q are short (mean 2.0 words)") == true)
        let longer = side(long + " " + long)
        let different = SideTexts.warnings(p: side(long), q: longer, lengthsMatch: false)
        #expect(different.count == 1)
        #expect(different.first?.contains("(20.0 and 40.0 words)") == true)
        #expect(SideTexts.warnings(p: side(long), q: longer, lengthsMatch: true).isEmpty)
    }

    @Test("what cutting pairs leaves is described, and warned of where it is short")
    func lengthMatch() throws {
        var p = [[Int32](repeating: 1, count: 30), [1, 2]]
        var q = [[Int32](repeating: 1, count: 40), [1]]
        let match = try LengthMatch(cutting: &p, &q)
        #expect(
            match.line == "2 pairs cut to the same length: 1 texts of p, 1 of q; mean tokens 16.0 "
                + "and 20.5, now 15.5")
        #expect(match.warnings.count == 1)
        guard case .object(let fields) = match.json else { return #expect(Bool(false)) }
        #expect(fields["p_cut"] == .integer(1) && fields["pairs"] == .integer(2))
    }
}

@Suite struct HistogramRecordTests {
    @Test("a record's histograms are compared under its id")
    func compared() throws {
        let record = Record(
            id: "x", fields: ["p": .array([.number(0.5), .number(0.5)]), "q": .integers([1, 1])])
        let fields = try DivergenceFrontier.json(of: record, scalingFactor: 5)
        #expect(fields["id"] == .string("x") && fields["buckets"] == .integer(2))
        #expect(fields["mauve"] == .number(1))
    }

    @Test("what is no histogram is the record's fault, a bad scale the user's")
    func faults() {
        let record = Record(id: "x", fields: ["p": .integers([1, -1]), "q": .integers([1, 1])])
        #expect(throws: RecordError.self) {
            try DivergenceFrontier.json(of: record, scalingFactor: 5)
        }
        let good = Record(id: "x", fields: ["p": .integers([1, 1]), "q": .integers([1, 1])])
        #expect(throws: EvaluationError.self) {
            try DivergenceFrontier.json(of: good, scalingFactor: 0)
        }
    }
}
