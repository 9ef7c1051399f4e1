import Foundation
import StreamIO
import TestSupport
import Testing
import Tokenization

/// Tokenizers as GGUF metadata describe them.
@Suite struct GGUFVocabularyTests {
    private static let word = #"[^\r\n\p{L}\p{N}]?\p{L}+"#
    private static let end = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let contractions = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#

    /// A pre-tokenizer, and the name that llama.cpp has for it.
    struct Pattern: Sendable, CustomTestStringConvertible {
        let name: String?
        let steps: [JSONValue]
        var ignoresMerges = false
        var normalizer: String?
        var testDescription: String { "\(name ?? "none") \(steps.count)" }
    }

    private static func split(_ pattern: String, behavior: String = "Isolated") -> JSONValue {
        .object([
            "type": .string("Split"), "behavior": .string(behavior), "invert": .bool(false),
            "pattern": .object(["Regex": .string(pattern)]),
        ])
    }

    private static func bytes(regex: Bool, prefix: Bool = false) -> JSONValue {
        .object([
            "type": .string("ByteLevel"), "add_prefix_space": .bool(prefix),
            "use_regex": .bool(regex),
        ])
    }

    private static let digits = JSONValue.object([
        "type": .string("Digits"), "individual_digits": .bool(true),
    ])

    private static let llama3 = contractions + "|" + word + #"|\p{N}{1,3}|"# + end
    private static let qwen2 = contractions + "|" + word + #"|\p{N}|"# + end
    private static let o200k =
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
        + contractions
        + #"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
        + contractions
        + #"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    static let patterns = [
        Pattern(name: "gpt-2", steps: [bytes(regex: true)]),
        Pattern(
            name: "gpt-2",
            steps: [
                split(
                    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#),
                bytes(regex: false),
            ]),
        Pattern(name: "smollm", steps: [digits, bytes(regex: true)]),
        Pattern(name: "smollm", steps: [split(#"\p{N}"#), bytes(regex: true)]),
        Pattern(
            name: "llama-bpe", steps: [split(llama3), bytes(regex: false)], ignoresMerges: true),
        Pattern(name: "dbrx", steps: [split(llama3), bytes(regex: false)]),
        Pattern(name: "qwen2", steps: [split(qwen2), bytes(regex: false)], normalizer: "NFC"),
        Pattern(name: "gpt-4o", steps: [split(o200k), bytes(regex: false)]),
        Pattern(
            name: "tekken",
            steps: [
                split(
                    o200k.replacing(contractions + "?", with: "")
                        .replacing("{1,3}", with: "")), bytes(regex: false),
            ], ignoresMerges: true),
        Pattern(name: nil, steps: [split(qwen2), bytes(regex: false)], ignoresMerges: true),
        Pattern(name: nil, steps: [bytes(regex: true)], ignoresMerges: true),
        Pattern(name: nil, steps: [split(llama3, behavior: "Removed"), bytes(regex: false)]),
        Pattern(name: nil, steps: [split(llama3 + "|x"), bytes(regex: false)]),
        Pattern(name: nil, steps: [digits, split(llama3), bytes(regex: false)]),
        Pattern(name: nil, steps: [bytes(regex: true, prefix: true)]),
        Pattern(name: nil, steps: [bytes(regex: true)], normalizer: "Lowercase"),
        Pattern(name: nil, steps: []),
    ]

    @Test(arguments: patterns) func namesOfPatterns(_ pattern: Pattern) throws {
        try Corpus.withDirectory { directory in
            let file = JSONValue.object([
                "normalizer": pattern.normalizer.map { .object(["type": .string($0)]) } ?? .null,
                "pre_tokenizer": .object([
                    "type": .string("Sequence"), "pretokenizers": .array(pattern.steps),
                ]),
                "model": .object(["ignore_merges": .bool(pattern.ignoresMerges)]),
            ])
            let path = directory + "/tokenizer.json"
            try Data(file.serialized()).write(to: URL(fileURLWithPath: path))
            let pre = try GGUFPreTokenizer(path: path)
            guard let name = pattern.name else {
                let error = #expect(throws: TokenizationError.self) { try pre.name() }
                #expect(error?.description.contains("llama.cpp") == true)
                return
            }
            #expect(try pre.name() == name)
        }
    }

    @Test func byteLevel() throws {
        try Corpus.withDirectory { directory in
            let tokenizer = try Corpus.learnt(330)
            try tokenizer.writeTokenizerJSON(toDirectory: directory)
            let size = tokenizer.vocabularySize
            let vocabulary = try GGUFVocabulary(directory: directory, size: size + 2)
            #expect(vocabulary.model == .bytePairs)
            #expect(vocabulary.pre == "gpt-2")
            #expect(vocabulary.tokens.count == size + 2)
            #expect(vocabulary.types.suffix(2) == [5, 5])
            #expect(vocabulary.tokens.last == "[PAD\(size + 1)]")
            for id in 0..<Int32(size) {
                #expect(vocabulary.tokens[Int(id)] == tokenizer.token(for: id))
                #expect(vocabulary.types[Int(id)] == (tokenizer.isSpecial(id) ? 3 : 1))
            }
            #expect(vocabulary.scores.isEmpty)
            #expect(!vocabulary.addsBeginning)
            #expect(vocabulary.special == tokenizer.special)
            // And back.
            var parts = GGUFTokenizerParts(
                model: vocabulary.model.rawValue, tokens: vocabulary.tokens,
                tokenTypes: vocabulary.types)
            parts.merges = vocabulary.merges
            parts.pre = vocabulary.pre
            parts.special = vocabulary.special
            parts.addsBeginning = vocabulary.addsBeginning
            let again = try Tokenizer(parts)
            for text in Corpus.lines + Corpus.nasty {
                #expect(again.encode(text) == tokenizer.encode(text))
            }
            #expect(throws: TokenizationError.self) {
                try GGUFVocabulary(directory: directory, size: size - 1)
            }
        }
    }

    @Test func sentencePiece() throws {
        try Corpus.withDirectory { directory in
            try FileManager.default.copyItem(
                atPath: Oracles.path("sentencepiece_bpe.model"),
                toPath: directory + "/tokenizer.model")
            let vocabulary = try GGUFVocabulary(directory: directory, size: 1100)
            #expect(vocabulary.model == .sentencePiece)
            #expect(vocabulary.pre == "default")
            #expect(vocabulary.tokens.count == 1100 && vocabulary.scores.count == 1100)
            #expect(Array(vocabulary.tokens[..<4]) == ["<unk>", "<s>", "</s>", "<0x00>"])
            #expect(Array(vocabulary.types[..<4]) == [2, 3, 3, 6])
            #expect(vocabulary.tokens[259] == "▁w")
            #expect(vocabulary.merges.isEmpty)
            #expect(vocabulary.addsSpacePrefix)
            #expect(vocabulary.addsBeginning)
        }
    }

    /// Where the second token of a merge is a combining mark, it is one character with the space before.
    @Test func mergesOfCombiningMarks() throws {
        try Corpus.withDirectory { directory in
            let file = #"""
                {"version":"1.0","normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},
                "pre_tokenizer":null,"post_processor":null,"added_tokens":[{"id":0,"content":"<unk>",
                "single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
                "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},
                "content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]},
                "model":{"type":"BPE","byte_fallback":true,"fuse_unk":true,"unk_token":"<unk>",
                "vocab":{"<unk>":0,"\u0930":1,"\u094d":2,"\u0930\u094d":3,"▁":4},
                "merges":["\u0930 \u094d"]}}
                """#
            try Data(file.utf8).write(to: URL(fileURLWithPath: directory + "/tokenizer.json"))
            let vocabulary = try GGUFVocabulary(directory: directory, size: 5)
            #expect(vocabulary.model == .sentencePiece)
            #expect(vocabulary.tokens.map(\.unicodeScalars.count) == [5, 1, 1, 2, 1])
            #expect(vocabulary.scores[3] == 0 && vocabulary.scores[1] <= 0)
        }
    }

    @Test func unigramIsRefused() throws {
        try Corpus.withDirectory { directory in
            try FileManager.default.copyItem(
                atPath: Oracles.path("sentencepiece_unigram.model"),
                toPath: directory + "/tokenizer.model")
            let error = #expect(throws: TokenizationError.self) {
                try GGUFVocabulary(directory: directory, size: 4096)
            }
            #expect(error?.description.contains("unigram") == true)
        }
    }
}
