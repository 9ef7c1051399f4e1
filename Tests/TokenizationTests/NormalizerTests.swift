import StreamIO
import TestSupport
import Testing
import Tokenization

/// What happens to text before the model: normalizers, and tokens cut out of it. Expected texts and
/// tokens are those of the Python package `tokenizers` 0.23.
@Suite("Normalizers and added tokens of tokenizer files")
struct NormalizerTests {
    /// Byte-level BPE of the Llama-3 kind with parts replaced.
    private func load(normalizer: JSONValue, added: [JSONValue]) throws -> Tokenizer {
        guard case .object(var file) = try Oracles.json("tokenizers/llama3.json") else {
            throw TokenizationError.malformed(source: "oracle", what: "no object")
        }
        file["normalizer"] = normalizer
        file["added_tokens"] = .array(added)
        return try Corpus.withDirectory { directory in
            try writeFile(directory + "/tokenizer.json", JSONValue.object(file).serialized())
            return try Tokenizer.load(directory: directory)
        }
    }

    private static let normalized: [(normalizer: String, text: String, expected: String)] = [
        (
            #"{"type": "NFC"}"#,
            "e\u{301} A\u{30A} a\u{323}\u{302} a\u{302}\u{323} \u{1112}\u{1161}\u{11AB} \u{AC01}\u{11A8} \u{2126} \u{958} \u{11935}\u{11930} \u{FB01}",
            "\u{E9} \u{C5} \u{1EAD} \u{1EAD} \u{D55C} \u{AC01}\u{11A8} \u{3A9} \u{915}\u{93C} \u{11935}\u{11930} \u{FB01}"
        ),
        (
            #"{"type": "NFD"}"#, "\u{E9} \u{C5} \u{D55C} \u{1EAD} \u{11938}",
            "e\u{301} A\u{30A} \u{1112}\u{1161}\u{11AB} a\u{323}\u{302} \u{11938}"
        ),
        (
            #"{"type": "NFKC"}"#,
            "\u{FB01} \u{FF76}\u{FF9E} \u{B2} \u{32FF} \u{2167} \u{E9}\u{301}",
            "fi \u{30AC} 2 \u{32FF} VIII \u{E9}\u{301}"
        ),
        (
            #"{"type": "NFKD"}"#, "\u{FB01} \u{BD} \u{FDFA} \u{E9}",
            "fi 1\u{2044}2 \u{635}\u{644}\u{649} \u{627}\u{644}\u{644}\u{647} \u{639}\u{644}\u{64A}\u{647} \u{648}\u{633}\u{644}\u{645} e\u{301}"
        ),
        (
            #"{"type": "Lowercase"}"#, "\u{C0}\u{C9} \u{130} \u{391}\u{3A3} K",
            "\u{E0}\u{E9} i\u{307} \u{3B1}\u{3C3} k"
        ),
        (
            #"{"type": "StripAccents"}"#, "e\u{301} \u{939}\u{93F}\u{928}\u{94D} \u{897}x",
            "e \u{939}\u{928} \u{897}x"
        ),
        (
            #"{"type": "Strip", "strip_left": true, "strip_right": false}"#, "\u{3000} a \u{A}",
            "a \u{A}"
        ),
        (
            #"{"type": "Strip", "strip_left": false, "strip_right": true}"#, "\u{3000} a \u{A}",
            "\u{3000} a"
        ),
        (#"{"type": "Prepend", "prepend": "_"}"#, "a", "_a"),
        (#"{"type": "Prepend", "prepend": "_"}"#, "", ""),
        (
            #"{"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}"#,
            "a \u{A}\u{9}b c", "a b c"
        ),
        (#"{"type": "Replace", "pattern": {"String": "aa"}, "content": "b"}"#, "aaaaa", "bba"),
        (
            #"{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}"#,
            "\u{DC}n\u{EF}\u{E7}\u{F6}d\u{E9}", "unicode"
        ),
    ]

    @Test("Normalizers", arguments: normalized)
    func normalizers(line: (normalizer: String, text: String, expected: String)) throws {
        let normalizer = try JSONValue(parsing: Array(line.normalizer.utf8))
        let tokenizer = try load(normalizer: normalizer, added: [])
        let decoded = try tokenizer.decode(tokenizer.encode(line.text))
        let isEqual = decoded.utf8.elementsEqual(line.expected.utf8)
        #expect(isEqual, "\(line.normalizer): \(decoded.debugDescription)")
    }

    @Test("A long run of marks takes its place in order")
    func marks() throws {
        let normalizer = JSONValue.object(["type": .string("NFC")])
        let tokenizer = try load(normalizer: normalizer, added: [])
        func text(_ first: String, _ counts: [(String, Int)]) -> String {
            counts.reduce(first) { $0 + String(repeating: $1.0, count: $1.1) }
        }
        let input = text("a", [("\u{302}", 5000), ("\u{323}", 5000)])
        let decoded = try tokenizer.decode(tokenizer.encode(input))
        let expected = text("\u{1EAD}", [("\u{323}", 4999), ("\u{302}", 4999)])
        let isEqual = decoded.utf8.elementsEqual(expected.utf8)
        #expect(isEqual)
    }

    private static let cut: [(text: String, expected: [String])] = [
        ("a \u{3000}\u{A}[l] b", ["a", "[l]", "\u{120}b"]),
        ("a[r]\u{A0}\u{2028} b", ["a", "[r]", "b"]),
        (
            "a[w] [w]b [w] \u{301}[w] _[w]![w]",
            [
                "a", "[", "w", "]", "\u{120}", "[", "w", "]", "b", "\u{120}", "[w]", "\u{120}",
                "\u{CC}", "\u{123}", "[", "w", "]", "\u{120}", "_", "[", "w", "]", "!", "[w]",
            ]
        ),
        (
            "\u{3A9} a\u{3A9} \u{FF14}\u{3A9} \u{3A9}\u{3A9} -\u{3A9}",
            [
                "\u{3A9}", "\u{120}a", "\u{CF}", "\u{12B}", "\u{120}", "\u{EF}", "\u{BC}",
                "\u{136}", "\u{CF}", "\u{12B}", "\u{120}", "\u{CF}", "\u{12B}", "\u{CF}", "\u{12B}",
                "\u{120}-", "\u{3A9}",
            ]
        ),
        ("a[r]\u{A}\u{A}\u{A}b", ["a", "[r]", "\u{A}\u{A}", "\u{10A}", "b"]),
        ("[l]\u{A}\u{A}[l]", ["[l]", "\u{A}\u{A}", "[l]"]),
        ("[N] [n]", ["[n]", "\u{120}", "[n]"]),
        ("\u{301}[l]", ["\u{CC}", "\u{123}", "[l]"]),
        (" [r] [l] ", ["\u{120}", "[r]", "[l]", "\u{120}"]),
    ]

    private func added(_ content: String, _ flag: String, _ id: Int64) -> JSONValue {
        var token: JSONObject = ["content": .string(content), "id": .integer(id)]
        for name in ["lstrip", "rstrip", "single_word", "normalized", "special"] {
            token[name] = .bool(name == flag)
        }
        return .object(token)
    }

    @Test(
        "Added tokens with white space, single words and normalisation, in Unicode", arguments: cut)
    func addedTokens(line: (text: String, expected: [String])) throws {
        let tokenizer = try load(
            normalizer: .object(["type": .string("Lowercase")]),
            added: [
                added("[l]", "lstrip", 900), added("[r]", "rstrip", 901),
                added("[w]", "single_word", 902), added("Ω", "single_word", 903),
                added("\n\n", "", 904), added("[n]", "normalized", 905),
            ])
        let tokens = tokenizer.encode(line.text).compactMap { tokenizer.token(for: $0) }
        let got = tokens.map { Array($0.utf8) }
        let expected = line.expected.map { Array($0.utf8) }
        #expect(got == expected, "\(line.text.debugDescription): \(tokens)")
    }

    @Test("Ids of rows that only pad the model stand for nothing")
    func paddedRows() throws {
        try Corpus.withDirectory { directory in
            try writeFile(
                directory + "/tokenizer.json", Oracles.bytes("tokenizers/llama3.json.zst"))
            let bare = try Tokenizer.load(directory: directory)
            #expect(throws: TokenizationError.self) { try bare.decode([900]) }
            try Corpus.write(#"{"vocab_size": 1024}"#, to: directory + "/config.json")
            let padded = try Tokenizer.load(directory: directory)
            #expect(padded.vocabularySize == 900)
            let ids = padded.encode("the") + [900, 1023]
            #expect(try padded.decode(ids) == "the")
            #expect(throws: TokenizationError.self) { try padded.decode([1024]) }
        }
    }
}
