import StreamIO
import Testing
import Tokenization

/// Added tokens are cut out as Hugging Face's `tokenizers` does it; the ids are those of its version
/// 0.23.3 for the same files.
@Suite("Added tokens")
struct AddedTokenTests {
    private static func entry(
        _ id: Int, _ content: String, special: Bool = false, left: Bool = false,
        right: Bool = false, word: Bool = false, normalized: Bool = false
    ) -> JSONValue {
        .object([
            "id": .integer(Int64(id)), "content": .string(content), "special": .bool(special),
            "lstrip": .bool(left), "rstrip": .bool(right), "single_word": .bool(word),
            "normalized": .bool(normalized),
        ])
    }

    /// A token for every byte.
    private static let bytes: JSONValue = {
        var next: UInt32 = 256
        var lines: [String] = []
        for byte in UInt32(0)...255 {
            let isPrintable =
                (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            let scalar = Unicode.Scalar(isPrintable ? byte : next)
            if !isPrintable { next += 1 }
            let text = scalar.map { String($0) } ?? ""
            let escaped = text == "\"" || text == "\\" ? "\\" + text : text
            lines.append("\"\(escaped)\":\(byte)")
        }
        let json = "{\(lines.joined(separator: ","))}"
        return (try? JSONValue(parsing: Array(json.utf8))) ?? .null
    }()

    private static let added: [JSONValue] = [
        entry(256, "[FN]", right: true), entry(257, "[L]", left: true),
        entry(258, "word", word: true), entry(259, "ab", normalized: true), entry(260, "abc]"),
        entry(261, "<s>", special: true, left: true, right: true), entry(262, "<s>x"),
        entry(263, "[LR]", left: true, right: true, normalized: true),
    ]

    private static func load(_ root: JSONValue) throws -> Tokenizer {
        let text = String(decoding: try root.serialized(), as: UTF8.self)
        return try Corpus.withDirectory { directory in
            try Corpus.write(text, to: directory + "/tokenizer.json")
            return try Tokenizer.load(directory: directory)
        }
    }

    private static func byteLevel(
        added: [JSONValue] = added, vocabulary: JSONValue = bytes, merges: [JSONValue] = [],
        dropout: JSONValue = .null
    ) throws -> Tokenizer {
        try load(
            .object([
                "added_tokens": .array(added), "normalizer": .null,
                "pre_tokenizer": .object([
                    "type": .string("ByteLevel"), "add_prefix_space": .bool(false),
                    "use_regex": .bool(true),
                ]),
                "model": .object([
                    "type": .string("BPE"), "vocab": vocabulary, "merges": .array(merges),
                    "dropout": dropout,
                ]),
            ]))
    }

    private func ids(_ parts: Any...) -> [Int32] {
        parts.flatMap { part -> [Int32] in
            if let id = part as? Int { return [Int32(id)] }
            return (part as? String)?.utf8.map { Int32($0) } ?? []
        }
    }

    @Test("White space is stripped as Unicode has it, words are Unicode's")
    func surroundings() throws {
        let tokenizer = try Self.byteLevel()
        for (text, expected) in [
            ("see [FN]\u{A0}\u{A0}x", ids("see ", 256, "x")),
            ("a\u{3000}[L] b", ids("a", 257, " b")), ("a[L]\u{2003}[L]", ids("a", 257, 257)),
            ("word words sword word", ids(258, " words sword ", 258)),
            ("_word wordé word.", ids("_word wordé ", 258, ".")),
            ("\u{301}word", ids("\u{301}word")), ("word\u{200D}", ids("word\u{200D}")),
            ("xabc]ab", ids("x", 260, 259)), ("abab ab", ids(259, 259, " ", 259)),
            ("<s>x", ids(262)), ("a \t[FN]\n\n[LR]\u{85}z", ids("a \t", 256, 263, "z")),
            ("[FN] \t[L] [LR]", ids(256, 257, 263)),
            ("\u{200B}[LR]\u{200B}", ids("\u{200B}", 263, "\u{200B}")),
            ("٣word word٣ ", ids("٣word word٣ ")),
            ("wordword word word", ids("wordword ", 258, " ", 258)),
        ] {
            #expect(tokenizer.encode(text) == expected, "\(text.debugDescription)")
        }
    }

    @Test("Special tokens strip only where they are allowed")
    func special() throws {
        let tokenizer = try Self.byteLevel()
        let text = "a <s>\u{2028} b"
        #expect(tokenizer.encode(text) == ids(text))
        let allowed = try tokenizer.encoding(of: text, EncodingOptions(specialTokens: .allow))
        #expect(allowed.ids == ids("a", 261, "b"))
    }

    @Test("What is normalised is looked for in normalised text, after what is not")
    func wordPiece() throws {
        let pieces = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "a", "##b", "cafe", "!",
            "foo", "##bar", "b",
        ]
        let vocabulary = pieces.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        let tokenizer = try Self.load(
            .object([
                "added_tokens": .array([
                    Self.entry(2, "[CLS]", special: true), Self.entry(3, "[SEP]", special: true),
                    Self.entry(14, "Fóo", normalized: true), Self.entry(15, "BAR"),
                    Self.entry(16, "w w", right: true, word: true, normalized: true),
                ]),
                "normalizer": .object([
                    "type": .string("BertNormalizer"), "clean_text": .bool(true),
                    "handle_chinese_chars": .bool(true), "strip_accents": .null,
                    "lowercase": .bool(true),
                ]),
                "pre_tokenizer": .object(["type": .string("BertPreTokenizer")]),
                "model": .object([
                    "type": .string("WordPiece"), "unk_token": .string("[UNK]"),
                    "vocab": try JSONValue(parsing: Array("{\(vocabulary)}".utf8)),
                ]),
            ]))
        for (text, expected) in [
            ("foobar", [14, 1]), ("FOObar", [14, 1]), ("fóoBAR a", [14, 15, 7]),
            ("Bar BAR bar", [1, 15, 1]), ("W\u{A0}w a", [16, 7]), ("W w  a w wa", [16, 7, 1, 1]),
            ("aFóob", [7, 14, 13]),
        ] as [(String, [Int32])] {
            #expect(tokenizer.encode(text) == expected, "\(text)")
        }
    }

    @Test("Numbers that no token has are no obstacle, and stand for nothing")
    func unusedNumbers() throws {
        let tokenizer = try Self.byteLevel(
            added: [Self.entry(300, "<x>", special: true)],
            vocabulary: .object(["a": .integer(0), "b": .integer(5), "ab": .integer(9)]),
            merges: [.string("a b")], dropout: .number(0))
        #expect(tokenizer.encode("abab") == [9, 9])
        #expect(tokenizer.vocabularySize == 301)
        #expect(try tokenizer.decode([0, 3, 5, 9, 250]) == "abab")
        #expect(tokenizer.token(for: 3) == nil)
        #expect(tokenizer.token(for: 300) == "<x>")
        #expect(throws: TokenizationError.self) { try tokenizer.decode([301]) }
        let copy = try Corpus.withDirectory { directory in
            try tokenizer.save(to: directory + "/new")
            return try Tokenizer.load(directory: directory + "/new")
        }
        #expect(copy.encode("abab") == [9, 9])
        #expect(copy.vocabularySize == 301)
        #expect(copy.token(for: 3) == nil)
    }

    @Test("A number far beyond all tokens is refused")
    func absurdNumber() throws {
        let error = #expect(throws: TokenizationError.self) {
            try Self.byteLevel(
                added: [],
                vocabulary: .object(["a": .integer(0), "b": .integer(2_147_483_647)]))
        }
        #expect(error?.description.contains("2147483647") == true)
    }

    @Test("Dropout of zero is none, any other is refused", arguments: [0, 0.1])
    func dropout(_ dropout: Double) throws {
        guard dropout > 0 else {
            #expect(try Self.byteLevel(dropout: .number(0)).encode("a") == [97])
            return
        }
        let error = #expect(throws: TokenizationError.self) {
            try Self.byteLevel(dropout: .number(dropout))
        }
        #expect(error?.description.contains("dropout") == true)
    }

    @Test("Tokens that differ in how characters are composed are two, also when written")
    func composition() throws {
        let text = """
            {"added_tokens": [], "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "model": {"type": "BPE", "vocab": {"a": 0, "Ì": 1, "ģ": 2, "aÌģ": 3, "Ã¡": 4,
             "Ã": 5, "¡": 6, "aÌ": 7, "é": 8, "e\u{301}": 9},
             "merges": ["Ì ģ", "a Ìģ"]}}
            """.replacing("\"aÌģ\": 3", with: "\"aÌģ\": 3, \"Ìģ\": 10")
        let tokenizer = try Corpus.withDirectory { directory in
            try Corpus.write(text, to: directory + "/tokenizer.json")
            return try Tokenizer.load(directory: directory)
        }
        #expect(tokenizer.encode("a\u{301}") == [0, 10])
        let copy = try Corpus.withDirectory { directory in
            try tokenizer.save(to: directory + "/new")
            return try Tokenizer.load(directory: directory + "/new")
        }
        #expect(copy.vocabularySize == tokenizer.vocabularySize)
        for id in 0..<Int32(tokenizer.vocabularySize) {
            let token = try #require(tokenizer.token(for: id))
            #expect(copy.token(for: id).map { Array($0.utf8) } == Array(token.utf8))
        }
    }

    @Test("An end of sequence that is no token is named")
    func endOfSequence() throws {
        try Corpus.withDirectory { directory in
            let tokenizer = try Self.byteLevel()
            try tokenizer.save(to: directory + "/new")
            try Corpus.write(
                #"{"eos_token_id": -1}"#, to: directory + "/new/generation_config.json")
            let loaded = try Tokenizer.load(directory: directory + "/new")
            let error = #expect(throws: TokenizationError.self) {
                try RecordTokenizer(loaded, RecordTokenizer.Options())
            }
            #expect(error?.description.contains("generation_config.json: eos_token_id -1") == true)
        }
    }
}
