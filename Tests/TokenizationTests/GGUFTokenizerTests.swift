import Testing
import Tokenization

/// Tokenizers from the metadata of GGUF files, and what is written of them.
@Suite("Tokenizers of GGUF files")
struct GGUFTokenizerTests {
    /// Byte-level BPE of five tokens, of which one more pads.
    private func bytePairs(
        pre: String?, types: [Int32] = [3, 1, 1, 1, 4, 5], end: Int32 = 0
    ) throws(TokenizationError) -> Tokenizer {
        var parts = GGUFTokenizerParts(
            model: "gpt2", tokens: ["<end>", "a", "1", "a1", "[x]", "[PAD5]"], tokenTypes: types)
        parts.merges = ["a 1"]
        parts.pre = pre
        parts.special = SpecialTokenIDs(beginning: end, endOfSequence: end)
        return try Tokenizer(parts)
    }

    /// SentencePiece's kind: bytes, and pieces with scores.
    private func scored(
        addsSpace: Bool, _ change: (inout GGUFTokenizerParts) -> Void = { _ in }
    ) throws -> Tokenizer {
        let bytes = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "<0x" + (byte < 16 ? "0" : "") + digits + ">"
        }
        let pieces = ["▁", "a", "b", "ab", "▁a", "bb", "▁ab", "  "]
        var parts = GGUFTokenizerParts(
            model: "llama", tokens: ["<unk>", "<s>", "</s>"] + bytes + pieces,
            tokenTypes: [2, 3, 3] + Array(repeating: 6, count: 256)
                + Array(repeating: 1, count: 7) + [4])
        parts.scores =
            Array(repeating: 0, count: 259) + [-9, -10, -11, -2, -3, -1, -4, -1000]
        parts.special = SpecialTokenIDs(beginning: 1, endOfSequence: 2, unknown: 0)
        parts.addsSpacePrefix = addsSpace
        change(&parts)
        return try Tokenizer(parts)
    }

    private func spellings(_ tokenizer: Tokenizer, _ text: String) -> [String] {
        tokenizer.encode(text).compactMap { tokenizer.token(for: $0) }
    }

    @Test(
        "Names of pre-tokenizers",
        arguments: [
            ("smollm", ["ab", " ", "1", "2", "3", "4", "!'", "S"]),
            ("refact", ["ab", " ", "1", "2", "3", "4", "!'", "S"]),
            ("gpt-2", ["ab", " 1234", "!'", "S"]), ("olmo", ["ab", " 1234", "!'", "S"]),
            ("llama-bpe", ["ab", " ", "123", "4", "!'", "S"]),
            ("dbrx", ["ab", " ", "123", "4", "!'", "S"]),
            ("qwen2", ["ab", " ", "1", "2", "3", "4", "!'", "S"]),
            ("gpt-4o", ["ab", " ", "123", "4", "!'", "S"]),
            ("tekken", ["ab", " ", "1", "2", "3", "4", "!'", "S"]),
            ("default", ["ab", " ", "123", "4", "!'", "S"]),
        ])
    func names(pre: String, expected: [String]) throws {
        let tokenizer = try bytePairs(pre: pre)
        let chunks = tokenizer.chunks(of: "ab 1234!'S")
        #expect(chunks == expected)
    }

    @Test("Byte-level BPE")
    func bytes() throws {
        let tokenizer = try bytePairs(pre: "smollm")
        #expect(tokenizer.encode("a1[x]") == [1, 2, 4])
        #expect(tokenizer.isSpecial(0) && !tokenizer.isSpecial(4))
        #expect(tokenizer.token(for: 5) == nil && tokenizer.vocabularySize == 6)
        let framed = try bytePairs(pre: "llama-bpe").encoding(
            of: "a", EncodingOptions(addsSpecialTokens: true))
        #expect(framed.ids == [0, 1])
        #expect(throws: TokenizationError.self) { try bytePairs(pre: "smollm", types: [1]) }
        #expect(throws: TokenizationError.self) { try bytePairs(pre: "smollm", end: 6) }
        let error = #expect(throws: TokenizationError.self) { try bytePairs(pre: "nobody's") }
        #expect(error?.description.contains("tokenizer.ggml.pre 'nobody's'") == true)
    }

    @Test(
        "SentencePiece by scores: the best piece first, bytes for what has none, spaces in front",
        arguments: [
            (false, "abb", ["a", "bb"]), (false, "ab b", ["ab", "▁", "b"]),
            (true, "ab", ["▁ab"]), (true, "abb", ["▁a", "bb"]),
            (true, "aé", ["▁a", "<0xC3>", "<0xA9>"]),
            (false, "a  b", ["a", "  ", "b"]),
            (false, "<s>a", ["<0x3C>", "<0x73>", "<0x3E>", "a"]),
            (true, "", []),
        ])
    func scores(addsSpace: Bool, text: String, expected: [String]) throws {
        let tokenizer = try scored(addsSpace: addsSpace)
        let pieces = spellings(tokenizer, text)
        #expect(pieces == expected)
        let decoded = try tokenizer.decode(tokenizer.encode(text))
        #expect(decoded == text)
    }

    @Test("The beginning, as the file or its kind says")
    func beginning() throws {
        let options = EncodingOptions(addsSpecialTokens: true)
        let usual = try scored(addsSpace: false)
        #expect(try usual.encoding(of: "bb", options).ids.first == 1)
        let without = try scored(addsSpace: false) { $0.addsBeginning = false }
        #expect(try without.encoding(of: "bb", options).ids == without.encode("bb"))
        let both = try scored(addsSpace: false) { $0.addsEnd = true }
        #expect(try both.encoding(of: "bb", options).ids.last == 2)
    }

    @Test("What is written reads back as the same tokenizer", arguments: [false, true])
    func written(addsSpace: Bool) throws {
        let texts = ["abb ab", " a  b\n", "é<s>", "", "bbbbab aab"]
        for tokenizer in try [scored(addsSpace: addsSpace), bytePairs(pre: "tekken")] {
            try Corpus.withDirectory { directory in
                try tokenizer.writeTokenizerJSON(toDirectory: directory)
                let copy = try Tokenizer.load(directory: directory)
                for text in texts {
                    for policy in [SpecialTokenPolicy.allow, .asText] {
                        let options = EncodingOptions(
                            specialTokens: policy, addsSpecialTokens: true)
                        let expected = try tokenizer.encoding(of: text, options).ids
                        #expect(try copy.encoding(of: text, options).ids == expected)
                        #expect(try copy.decode(expected) == tokenizer.decode(expected))
                    }
                }
            }
        }
    }

    @Test("What does not fit is refused")
    func refused() {
        #expect(throws: TokenizationError.self) { try scored(addsSpace: true) { $0.scores = [] } }
        #expect(throws: TokenizationError.self) {
            try scored(addsSpace: true) { $0.scores[3] = .nan }
        }
        #expect(throws: TokenizationError.self) {
            try scored(addsSpace: true) { $0.model = "rwkv" }
        }
    }
}
