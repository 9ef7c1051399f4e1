import Records
import StreamIO
import TestSupport
import Testing
import Tokenization

/// Whole `tokenizer.json` files of the kinds that models come with. Ids and texts are those of the
/// Python package `tokenizers` 0.23.
@Suite("Tokenizer files of the published kinds")
struct PublishedKindTests {
    private static let kinds = ["llama3", "qwen2", "o200k", "smollm", "gemma", "llama2"]

    private struct Cases: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
            let decoded: String
        }
        let cases: [Case]
    }

    private func load(_ kind: String, end: String? = nil) throws -> Tokenizer {
        try Corpus.withDirectory { directory in
            if let end {
                try Corpus.write(
                    "{\"eos_token\": \"\(end)\"}", to: directory + "/tokenizer_config.json")
            }
            try writeFile(
                directory + "/tokenizer.json", Oracles.bytes("tokenizers/\(kind).json.zst"))
            return try Tokenizer.load(directory: directory)
        }
    }

    private func expectCases(_ kind: String, _ tokenizer: Tokenizer) throws {
        let cases = try Oracles.decode(Cases.self, from: "tokenizers/\(kind).cases.json").cases
        #expect(cases.count > 100)
        for expected in cases {
            let encoding = try tokenizer.encoding(
                of: expected.text, EncodingOptions(specialTokens: .allow))
            #expect(encoding.ids == expected.ids, "\(kind): \(expected.text.debugDescription)")
            let decoded = try tokenizer.decode(expected.ids, skipsSpecialTokens: false)
            #expect(
                decoded.utf8.elementsEqual(expected.decoded.utf8),
                "\(kind): \(expected.text.debugDescription)")
        }
    }

    @Test("Every id and every decoded text", arguments: kinds)
    func oracles(kind: String) throws { try expectCases(kind, load(kind)) }

    @Test("What is written reads back as the same tokenizer", arguments: kinds)
    func written(kind: String) throws {
        try Corpus.withDirectory { directory in
            try load(kind).writeTokenizerJSON(toDirectory: directory)
            try expectCases(kind, Tokenizer.load(directory: directory))
        }
    }

    @Test("The frame of a template post-processor is added if asked for")
    func frame() throws {
        let tokenizer = try load("llama3")
        let plain = tokenizer.encode("the cat")
        let options = EncodingOptions(addsSpecialTokens: true)
        #expect(try tokenizer.encoding(of: "the cat", options).ids == [1] + plain)
        #expect(try load("qwen2").encoding(of: "the cat", options).ids == plain)
    }

    @Test(
        "Data never turns into special tokens, but bytes without a token of their own do into theirs"
    )
    func specials() throws {
        #expect(try load("llama3").encode("<|begin|>").contains(1) == false)
        let tokenizer = try load("llama2")
        #expect(tokenizer.encode("<bos>").contains(2) == false)
        let ids = tokenizer.encode("é").suffix(2)
        let expected: [Int32] = [4 + 0xC3, 4 + 0xA9]
        #expect(Array(ids) == expected)
    }

    @Test("Prompts begin as the model expects it, if asked for, and keep that when they are cut")
    func framedPrompts() throws {
        let tokenizer = try load("llama3")
        let record: JSONObject = ["prompt": .string("the cat"), "response": .string("sat")]
        var options = RecordTokenizer.Options()
        options.template = .plain
        func promptIDs(_ limit: Int?) throws -> [Int32] {
            options.maximumPromptTokens = limit
            let worker = try RecordTokenizer(load("llama3", end: "<|endoftext|>"), options)
            let location = SourceLocation(file: "in.jsonl", line: 1)
            let made = try worker.tokenize(
                Record(fields: record, location: location, defaultID: "1")
            ).record
            return try #require(made).tokenIDs("prompt_ids")
        }
        let plain = tokenizer.encode("the cat")
        #expect(try promptIDs(nil) == plain)
        options.addsSpecialTokens = true
        #expect(try promptIDs(nil) == [1] + plain)
        #expect(try promptIDs(2) == [1] + plain.suffix(1))
    }
}
