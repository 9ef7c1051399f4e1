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

    /// Byte by byte: `String` equality would take é for e with an accent.
    private func expectSame(_ got: [String], _ expected: [String]) throws {
        #expect(got.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(got)")
    }
}
