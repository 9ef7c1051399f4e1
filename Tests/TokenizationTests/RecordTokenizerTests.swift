import Records
import StreamIO
import Testing
import Tokenization

@Suite("Token records")
struct RecordTokenizerTests {
    private func tokenize(
        _ fields: [String: JSONValue],
        _ change: (inout RecordTokenizer.Options) -> Void = { _ in }
    ) throws -> (record: Record?, counts: RecordTokenizer.Counts) {
        var options = RecordTokenizer.Options()
        change(&options)
        return try RecordTokenizer(try Corpus.learnt(), options).tokenize(
            Record(
                fields: fields, location: SourceLocation(file: "in.jsonl", line: 3),
                defaultID: "3"))
    }

    private let pair: [String: JSONValue] = [
        "prompt": .string("the cat"), "response": .string("sat on the mat"), "extra": .bool(true),
    ]

    @Test("Prompt and response apart, one end of sequence, other fields kept")
    func wholeRecord() throws {
        let tokenizer = try Corpus.learnt()
        let record = try #require(try tokenize(pair).record)
        #expect(try record.tokenIDs("prompt_ids") == tokenizer.encode("the cat"))
        #expect(try record.tokenIDs("response_ids") == tokenizer.encode("sat on the mat") + [0])
        #expect(record["extra"] == .bool(true))
        #expect(record.id == "3")
    }

    @Test("A record tokenized again is the same record")
    func idempotent() throws {
        let once = try #require(try tokenize(pair).record)
        #expect(try tokenize(once.fields).record == once)
    }

    @Test("The end of sequence stands once, whatever the text ends in")
    func oneEnd() throws {
        for policy in [SpecialTokenPolicy.allow, .asText] {
            let (record, counts) = try tokenize([
                "prompt": .string("p"), "response": .string("r<|endoftext|><|endoftext|>"),
            ]) { $0.specialTokens = policy }
            let ids = try #require(record).tokenIDs("response_ids")
            #expect(ids.count { $0 == 0 } == 1 && ids.last == 0)
            #expect(counts.specialTokens == 2)
        }
    }

    @Test("A truncated response has no end, a truncated prompt keeps its last tokens")
    func truncation() throws {
        let whole = try #require(try tokenize(pair).record)
        let prompt = try whole.tokenIDs("prompt_ids")
        let response = try whole.tokenIDs("response_ids")
        let (record, counts) = try tokenize(pair) {
            $0.maximumPromptTokens = prompt.count - 1
            $0.maximumResponseTokens = response.count - 1
        }
        let cut = try #require(record)
        #expect(try cut.tokenIDs("prompt_ids") == Array(prompt.dropFirst()))
        #expect(try cut.tokenIDs("response_ids") == Array(response.dropLast()))
        #expect(counts.promptsTruncated == 1 && counts.responsesTruncated == 1)
        let fits = try tokenize(pair) { $0.maximumResponseTokens = response.count }
        #expect(fits.record == whole && fits.counts.responsesTruncated == 0)
        // The text is that of the ids.
        let tokenizer = try Corpus.learnt()
        #expect(try cut.string("response") == tokenizer.decode(cut.tokenIDs("response_ids")))
    }

    @Test("Too long can mean dropped or an error")
    func overlong() throws {
        let dropped = try tokenize(pair) {
            $0.maximumResponseTokens = 2
            $0.onOverlong = .drop
        }
        #expect(dropped.record == nil && dropped.counts.overlong == 1)
        let error = #expect(throws: RecordError.self) {
            try tokenize(pair) {
                $0.maximumPromptTokens = 1
                $0.onOverlong = .error
            }
        }
        #expect(error?.description.hasPrefix("in.jsonl:3: prompt too long (got") == true)
    }

    @Test(
        "Bad records",
        arguments: [
            ["prompt": .string("p"), "response": .string("")], ["prompt": .string("p")],
            ["prompt": .string("p"), "response": .integer(1)], ["response": .string("r")],
            ["instruction": .null, "response": .string("r")], ["other": .string("x")],
            ["text": .bool(true)],
        ] as [[String: JSONValue]])
    func bad(fields: [String: JSONValue]) throws {
        let error = #expect(throws: RecordError.self) { try tokenize(fields) }
        #expect(error?.description.hasPrefix("in.jsonl:3: ") == true)
        #expect(error?.description.contains("expected") == true)
    }

    @Test("A text is cut by length; one that ends inside the continuation has an end")
    func cutText() throws {
        let tokenizer = try Corpus.learnt()
        let text = "the cat sat on the mat and the rat"
        let ids = tokenizer.encode(text)
        func cut(_ prefix: Int, _ continuation: Int) throws -> (
            record: Record?, RecordTokenizer.Counts
        ) {
            try tokenize(["text": .string(text)]) {
                $0.prefixTokens = prefix
                $0.continuationTokens = continuation
            }
        }
        let inside = try #require(try cut(3, 4).record)
        #expect(try inside.tokenIDs("prompt_ids") == Array(ids[..<3]))
        #expect(try inside.tokenIDs("response_ids") == Array(ids[3..<7]))
        #expect(
            try inside.string("prompt") + inside.string("response") == tokenizer.decode(ids[..<7]))
        let end = try #require(try cut(3, 100).record)
        #expect(try end.tokenIDs("response_ids") == Array(ids[3...]) + [0])
        let exact = try #require(try cut(3, ids.count - 3).record)
        #expect(try exact.tokenIDs("response_ids") == Array(ids[3...]))
        let short = try cut(ids.count, 4)
        #expect(short.record == nil && short.1.tooShort == 1)
    }

    @Test("A field's ids, nothing else needed")
    func field() throws {
        let tokenizer = try Corpus.learnt()
        let record = try #require(
            try tokenize(["t": .string("naïve cat")]) {
                $0.field = "t"
                $0.recordsOffsets = true
            }.record)
        #expect(try record.tokenIDs("ids") == tokenizer.encode("naïve cat"))
        #expect(Set(record.fields.keys) == ["id", "ids", "offsets", "t"])
        let decoded = try RecordDecoder(tokenizer).decode(record)
        #expect(try decoded.string("text") == "naïve cat")
    }

    @Test("Decoding token records")
    func decoding() throws {
        let tokenizer = try Corpus.learnt()
        var record = try #require(try tokenize(pair).record)
        record["prompt"] = nil
        record["response"] = nil
        let decoded = try RecordDecoder(tokenizer).decode(record)
        #expect(try decoded.string("prompt") == "the cat")
        #expect(try decoded.string("response") == "sat on the mat")
        let kept = try RecordDecoder(tokenizer, field: "response_ids", keepsSpecialTokens: true)
            .decode(record)
        #expect(try kept.string("response") == "sat on the mat<|endoftext|>")
        #expect(throws: RecordError.self) {
            try RecordDecoder(tokenizer).decode(Record(id: "x"))
        }
    }

    @Test("Any number of threads, the same records in the same order")
    func threads() throws {
        let worker = try RecordTokenizer(try Corpus.learnt(), RecordTokenizer.Options())
        let batch = (0..<500).map { number in
            Record(
                id: "\(number)",
                fields: [
                    "prompt": .string(Corpus.lines[number % Corpus.lines.count]),
                    "response": .string("the \(number) cats"),
                ])
        }
        let one = try worker.tokenize(batch, threads: 1)
        for threads in [2, 3, 8] {
            let many = try worker.tokenize(batch, threads: threads)
            #expect(many.records == one.records)
            #expect(many.counts == one.counts)
        }
        #expect(one.records.map(\.id) == batch.map(\.id))
    }

    @Test("The first bad record is the one reported, whatever the threads")
    func firstError() throws {
        let worker = try RecordTokenizer(try Corpus.learnt(), RecordTokenizer.Options())
        var batch = (0..<100).map { Record(id: "\($0)", fields: pair) }
        for number in [17, 60, 99] {
            batch[number].location = SourceLocation(file: "f", line: number)
            batch[number]["response"] = .string("")
        }
        for threads in [1, 4] {
            let error = #expect(throws: RecordError.self) {
                try worker.tokenize(batch, threads: threads)
            }
            #expect(error?.description.hasPrefix("f:17:") == true)
        }
    }
}
