import Foundation
import StreamIO
import TestSupport
import Testing
import Tokenization

/// What surrounds the model: the file, the roles of tokens, and input that is hostile or merely
/// long.
@Suite("SentencePiece files")
struct SentencePieceFileTests {
    @Test(
        "Ids and texts of the oracles",
        arguments: ["bpe", "unigram"])
    func oracles(kind: String) throws {
        let tokenizer = try SentencePieceFixture.tokenizer(
            Oracles.bytes("sentencepiece_\(kind).model"))
        let cases = try #require(Oracles.json("sentencepiece_\(kind).json").elements)
        #expect(!cases.isEmpty)
        for line in cases {
            let text = try #require(line["text"]?.string)
            let ids = try #require(line["ids"]?.ids)
            #expect(tokenizer.encode(text) == ids, "\(text)")
            #expect(try tokenizer.decode(ids) == line["decoded"]?.string, "\(text)")
        }
    }

    // MARK: Roles

    @Test("The model names the roles, and text spelt like them is text")
    func roles() throws {
        let tokenizer = try SentencePieceFixture().tokenizer()
        #expect(tokenizer.special.beginning == 1)
        #expect(tokenizer.endOfSequenceID == 2)
        #expect(tokenizer.special.unknown == 0)
        #expect(tokenizer.special.padding == nil)
        #expect(tokenizer.specialTokens == ["<s>": 1, "</s>": 2])
        let plain = try tokenizer.encoding(of: "<s>the</s>")
        #expect(plain.specialTokenOccurrences == 2)
        #expect(!plain.ids.contains(1) && !plain.ids.contains(2))
        #expect(try tokenizer.decode(plain.ids) == "<s>the</s>")
        let allowed = try tokenizer.encoding(
            of: "<s>the</s>", EncodingOptions(specialTokens: .allow))
        #expect(allowed.ids.first == 1 && allowed.ids.last == 2)
        #expect(throws: TokenizationError.specialTokenInText(token: "</s>", byteOffset: 3)) {
            try tokenizer.encoding(of: "the</s>", EncodingOptions(specialTokens: .error))
        }
        #expect(throws: TokenizationError.self) {
            try tokenizer.encoding(of: "a", EncodingOptions(recordsOffsets: true))
        }
    }

    @Test("Control pieces are skipped in text, or spelt out")
    func controlPieces() throws {
        let tokenizer = try SentencePieceFixture().tokenizer()
        let ids = [1] + tokenizer.encode("the cat") + [2]
        #expect(try tokenizer.decode(ids) == "the cat")
        #expect(try tokenizer.decode(ids, skipsSpecialTokens: false) == "<s> the cat</s>")
        #expect(throws: TokenizationError.self) { try tokenizer.decode([-1]) }
        #expect(throws: TokenizationError.self) { try tokenizer.decode([100_000]) }
    }

    @Test("Files beside the model name roles and add tokens")
    func companions() throws {
        let fixture = SentencePieceFixture()
        let count = fixture.pieces.count
        let tokenizer = try SentencePieceFixture.tokenizer(
            fixture.bytes,
            [
                "added_tokens.json": "{\"<pad>\": \(count), \"<end>\": \(count + 1), \"<s>\": 1}",
                "tokenizer_config.json":
                    "{\"eos_token\": {\"content\": \"<end>\"}, \"pad_token\": \"<pad>\"}",
                "chat_template.jinja": "{{ messages }}",
            ])
        #expect(tokenizer.vocabularySize == count + 2)
        #expect(tokenizer.endOfSequenceID == Int32(count + 1))
        #expect(tokenizer.special.padding == Int32(count))
        #expect(tokenizer.chatTemplate == "{{ messages }}")
        #expect(try tokenizer.decode(tokenizer.encode("<pad><end>")) == "<pad><end>")
        #expect(try tokenizer.decode([Int32(count)] + tokenizer.encode("the")) == "the")
        for added in ["{\"<pad>\": \(count + 1)}", "{\"<pad>\": 1}", "{\"<pad>\": -1}"] {
            #expect(throws: TokenizationError.self) {
                try SentencePieceFixture.tokenizer(fixture.bytes, ["added_tokens.json": added])
            }
        }
    }

    @Test("The model stands in for a tokenizer.json that asks for more than there is")
    func besideTokenizerJSON() throws {
        let fixture = SentencePieceFixture()
        let json =
            "{\"normalizer\": {\"type\": \"Precompiled\"}, "
            + "\"model\": {\"type\": \"BPE\", \"merges\": [], \"vocab\": {\"a\": 0}}}"
        let tokenizer = try SentencePieceFixture.tokenizer(fixture.bytes, ["tokenizer.json": json])
        #expect(tokenizer.kind == "SentencePiece BPE")
        #expect(throws: TokenizationError.self) {
            try SentencePieceFixture.tokenizer(fixture.bytes, ["tokenizer.json": "{\"model\":"])
        }
    }

    // MARK: Input that is hostile, or merely long

    @Test("More pieces than memory should be taken for are refused")
    func tooManyPieces() throws {
        // Each a field of number 1 without content.
        let bytes = (0..<1_200_000).map { $0 % 2 == 0 ? UInt8(0x0A) : 0x00 }
        let error = #expect(throws: TokenizationError.self) {
            try SentencePieceFixture.tokenizer(bytes)
        }
        #expect(error?.description.contains("too many pieces (got 600000") == true)
    }

    @Test(
        "A megabyte without a break",
        arguments: ["a", " ", "é", "日", "!", "the", "abc", "<mask>", "▁", "\u{0}"])
    func longRuns(piece: String) throws {
        let text = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        for isUnigram in [false, true] {
            let tokenizer = try SentencePieceFixture(
                isUnigram: isUnigram, addsSpace: false, removesExtraSpaces: false
            ).tokenizer()
            #expect(
                try tokenizer.decode(tokenizer.encode(text))
                    == text.replacingOccurrences(of: "▁", with: " "))
        }
    }

    @Test(
        "Bytes that are no UTF-8 become U+FFFD, one each",
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xE6, 0x97], "\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        ] as [([UInt8], String)])
    func invalidText(bytes: [UInt8], text: String) throws {
        for isUnigram in [false, true] {
            let tokenizer = try SentencePieceFixture(isUnigram: isUnigram).tokenizer()
            let ids = try tokenizer.encoding(of: bytes).ids
            #expect(ids == tokenizer.encode(text))
            #expect(try tokenizer.decode(ids) == text)
        }
    }

    /// What is wrong with a file; nil if it loads. What loads must encode and decode whatever comes.
    private func fault(_ bytes: [UInt8]) throws -> String? {
        let tokenizer: Tokenizer
        do {
            tokenizer = try SentencePieceFixture.tokenizer(bytes)
        } catch let error as TokenizationError {
            #expect(error.exitStatus == .badData)
            return error.description
        }
        for text in Corpus.nasty + ["the <mask> abcabc é\u{FB01}e\u{301} "] {
            _ = try tokenizer.decode(tokenizer.encode(text))
        }
        _ = try tokenizer.decode(0..<Int32(tokenizer.vocabularySize))
        return nil
    }

    @Test("A file that is cut anywhere is an error")
    func cutFile() throws {
        let bytes = SentencePieceFixture(hasRules: true).bytes
        #expect(try fault(bytes) == nil)
        for length in stride(from: 0, to: bytes.count, by: 7) {
            let fault = try #require(try fault(Array(bytes[..<length])), "\(length) bytes load")
            // Between two pieces the file is whole, but the model is not.
            #expect(
                fault.contains("not a SentencePiece model") || fault.contains("pieces"), "\(fault)")
        }
    }

    @Test("A file with damaged bytes is an error, or harmless")
    func damagedFile() throws {
        let bytes = SentencePieceFixture(hasRules: true).bytes
        var faults = 0
        for place in stride(from: 0, to: bytes.count, by: 5) {
            for change in [0x80, 0x01, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[place] ^= change
                if try fault(damaged) != nil { faults += 1 }
            }
        }
        #expect(faults > 100)
    }

    @Test(
        "Errors say what",
        arguments: [
            (Wire.varint(1 << 3 | 2) + Wire.varint(.max), "not a SentencePiece model"),
            ([0x0A], "not a SentencePiece model (truncated)"),
            ([0x00], "not a SentencePiece model (malformedProtobuf)"),
            ([0x0B], "not a SentencePiece model (truncated)"),
            (
                [UInt8](repeating: 0xFF, count: 20),
                "not a SentencePiece model (malformedProtobuf)"
            ),
            (Array("a 1\nb 2\n".utf8), "not a SentencePiece model (truncated)"),
            (Wire.field(1, Wire.field(9, 9)), "piece 0 has a field"),
            (Wire.field(7, "x"), "the model has a field"),
            (Wire.field(1, 5), "the model has a field"),
            (Wire.field(1, Wire.field(3, 9)), "unknown type of piece 9"),
            (Wire.field(3, Wire.field(9, 9)), "the normalizer has a field"),
            (Wire.field(2, Wire.field(3, 4)), "model type 4"),
            (Wire.field(5, Wire.field(2, "x")), "rules for decoded text"),
            ([], "without pieces"),
        ] as [([UInt8], String)])
    func faults(bytes: [UInt8], what: String) throws {
        let fault = try #require(try fault(bytes))
        #expect(fault.contains(what), "\(fault)")
    }

    @Test("Models that contradict themselves are refused")
    func contradictions() throws {
        let piece = { (text: String, type: UInt64) in
            Wire.field(1, Wire.field(1, text) + Wire.field(3, type))
        }
        let unknown = piece("<unk>", 2)
        for (bytes, what) in [
            (piece("a", 1), "unknown pieces (got 0, expected 1)"),
            (unknown + piece("?", 2), "unknown pieces (got 2, expected 1)"),
            (unknown + piece("", 1), "piece 1"), (unknown + piece("a\u{0}", 1), "piece 1"),
            (unknown + piece("a", 1) + piece("a", 1), "'a' has two ids (1 and 2)"),
            (unknown + piece("<0x00>", 6), "pieces for bytes (got 1, expected 0)"),
            (unknown + Wire.field(3, Wire.field(2, "abc")), "normalisation rules of 3 bytes"),
            (
                unknown + Wire.field(3, Wire.field(2, [0xFF, 0xFF, 0, 0, 1, 2, 3, 4, 0])),
                "normalisation rules whose sizes"
            ),
        ] {
            let fault = try #require(try fault(bytes), "\(what)")
            #expect(fault.contains(what), "\(fault)")
        }
    }
}
