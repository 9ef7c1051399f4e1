import StreamIO
import Testing
import Tokenization

/// The patterns of pre-tokenizers: their spellings and what they cut. Expected pieces are those of the
/// Python package `tokenizers` 0.23.
@Suite("Patterns of pre-tokenizers")
struct PatternTests {
    static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    static let tail = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let llama3 = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"# + tail
    static let qwen2 = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + tail
    static let o200k =
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
        + contractions
        + #"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
        + contractions
        + #"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let tekken =
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
        + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
        + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let marks =
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
        + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// A byte-level tokenizer without merges behind a Split of this pattern.
    private func load(_ step: JSONValue) throws -> Tokenizer {
        let bytes = JSONValue.object([
            "type": .string("ByteLevel"), "add_prefix_space": .bool(false),
            "use_regex": .bool(false),
        ])
        let file = JSONValue.object([
            "pre_tokenizer": .object([
                "type": .string("Sequence"), "pretokenizers": .array([step, bytes]),
            ]),
            "model": .object([
                "type": .string("BPE"), "vocab": .object(["a": .integer(0)]),
                "merges": .array([]),
            ]),
        ])
        return try Corpus.withDirectory { directory in
            try Corpus.write(
                String(decoding: file.serialized(), as: UTF8.self),
                to: directory + "/tokenizer.json")
            return try Tokenizer.load(directory: directory)
        }
    }

    private func split(
        _ pattern: String, _ behavior: String = "Isolated", inverted: Bool = false,
        isExpression: Bool = true
    ) -> JSONValue {
        .object([
            "type": .string("Split"),
            "pattern": .object([isExpression ? "Regex" : "String": .string(pattern)]),
            "behavior": .string(behavior), "invert": .bool(inverted),
        ])
    }

    @Test(
        "What the patterns cut",
        arguments: [
            (
                llama3, "It'S 12345!?\r\n\n  x",
                ["It", "'S", " ", "123", "45", "!?\r\n\n", " ", " x"]
            ),
            (llama3, "'ſa\t\tb \u{301}c", ["'ſ", "a", "\t", "\tb", " \u{301}", "c"]),
            (llama3, " \n \n  a", [" \n \n", " ", " a"]), (llama3, "a  ", ["a", "  "]),
            (qwen2, "a123 ４", ["a", "1", "2", "3", " ", "４"]),
            (marks, "हिन्दी1 \u{301}", ["हिन्दी", "1", " \u{301}"]),
            (
                o200k, "HTTPServer's camelCASE'LL //\n/x中A",
                ["HTTPServer's", " camel", "CASE'LL", " //\n/", "x中", "A"]
            ),
            (o200k, "ABC中DE \u{301}A ǅa", ["ABC中", "DE", " \u{301}", "A", " ǅa"]),
            (tekken, "don't 12", ["don", "'t", " ", "1", "2"]),
        ])
    func pieces(pattern: String, text: String, expected: [String]) throws {
        let chunks = try load(split(pattern)).chunks(of: text)
        let bytes = chunks.map { Array($0.utf8) }
        let expectedBytes = expected.map { Array($0.utf8) }
        #expect(bytes == expectedBytes)
        // Xenova's conversions say the same the other way round.
        let inverted = try load(split(pattern, "Removed", inverted: true))
        #expect(inverted.chunks(of: text) == chunks)
    }

    @Test(
        "Other spellings of a pattern are the same pattern",
        arguments: [
            (
                llama3,
                #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}"#
                    + #"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s*[\r\n]|\s+(?!\S)|\s"#
            ),
            (
                llama3,
                #"'(?i:[sdmt]|ll|ve|re)|[^\n\r\p{N}\p{L}]?\p{L}+|\p{N}{1,3}"# + tail
            ), (llama3, "(?i:'re|'ve|'ll|'s|'t|'m|'d)" + llama3.dropFirst(contractions.count)),
        ])
    func spellings(pattern: String, other: String) throws {
        let text = "It'S we'Re 12345!?\r\n\n  x\u{301} \t\n y"
        let chunks = try load(split(other)).chunks(of: text)
        let expected = try load(split(pattern)).chunks(of: text)
        #expect(chunks == expected)
    }

    @Test(
        "Simple patterns with every behavior",
        arguments: [
            (" ", "Removed", ["a", "b", "c"]), (" ", "Isolated", ["a", " ", " ", "b", " ", "c"]),
            (" ", "MergedWithPrevious", ["a ", " ", "b ", "c"]),
            (" ", "MergedWithNext", ["a", " ", " b", " c"]),
            (" ", "Contiguous", ["a", "  ", "b", " ", "c"]),
            (#"\s+"#, "Isolated", ["a", "  ", "b", " ", "c"]),
            (#"[ab]{2,}"#, "Removed", ["a  b c"]),
        ])
    func behaviors(pattern: String, behavior: String, expected: [String]) throws {
        let chunks = try load(split(pattern, behavior)).chunks(of: "a  b c")
        #expect(chunks == expected)
        if pattern == " " {
            let step = split(pattern, behavior, isExpression: false)
            let chunks = try load(step).chunks(of: "a  b c")
            #expect(chunks == expected)
        }
    }

    @Test(
        "A pattern that is not known is printed",
        arguments: [
            #"\p{Han}+|\p{L}+"#, "(?i:'s|'t)|" + tail, #"(?<=a)b"#, #"\p{N}{1,3}+|x"#,
            llama3 + "|x",
        ])
    func unknown(pattern: String) throws {
        let error = #expect(throws: TokenizationError.self) { try load(split(pattern)) }
        #expect(error?.description.contains(pattern) == true)
        #expect(error?.hint != nil)
        #expect(error?.exitStatus == .badData)
    }
}
