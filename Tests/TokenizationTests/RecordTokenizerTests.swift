import Records
import StreamIO
import Testing
import Tokenization

@Suite("Token records")
struct RecordTokenizerTests {
    private func tokenize(
        _ fields: JSONObject,
        _ change: (inout RecordTokenizer.Options) -> Void = { _ in }
    ) throws -> (record: Record?, counts: RecordTokenizer.Counts) {
        var options = RecordTokenizer.Options()
        change(&options)
        return try RecordTokenizer(try Corpus.learnt(), options).tokenize(
            Record(
                fields: fields, location: SourceLocation(file: "in.jsonl", line: 3),
                defaultID: "3"))
    }

    private let pair: JSONObject = [
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
        ] as [JSONObject])
    func bad(fields: JSONObject) throws {
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

    /// Lines are worked on as they stand, records as values; both must say the same.
    @Test("A line becomes what its record becomes")
    func lineIsRecord() throws {
        let lines = (Corpus.nasty + Corpus.lines).enumerated().map { number, text in
            Record(
                id: "\(number)",
                fields: [
                    "instruction": .string(text), "response": .string(text + "."),
                    "context": [.null, .string(""), .string(text)][number % 3],
                    "text": .string(text), "kept": .array([.number(0.1), .string(text)]),
                    "prompt_ids": .integers([7]), "zé": .bool(true),
                ])
        }
        var pair = RecordTokenizer.Options()
        pair.maximumResponseTokens = 12
        var field = RecordTokenizer.Options()
        field.field = "text"
        field.recordsOffsets = true
        var cut = RecordTokenizer.Options()
        cut.cutsText = true
        cut.prefixTokens = 2
        cut.continuationTokens = 5
        for options in [pair, field, cut] {
            let worker = try RecordTokenizer(try Corpus.learnt(), options)
            var expected: [Record] = []
            var counts = RecordTokenizer.Counts()
            for record in lines {
                let (made, own) = try worker.tokenize(record)
                counts += own
                if let made { expected.append(made) }
            }
            for threads in [1, 3] {
                let (records, sum) = try Self.pipe(lines, worker, threads: threads)
                #expect(records == expected)
                #expect(sum == counts)
            }
        }
    }

    @Test("The first bad record is the one reported, and what comes before it is done")
    func firstError() throws {
        let worker = try RecordTokenizer(try Corpus.learnt(), RecordTokenizer.Options())
        var lines = (0..<100).map { Record(id: "\($0)", fields: pair) }
        for number in [17, 60, 99] { lines[number]["response"] = .string("") }
        for threads in [1, 4] {
            let error = #expect(throws: RecordError.self) {
                try Self.pipe(lines, worker, threads: threads)
            }
            #expect(error?.description.contains("/in:18: empty response") == true)
            let (records, _) = try Self.pipe(lines, worker, threads: threads, skipsBad: true)
            #expect(
                records.map(\.id) == lines.map(\.id).filter { !["17", "60", "99"].contains($0) })
        }
    }

    /// Writes records to a file, tokenizes it, and reads what comes out.
    private static func pipe(
        _ records: [Record], _ worker: RecordTokenizer, threads: Int, skipsBad: Bool = false
    ) throws -> (records: [Record], counts: RecordTokenizer.Counts) {
        try Corpus.withDirectory { directory in
            var input = try RecordWriter(path: directory + "/in", plain: true)
            for record in records { try input.write(record) }
            try input.finish()
            var reader = try RecordReader(
                paths: [directory + "/in"], options: .init(skipsBad: skipsBad))
            var output = try RecordWriter(path: directory + "/out", compressionThreads: threads)
            var counts = RecordTokenizer.Counts()
            try reader.forEachBlock(threads: threads) { block in
                worker.tokenize(block, skipsBad: skipsBad)
            } deliver: { reader, block in
                try output.write(lines: block.lines, records: block.written)
                for failure in block.failures { try reader.skip(failure) }
                counts += block.counts
            }
            try output.finish()
            var result = try RecordReader(paths: [directory + "/out"])
            return (try result.all(), counts)
        }
    }
}
