import Locks
import Records
import StreamIO
import TestSupport
import Testing

private func read(
    _ text: String, _ options: RecordReader.Options = .init(allowsEmpty: true)
) throws -> (records: [Record], skipped: Int) {
    try withTemporaryDirectory { directory in
        try writeFile("\(directory)/in", text)
        var reader = try RecordReader(paths: ["\(directory)/in"], options: options)
        let records = try reader.all()
        return (records, reader.skipped)
    }
}

@Suite struct RecordTests {
    @Test func roundTripChangesNothing() throws {
        let lines = [
            #"{"a":[],"b":{"c":null,"d":[1,2.5]},"id":"x","response_ids":[1,2,3],"z":true}"#,
            #"{"id":"y","negatives":[{"extra":{"k":1},"ids":[4],"kind":"an","logprob":-3}]}"#,
        ]
        try withTemporaryDirectory { directory in
            for (name, isPlain) in [("o.jsonl", true), ("o.jsonl.zst", false), ("o", false)] {
                let (records, _) = try read(lines.joined(separator: "\n") + "\n")
                var writer = try RecordWriter(path: "\(directory)/\(name)")
                for var record in records {
                    // Decoding and storing negatives keeps what they hold.
                    if let negatives = try record.optionalNegatives() {
                        record.setNegatives(negatives)
                    }
                    try writer.write(record)
                }
                #expect(!namesInDirectory(directory).contains(name), "visible before it is whole")
                try writer.finish()
                let bytes = try readFile("\(directory)/\(name)")
                #expect((bytes == Array((lines.joined(separator: "\n") + "\n").utf8)) == isPlain)
                var reader = try RecordReader(paths: ["\(directory)/\(name)"])
                #expect(try reader.all() == records)
            }
        }
    }

    @Test func ids() throws {
        let (records, _) = try read("\u{FEFF}{}\n\n{\"id\":7}\r\n{\"id\":\"s\"}\n  \n{\"id\":null}")
        #expect(records.map(\.id) == ["1", "7", "s", "6"])
        #expect(records.map { $0.location?.line } == [1, 3, 4, 6])
        let error = #expect(throws: RecordError.self) { try read(#"{"id":[1]}"#) }
        #expect(
            error?.description.hasSuffix(
                #":1: field "id" (got array of integers, expected string)"#) == true)
    }

    /// Blocks end where a read of the file ends, anywhere.
    @Test func longAndShortLines() throws {
        let lengths = (0..<300).map { $0 * $0 * 37 % 5000 } + [700_000, 0, 300_000, 1]
        let lines = lengths.map {
            #"{"id":"x","text":""# + String(repeating: "t", count: $0) + "\"}"
        }
        let (records, _) = try read(lines.joined(separator: "\n"))
        #expect(try records.map { try $0.string("text").utf8.count } == lengths)
        #expect(records.map { $0.location?.line } == Array(1...lengths.count))
    }

    /// Line numbers go on through all files, so that made-up ids stay unique.
    @Test func idsAcrossFiles() throws {
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/a", "{}\n{}\n")
            try writeFile("\(directory)/b", "{}\n")
            var reader = try RecordReader(paths: ["\(directory)/a", "\(directory)/b"])
            let records = try reader.all()
            #expect(records.map(\.id) == ["1", "2", "3"])
            #expect(records.last?.location?.description == "\(directory)/b:1")
        }
    }

    @Test func tornLineNamesFileAndLine() throws {
        let text = "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c"
        let error = #expect(throws: RecordError.self) { try read(text) }
        #expect(error?.description.contains("/in:3: not valid JSON at byte 7 (got the end") == true)
        #expect(error?.exitStatus == .badData)
        let array = #expect(throws: RecordError.self) { try read("[1]") }
        #expect(array?.description.contains("got array of integers, expected object") == true)
    }

    @Test func skipsBadRecords() throws {
        let seen = Mutex<[String]>([])
        let options = RecordReader.Options(
            skipsBad: true, onSkipped: { error in seen.withLock { $0.append(error.description) } })
        let (records, skipped) = try read("{\"a\":1}\nrubbish\n{\"a\":2}\n{\"id\":{}}\n", options)
        #expect(records.map(\.id) == ["1", "3"])
        #expect(skipped == 2)
        #expect(seen.withLock { $0.count } == 2)
    }

    @Test func emptyInputIsAnErrorUnlessAllowed() throws {
        for text in ["", "\n \n"] {
            let error = #expect(throws: RecordError.self) { try read(text, .init()) }
            #expect(error?.exitStatus == .badData)
            #expect(try read(text).records.isEmpty)
        }
    }

    /// Shards part the records, whether they are counted from 0 or from 1, and bad lines of other
    /// shards do not matter.
    @Test(arguments: [0, 1], [1, 2, 3, 7]) func shards(_ first: Int, _ count: Int) throws {
        let text = (1...20).map { "{\"n\":\($0)}\n" }.joined(separator: "\n")
        var seen: [String] = []
        for index in first..<first + count {
            let shard = try #require(Shard("\(index)/\(count)"))
            let ids = try read(text, .init(shard: shard)).records.map(\.id)
            #expect(ids.count >= 20 / count && ids.count <= 20 / count + 1)
            seen += ids
        }
        #expect(Set(seen) == Set(try read(text).records.map(\.id)))
        #expect(seen.count == 20)
    }

    @Test(arguments: ["", "1", "4/3", "-1/3", "1/0", "1/2/3", "a/2", "1/"])
    func badShards(_ text: String) { #expect(Shard(text) == nil) }

    @Test func fieldErrors() throws {
        var record = Record(id: "x", fields: ["response_ids": .string("no"), "n": .integer(3)])
        record.location = SourceLocation(file: "f.jsonl", line: 9)
        let wrong = #expect(throws: RecordError.self) { try record.tokenIDs("response_ids") }
        #expect(
            wrong?.description
                == #"f.jsonl:9: field "response_ids" (got string, expected array of integers)"#)
        let missing = #expect(throws: RecordError.self) { try record.tokenIDs("prompt_ids") }
        #expect(
            missing?.description
                == #"f.jsonl:9: field "prompt_ids" (got nothing, expected array of integers)"#)
        #expect(missing?.hint == "token records come out of tokenize")
        #expect(try record.number("n") == 3)
        #expect(try record.optionalTokenIDs("none") == nil)
        record["ids"] = .integers([1, -1])
        #expect(throws: RecordError.self) { try record.tokenIDs("ids") }
        record["ids"] = .array([.integer(1 << 40)])
        #expect(throws: RecordError.self) { try record.tokenIDs("ids") }
        record.setTokenIDs("ids", [])
        #expect(try record.tokenIDs("ids") == [])
    }

    @Test func rankings() throws {
        var record = Record(id: "x")
        #expect(try record.optionalRanking(candidates: 3) == nil)
        record.setRanking([0, 2, 1])
        #expect(try record.ranking(candidates: 3) == [0, 2, 1])
        for bad in [[1, 0, 2], [0, 1], [0, 1, 1], [0, 1, 3]] {
            record.setRanking(bad)
            #expect(throws: RecordError.self) { try record.ranking(candidates: 3) }
        }
    }

    @Test func negativeFieldErrors() throws {
        var record = Record(id: "x")
        record["negatives"] = .array([.object(["kind": .string("an"), "ids": .string("no")])])
        let error = #expect(throws: RecordError.self) { try record.negatives() }
        #expect(error?.description.contains("\"negatives[0].ids\" (got string") == true)
        record["negatives"] = .integers([1])
        #expect(throws: RecordError.self) { try record.negatives() }
    }

    @Test func fullDisk() throws {
        let error = #expect(throws: StreamError.self) {
            var writer = try RecordWriter(path: "/dev/full", plain: true)
            try writer.write(Record(id: "x"))
            try writer.finish()
        }
        #expect(error?.exitStatus == .inputOutput)
    }

    @Test func nonFiniteNumbersAreRefused() throws {
        try withTemporaryDirectory { directory in
            let error = #expect(throws: RecordError.self) {
                var writer = try RecordWriter(path: "\(directory)/o.jsonl")
                try writer.write(Record(id: "x", fields: ["score": .number(.nan)]))
            }
            #expect(error?.description.contains("\"score\"") == true)
            #expect(namesInDirectory(directory).isEmpty)
        }
    }
}
