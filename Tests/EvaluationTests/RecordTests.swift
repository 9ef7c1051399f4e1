import Evaluation
import Records
import StreamIO
import Testing

private func record(_ json: String) throws -> Record {
    guard case .object(let fields) = try JSONValue(parsing: Array(json.utf8)) else {
        throw RecordError.malformed(location: nil, reason: "no object")
    }
    return try Record(
        fields: fields, location: SourceLocation(file: "f.jsonl", line: 7), defaultID: "7")
}

/// One dimension for each of the letters x and y; texts of more than eight characters are cut.
private func embed(_ texts: [String]) -> (vectors: [Float], truncated: [Bool]) {
    (
        texts.flatMap { text in
            ["x", "y"].map { letter in Float(text.count { String($0) == letter }) }
        },
        texts.map { $0.count > 8 }
    )
}

@Suite struct RecordRankingTests {
    @Test("records get similarities, a ranking and the truncation flag; the rest stays")
    func ranks() throws {
        var ranker = RecordRanker()
        let ranked = try ranker.rank(
            [
                record(
                    #"{"id":"a","response":"x","k":1,"truncated":true,"negatives":[{"kind":"an","#
                        + #""text":"y","z":2},{"text":""},{"text":"xy"},{"text":"xx"}]}"#),
                record(#"{"id":"b","response":"x","negatives":[{"text":"yyyyyyyyyy"}]}"#),
            ], embed: embed)
        #expect(try ranked[0].ranking(candidates: 5) == [0, 4, 3, 1, 2])
        let negatives = try ranked[0].negatives()
        #expect(negatives.map(\.similarity) == [0, 0, 0.5.squareRoot(), 1])
        #expect(negatives[0]["z"] == .integer(2))
        #expect(negatives[0].kind == "an")
        #expect(ranked[0]["k"] == .integer(1))
        #expect(ranked[0]["truncated"] == nil)
        #expect(ranked[1]["truncated"] == .bool(true))
        #expect(ranker.truncatedCount == 1)
        #expect(ranker.negativeCount == 5)
    }

    @Test("a strict ranker refuses what would be cut")
    func strict() throws {
        let long = try record(#"{"id":"b","response":"x","negatives":[{"text":"yyyyyyyyyy"}]}"#)
        var ranker = RecordRanker(strictLimit: 8)
        let error = #expect(throws: RecordError.self) { try ranker.rank([long], embed: embed) }
        #expect(error?.description.contains("at most 8 tokens") == true)
    }

    @Test(
        "records that cannot be ranked are named by file and line",
        arguments: [
            #"{"negatives":[]}"#, #"{"response":"","negatives":[]}"#, #"{"response":"x"}"#,
            #"{"response":"x","negatives":[{"ids":[1]}]}"#,
            #"{"response":"x","negatives":[{"text":3}]}"#,
        ])
    func refuses(json: String) throws {
        let bad = try record(json)
        let error = #expect(throws: RecordError.self) { try RecordRanker.candidates(of: bad) }
        #expect(error?.description.hasPrefix("f.jsonl:7: ") == true)
    }
}

@Suite struct ComparisonTests {
    @Test("an output against the record's own response")
    func ownResponse() throws {
        let comparison = try Comparison(
            outputAgainstResponseOf: record(
                #"{"id":"1","instruction":"Why?","context":"Rain.","prompt":"Q: Why?","#
                    + #""output":"o p","output_ids":[1,2,3],"response":"r"}"#))
        #expect(comparison.query == "Why?\n\nRain.")
        #expect(comparison.prompt == "Q: Why?")
        #expect(comparison.a == "o p" && comparison.b == "r")
        #expect(comparison.reference == nil)
        #expect(comparison.aTokens == 3 && comparison.bTokens == nil)
        #expect(throws: RecordError.self) {
            try Comparison(outputAgainstResponseOf: record(#"{"prompt":"p","response":"r"}"#))
        }
    }

    @Test("two systems' outputs, judged against the ground truth of the first")
    func twoSystems() throws {
        let first = try record(
            #"{"id":"1","prompt":"p","context":"","instruction":"i","output":"x","response":"t"}"#)
        let second = try record(#"{"id":"1","prompt":"p","response":"y","response_ids":[4]}"#)
        let comparison = try Comparison(first, second)
        #expect(comparison.query == "i")
        #expect(comparison.a == "x" && comparison.b == "y" && comparison.reference == "t")
        #expect(comparison.bTokens == 1)
        let chosen = try Comparison(
            first, second, fields: ComparisonFields(a: "response", b: "prompt", query: "output"))
        #expect(chosen.a == "t" && chosen.b == "p" && chosen.query == "x")
        #expect(chosen.reference == nil)
    }

    @Test("the text that somebody wrote")
    func writtenText() throws {
        #expect(try record(#"{"text":"t"}"#).writtenText() == "t")
        #expect(try record(#"{"text":"t","response":"r"}"#).writtenText() == "r")
        #expect(try record(#"{"output":"","response":"r"}"#).writtenText() == "")
        #expect(try record(#"{"output":"o","response":"r"}"#).writtenText(author: .person) == "r")
        #expect(try record(#"{"output":"o","text":"t"}"#).writtenText(author: .person) == "t")
        #expect(try record(#"{"a":"b"}"#).writtenText(field: "a") == "b")
        #expect(throws: RecordError.self) { try record(#"{"a":"b"}"#).writtenText() }
        #expect(throws: RecordError.self) { try record(#"{"output":1}"#).writtenText() }
    }
}
