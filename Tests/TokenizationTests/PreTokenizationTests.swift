import Testing
import Tokenization

@Suite("Pre-tokenization")
struct PreTokenizationTests {
    /// Expected chunks were worked out by hand from GPT-2's pattern.
    @Test(
        "GPT-2's pattern",
        arguments: [
            ("", []), ("Hello world", ["Hello", " world"]), ("a  b", ["a", " ", " b"]),
            ("  a", [" ", " a"]), ("a   ", ["a", "   "]), ("\t\tx", ["\t", "\t", "x"]),
            ("a\n\nb", ["a", "\n", "\n", "b"]), (" \n", [" \n"]),
            ("I'll don't WE'RE", ["I", "'ll", " don", "'t", " WE", "'", "RE"]),
            ("'s'sx''s", ["'s", "'s", "x", "''", "s"]), ("!'s", ["!'", "s"]),
            ("x1 23y", ["x", "1", " 23", "y"]), ("½٣Ⅷ", ["½٣Ⅷ"]), ("a, b.", ["a", ",", " b", "."]),
            ("e\u{301}x", ["e", "\u{301}", "x"]), ("\u{A0}nb", ["\u{A0}", "nb"]),
            (" \u{2003}z", [" ", "\u{2003}", "z"]), (" 日本 語", [" 日本", " 語"]),
            ("'", ["'"]), (" '", [" '"]), ("'l", ["'", "l"]), ("'r", ["'", "r"]),
        ] as [(String, [String])])
    func gpt2(text: String, chunks: [String]) throws {
        try expectSame(try Corpus.learnt(259, .gpt2).chunks(of: text), chunks)
    }

    /// Every numeric character stands alone, so the space before it does too.
    @Test(
        "SmolLM's rule",
        arguments: [
            ("world! 123", ["world", "!", " ", "1", "2", "3"]), ("a  1", ["a", "  ", "1"]),
            ("12abc34", ["1", "2", "abc", "3", "4"]), ("½ ٣", ["½", " ", "٣"]),
            ("\n1\n", ["\n", "1", "\n"]), ("x  y", ["x", " ", " y"]), ("'s1's", ["'s", "1", "'s"]),
        ] as [(String, [String])])
    func smolLM(text: String, chunks: [String]) throws {
        try expectSame(try Corpus.learnt(259, .smolLM).chunks(of: text), chunks)
    }

    @Test("Chunks are the text, nothing lost, none empty", arguments: Corpus.nasty)
    func chunksAreTheText(text: String) throws {
        for pre in BytePairLearner.PreTokenization.allCases {
            let chunks = try Corpus.learnt(259, pre).chunks(of: text)
            #expect(Array(chunks.joined().utf8) == Array(text.utf8))
            #expect(!chunks.contains(""))
        }
    }

    /// The pattern itself, run by a regular-expression engine.
    @Test("The scanner finds the chunks of GPT-2's pattern", arguments: 0..<8)
    func pattern(seed: Int) throws {
        let pattern = try Regex<Substring>(ByteLevelPattern.text).matchingSemantics(.unicodeScalar)
        let tokenizer = try Corpus.learnt(259, .gpt2)
        // Many letters, so that words end at every place of an eight-byte step.
        let alphabet = Array(
            "abcdefghijklmnopqrstuvwxyzABCXYZ@[`{ss''   \n\t19.,é日½\u{301}\u{A0}’".unicodeScalars)
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        for length in 0..<60 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<length {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                scalars.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            let text = String(scalars)
            try expectSame(
                tokenizer.chunks(of: text), text.matches(of: pattern).map { String($0.output) })
        }
    }

    /// Byte by byte: `String` equality would take é for e with an accent.
    private func expectSame(_ got: [String], _ expected: [String]) throws {
        #expect(got.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(got)")
    }
}

/// GPT-2's pattern as OpenAI published it.
private enum ByteLevelPattern {
    static let text =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
}
