import Foundation
import StreamIO
import Testing
import Tokenization

@Suite("Tokenizer files")
struct TokenizerFileTests {
    /// A file around a BPE over a, b and c with the merges "a b" and "ab c".
    private func file(
        merges: String = #"["a b", "ab c"]"#, pre: String = Self.byteLevel,
        normalizer: String = "null", extra: String = "", added: String = ""
    ) -> String {
        """
        {"version": "1.0", "added_tokens": [{"id": 5, "content": "<end>", "special": true}\(added)],
         "normalizer": \(normalizer), "pre_tokenizer": \(pre), "post_processor": null,
         "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", \(extra) "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4},
                   "merges": \(merges)}}
        """
    }

    private static let byteLevel =
        #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}"#
    private static let digits =
        #"{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, "#
        + byteLevel + "]}"
    private static let split =
        #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "#
        + #""'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"}, "#
        + #""behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "#
        + #""add_prefix_space": false, "use_regex": false}]}"#

    private func load(_ text: String, _ others: [String: String] = [:]) throws -> Tokenizer {
        try Corpus.withDirectory { directory in
            try Corpus.write(text, to: directory + "/tokenizer.json")
            for (name, text) in others { try Corpus.write(text, to: directory + "/" + name) }
            return try Tokenizer.load(directory: directory)
        }
    }

    @Test(
        "Merges as strings and as pairs",
        arguments: [#"["a b", "ab c"]"#, #"[["a","b"],["ab","c"]]"#]
    )
    func merges(merges: String) throws {
        #expect(try load(file(merges: merges)).encode("abcab") == [4, 3])
    }

    @Test("Pre-tokenizers", arguments: [(byteLevel, 3), (digits, 6), (split, 3)])
    func preTokenizers(description: String, chunks: Int) throws {
        let tokenizer = try load(file(pre: description))
        #expect(tokenizer.chunks(of: "ab 123 c").count == chunks)
    }

    @Test("A prefix space is added where none is")
    func prefixSpace() throws {
        let pre = #"{"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}"#
        var text = file(pre: pre)
        text = text.replacingOccurrences(of: #""c": 2"#, with: #""Ġ": 2"#)
            .replacingOccurrences(of: #"["a b", "ab c"]"#, with: #"["a b"]"#)
        let tokenizer = try load(text)
        #expect(tokenizer.encode("ab") == [2, 3])
        #expect(tokenizer.encode(" ab") == [2, 3])
        let encoding = try tokenizer.encoding(of: "ab", EncodingOptions(recordsOffsets: true))
        #expect(encoding.offsets == [0..<0, 0..<2])
    }

    @Test("ignore_merges takes whole chunks from the vocabulary")
    func ignoreMerges() throws {
        let merges = #"["b c"]"#
        let text = file(merges: merges).replacingOccurrences(of: #""ab": 3"#, with: #""bc": 3"#)
        #expect(try load(text).encode("abc") == [0, 3])
        let ignoring = text.replacingOccurrences(
            of: #""type": "BPE","#, with: #""type": "BPE", "ignore_merges": true,"#)
        #expect(try load(ignoring).encode("abc") == [4])
    }

    /// As in the reference, what stands on both sides of a dropped byte may merge.
    @Test("Bytes without a token are dropped and counted, or unknown")
    func missingBytes() throws {
        let encoding = try load(file()).encoding(
            of: "aéb", EncodingOptions(recordsOffsets: true))
        #expect(encoding.ids == [3])
        #expect(encoding.droppedBytes == 2)
        #expect(encoding.offsets == [0..<4])
        let unknown = try load(file(extra: #""unk_token": "c","#))
        #expect(try unknown.encoding(of: "a!b").ids == [0, 2, 1])
    }

    @Test("Plain added tokens are cut out always, special ones only if allowed")
    func addedTokens() throws {
        let tokenizer = try load(file(added: #", {"id": 6, "content": "[x]", "special": false}"#))
        #expect(tokenizer.encode("a[x]<end>") == [0, 6])
        let allowed = try tokenizer.encoding(
            of: "a[x]<end>", EncodingOptions(specialTokens: .allow))
        #expect(allowed.ids == [0, 6, 5])
    }

    @Test(
        "What is not understood is refused by name",
        arguments: [
            (#"{"type": "Whitespace"}"#, "null", "", "Whitespace"),
            (#"{"type": "Metaspace"}"#, "null", "", "Metaspace"),
            (
                #"{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\w"},"#
                    + #""behavior":"Isolated"},{"type":"ByteLevel"}]}"#, "null", "", #"\w"#
            ), (byteLevel, #"{"type": "Nmt"}"#, "", "Nmt"),
            (byteLevel, "null", #""byte_fallback": true,"#, "byte_fallback"),
            (byteLevel, "null", #""end_of_word_suffix": "</w>","#, "end_of_word_suffix"),
        ])
    func refused(pre: String, normalizer: String, extra: String, named: String) throws {
        let error = #expect(throws: TokenizationError.self) {
            try load(file(pre: pre, normalizer: normalizer, extra: extra))
        }
        #expect(error?.description.contains(named) == true)
        #expect(error?.exitStatus == .badData)
    }

    @Test(
        "Malformed files",
        arguments: [
            "[]", "{", "{}", #"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#,
            #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}"#,
            #"{"pre_tokenizer": {"type": "ByteLevel"}, "#
                + #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#,
            #"{"model": {"type": "Unigram", "vocab": {}}}"#,
        ])
    func malformed(text: String) throws {
        let error = #expect(throws: TokenizationError.self) { try load(text) }
        #expect(error?.exitStatus == .badData)
    }

    @Test("Directories without a tokenizer")
    func missing() throws {
        try Corpus.withDirectory { directory in
            #expect(throws: TokenizationError.noTokenizer(directory: directory)) {
                try Tokenizer.load(directory: directory)
            }
            try Corpus.write("", to: directory + "/tokenizer.model")
            let error = #expect(throws: TokenizationError.self) {
                try Tokenizer.load(directory: directory)
            }
            #expect(error?.description.contains("SentencePiece") == true)
        }
    }

    @Test(
        "The end of sequence: tokenizer_config.json, then generation_config.json, then config.json")
    func endOfSequence() throws {
        let asText = #"{"eos_token": {"content": "<end>"}}"#
        #expect(try load(file()).endOfSequenceID == nil)
        #expect(try load(file(), ["config.json": #"{"eos_token_id": 2}"#]).endOfSequenceID == 2)
        let generation = [
            "generation_config.json": #"{"eos_token_id": [4, 1]}"#,
            "config.json": #"{"eos_token_id": 2}"#,
        ]
        #expect(try load(file(), generation).special.stops == [4, 1, 2])
        let all = generation.merging(["tokenizer_config.json": asText]) { $1 }
        #expect(try load(file(), all).endOfSequenceID == 5)
        #expect(try load(file(), all).special.stops == [5, 4, 1, 2])
    }

    @Test("vocab.json and merges.txt")
    func vocabularyAndMerges() throws {
        try Corpus.withDirectory { directory in
            try Corpus.write(
                #"{"a": 0, "b": 1, "ab": 2, "# + #""<|endoftext|>": 3}"#,
                to: directory + "/vocab.json")
            try Corpus.write("#version: 0.2\na b\n", to: directory + "/merges.txt")
            let tokenizer = try Tokenizer.load(directory: directory)
            #expect(tokenizer.encode("abab") == [2, 2])
            #expect(tokenizer.endOfSequenceID == 3)
            #expect(tokenizer.isSpecial(3))
        }
    }

    @Test("What is written is read again", arguments: BytePairLearner.PreTokenization.allCases)
    func written(pre: BytePairLearner.PreTokenization) throws {
        let tokenizer = try Corpus.learnt(330, pre)
        let copy = try Corpus.withDirectory { directory in
            try tokenizer.save(to: directory + "/new")
            return try Tokenizer.load(directory: directory + "/new")
        }
        #expect(copy.special == tokenizer.special)
        #expect(copy.chatTemplate == tokenizer.chatTemplate)
        #expect(copy.vocabularySize == tokenizer.vocabularySize)
        for text in Corpus.nasty + Corpus.lines {
            #expect(copy.encode(text) == tokenizer.encode(text))
        }
    }
}
