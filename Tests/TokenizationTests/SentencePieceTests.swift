import Foundation
import StreamIO
import Testing
import Tokenization

/// Expected pieces and texts are those of the Python package `sentencepiece`, releases 0.2.0 to 0.2.3,
/// on the same model files.
@Suite("SentencePiece")
struct SentencePieceTests {
    private func expect(
        _ fixture: SentencePieceFixture, _ text: String, _ pieces: String, _ decoded: String
    ) throws {
        let tokenizer = try fixture.tokenizer()
        let ids = tokenizer.encode(text)
        #expect(ids.compactMap { tokenizer.token(for: $0) }.joined(separator: " ") == pieces)
        #expect(try tokenizer.decode(ids) == decoded)
    }

    @Test(
        "What BPE and unigram spell alike",
        arguments: [
            ("", "", ""), ("the cat the", "▁the ▁ c a t ▁the", "the cat the"),
            ("<mask>a::the<s>", "▁ <mask> a :: t he <0x3C> <0x73> <0x3E>", "<mask>a::the<s>"),
            ("a x b ▁x", "▁a ▁x▁ b ▁▁ x", "a x b  x"),
            ("日éè!", "▁ 日 é <0xC3> <0xA8> <0x21>", "日éè!"),
            ("!?a!", "▁ <0x21> <0x3F> a <0x21>", "!?a!"), ("   ", "", ""),
            ("thethethe", "▁the t he t he", "thethethe"),
            ("😀t", "▁ <0xF0> <0x9F> <0x98> <0x80> t", "😀t"),
        ], [false, true])
    func alike(_ line: (text: String, pieces: String, decoded: String), isUnigram: Bool) throws {
        try expect(
            SentencePieceFixture(isUnigram: isUnigram), line.text, line.pieces, line.decoded)
    }

    @Test(
        "What both spell alike with spaces at the end of words and rules of replacement",
        arguments: [
            ("a x b ▁x", "a ▁x▁ b ▁ ▁x▁", "a x b  x "),
            ("e\u{301}\u{200B}\u{FB01}\u{A0}\u{FF21}\n t", "é f i ▁ <0x41> ▁t ▁", "éfi A t "),
            ("\u{200B}", "▁", ""), ("\u{200B} \u{A0}a\u{200B} ", "a▁", "a "),
            ("<mask>\u{FF21}e\u{301}ee\u{301}x", "<mask> <0x41> é e é x ▁", "<mask>Aéeéx "),
            ("the<mask> \n ::", "t he <mask> ▁ :: ▁", "the<mask> :: "),
        ], [false, true])
    func alikeWithSuffixAndRules(
        _ line: (text: String, pieces: String, decoded: String), isUnigram: Bool
    ) throws {
        try expect(
            SentencePieceFixture(isUnigram: isUnigram, hasRules: true, spaceIsSuffix: true),
            line.text, line.pieces, line.decoded)
    }

    @Test(
        "BPE",
        arguments: [
            (" the  abcabc ", "▁the ▁ ab c ab c", "the abcabc"),
            ("aaaaaaa abab", "▁ aaaa aa a▁ ab ab", "aaaaaaa abab"),
        ])
    func merging(text: String, pieces: String, decoded: String) throws {
        try expect(SentencePieceFixture(), text, pieces, decoded)
    }

    @Test(
        "BPE: what has no piece is unknown, once for a run",
        arguments: [
            ("!?a!", "▁ <unk> a <unk>", " ⁇ a ⁇ "), ("日éè!", "▁ 日 é <unk>", "日é ⁇ "),
            ("😀t", "▁ <unk> t", " ⁇ t"), ("abcabc!!", "▁ ab c ab c <unk>", "abcabc ⁇ "),
            ("<mask>a::", "▁ <unk> a <unk> a <unk>", " ⁇ a ⁇ a ⁇ "),
        ])
    func mergingWithoutBytes(text: String, pieces: String, decoded: String) throws {
        try expect(
            SentencePieceFixture(fallsBackToBytes: false, hasUserSymbols: false), text, pieces,
            decoded)
    }

    @Test(
        "BPE: spaces at the end of words, and rules of replacement",
        arguments: [
            ("the cat the", "t he ▁ c a t ▁the ▁", "the cat the ")
        ])
    func mergingWithSuffixAndRules(text: String, pieces: String, decoded: String) throws {
        try expect(SentencePieceFixture(hasRules: true, spaceIsSuffix: true), text, pieces, decoded)
    }

    @Test(
        "BPE: text as it is",
        arguments: [
            (" the  abcabc ", "▁the ▁▁ ab c ab c ▁", " the  abcabc "), ("   ", "▁▁ ▁", "   "),
            ("a x b", "a ▁x▁ b", "a x b"), ("thethe", "t he t he", "thethe"),
        ])
    func mergingWithoutPrefix(text: String, pieces: String, decoded: String) throws {
        try expect(
            SentencePieceFixture(addsSpace: false, removesExtraSpaces: false), text, pieces, decoded
        )
    }

    @Test(
        "BPE: spaces stay spaces",
        arguments: [
            ("the cat the", "<0x20> t he <0x20> c a t <0x20> t he", " the cat the"),
            (" x  ", "<0x20> <0x20> x <0x20> <0x20>", "  x  "),
        ])
    func mergingUnescaped(text: String, pieces: String, decoded: String) throws {
        try expect(
            SentencePieceFixture(removesExtraSpaces: false, escapesSpaces: false), text, pieces,
            decoded)
    }

    @Test(
        "Unigram",
        arguments: [
            (" the  abcabc ", "▁the ▁ abca bc", "the abcabc"),
            ("aaaaaaa abab", "▁a aa aaaa ▁ ab ab", "aaaaaaa abab"),
        ])
    func bestSum(text: String, pieces: String, decoded: String) throws {
        try expect(SentencePieceFixture(isUnigram: true), text, pieces, decoded)
    }

    @Test(
        "Unigram: what has no piece is unknown",
        arguments: [
            ("!?a!", "▁ <unk> a <unk>", "??a??"), ("日éè!", "▁ 日 é <unk>", "日é??"),
            ("😀t", "▁ <unk> t", "??t"), ("<mask>a::", "▁ <unk> a <unk> a <unk>", "??a??a??"),
        ])
    func bestSumWithoutBytes(text: String, pieces: String, decoded: String) throws {
        try expect(
            SentencePieceFixture(
                isUnigram: true, fallsBackToBytes: false, hasUserSymbols: false,
                unknownSurface: "??"),
            text, pieces, decoded)
    }

    @Test(
        "Unigram: spaces at the end of words, and rules of replacement",
        arguments: [
            ("aaaaaaa abab", "aa aaaa a▁ ab ab ▁", "aaaaaaa abab ")
        ])
    func bestSumWithSuffixAndRules(text: String, pieces: String, decoded: String) throws {
        try expect(
            SentencePieceFixture(isUnigram: true, hasRules: true, spaceIsSuffix: true), text,
            pieces, decoded)
    }

    @Test(
        "Unigram: text as it is",
        arguments: [
            (" the  abcabc ", "▁the ▁▁ abca bc ▁", " the  abcabc "), ("   ", "▁ ▁▁", "   "),
            ("aaaaaaa", "a aa aaaa", "aaaaaaa"),
        ])
    func bestSumWithoutPrefix(text: String, pieces: String, decoded: String) throws {
        try expect(
            SentencePieceFixture(isUnigram: true, addsSpace: false, removesExtraSpaces: false),
            text, pieces, decoded)
    }

    @Test(
        "Decoding ids that no text gives",
        arguments: [
            ("▁the <0xE6> <0x97> ▁the", "the�� the"), ("<0xE6> <0x97> <0xA5> a", "日a"),
            ("<s> ▁the </s>", "the"), ("▁ ▁ a", "a"), ("▁▁ ▁a", "  a"),
            ("<unk> ▁the", " ⁇  the"), ("<0xFF> <0xFE>", "��"), ("<0x20> ▁the", "  the"),
            ("<s> ▁ ▁the", "the"), ("<0xF0> <0x9F> t", "��t"),
        ])
    func decoding(pieces: String, decoded: String) throws {
        let tokenizer = try SentencePieceFixture().tokenizer()
        let ids = try pieces.split(separator: " ").map {
            try #require(tokenizer.id(for: String($0)))
        }
        #expect(try tokenizer.decode(ids) == decoded)
    }
}
