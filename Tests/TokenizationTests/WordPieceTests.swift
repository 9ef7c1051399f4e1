import StreamIO
import Testing
import Tokenization

@Suite("WordPiece")
struct WordPieceTests {
    private static let pieces = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "a", "##b", "cafe", "!", "日",
        "本", "#", "naive", "'", "s", ".", "##é",
    ]

    private func tokenizer() throws -> Tokenizer {
        let vocabulary = Self.pieces.enumerated().map { "\"\($1)\": \($0)" }
        return try Corpus.withDirectory { directory in
            try Corpus.write(
                """
                {"added_tokens": [{"id": 2, "content": "[CLS]", "special": true},
                                  {"id": 3, "content": "[SEP]", "special": true}],
                 "normalizer": {"type": "BertNormalizer", "lowercase": true, "clean_text": true,
                                "handle_chinese_chars": true, "strip_accents": null},
                 "pre_tokenizer": {"type": "BertPreTokenizer"},
                 "model": {"type": "WordPiece", "unk_token": "[UNK]",
                           "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                           "vocab": {\(vocabulary.joined(separator: ", "))}}}
                """, to: directory + "/tokenizer.json")
            return try Tokenizer.load(directory: directory)
        }
    }

    @Test(
        "Words, pieces and what is unknown",
        arguments: [
            ("", []), ("unaffable", ["un", "##aff", "##able"]),
            ("UNAFFABLE!", ["un", "##aff", "##able", "!"]),
            ("Café", ["cafe"]), ("Cafe\u{301}", ["cafe"]), ("NAÏVE\u{200D}", ["naive"]),
            ("日本", ["日", "本"]), ("a\u{0}b", ["a", "##b"]), ("a\tb", ["a", "[UNK]"]),
            ("unx a", ["[UNK]", "a"]), ("a's.", ["a", "'", "s", "."]), ("#a", ["#", "a"]),
            ("\u{A0}a\u{3000}a", ["a", "a"]), ("\u{FFFD}", []),
        ] as [(String, [String])])
    func pieces(text: String, tokens: [String]) throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.encode(text).compactMap { tokenizer.token(for: $0) } == tokens)
    }

    @Test("A word of 100 characters is spelt, one of 101 is unknown")
    func longWords() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.encode("a" + String(repeating: "b", count: 99)).count == 100)
        #expect(tokenizer.encode("a" + String(repeating: "b", count: 100)) == [1])
    }

    @Test("The frame counts towards the maximum length")
    func frame() throws {
        let tokenizer = try tokenizer()
        let options = EncodingOptions(addsSpecialTokens: true, maximumLength: 4)
        let short = try tokenizer.encoding(of: "a a", options)
        #expect(short.ids == [2, 7, 7, 3] && !short.isTruncated)
        let long = try tokenizer.encoding(of: "a a a", options)
        #expect(long.ids == [2, 7, 7, 3] && long.isTruncated)
        #expect(try tokenizer.decode(long.ids) == "a a")
    }

    @Test("Frame tokens in the text are text")
    func specialTokensInText() throws {
        let encoding = try tokenizer().encoding(of: "a [SEP]")
        #expect(encoding.specialTokenOccurrences == 1)
        #expect(!encoding.ids.contains(3))
    }

    @Test("Decoding joins pieces and closes up punctuation")
    func decoding() throws {
        let tokenizer = try tokenizer()
        #expect(try tokenizer.decode([2, 4, 5, 6, 10, 7, 3]) == "unaffable! a")
    }

    @Test("Offsets are refused")
    func offsets() throws {
        let tokenizer = try tokenizer()
        #expect(throws: TokenizationError.self) {
            try tokenizer.encoding(of: "a", EncodingOptions(recordsOffsets: true))
        }
    }

    @Test(
        "all-MiniLM-L6-v2's ids",
        .enabled(if: Assets.miniLM != nil && Assets.hasOracle("minilm.json"), "no MiniLM"))
    func miniLM() throws {
        let tokenizer = try Tokenizer.load(directory: try #require(Assets.miniLM))
        let options = EncodingOptions(addsSpecialTokens: true, maximumLength: 256)
        let entries = try #require(Assets.oracle("minilm.json").elements)
        #expect(!entries.isEmpty)
        for entry in entries {
            let text = try #require(entry["text"]?.string)
            #expect(try tokenizer.encoding(of: text, options).ids == entry["ids"]?.ids)
        }
    }
}
