import StreamIO
import Testing
import Tokenization

@Suite("Learning byte-pair encoding")
struct LearningTests {
    /// The worked example of the Wikipedia article on byte-pair encoding. Of the pairs that occur
    /// as often as each other, ours takes the one with the lower ids, so "ab" comes before
    /// "Za"; the text becomes XdXac all the same.
    @Test("aaabdaaabac becomes XdXac")
    func workedExample() throws {
        var learner = BytePairLearner()
        learner.add("aaabdaaabac")
        let tokenizer = try learner.learn(vocabularySize: 259 + 3)
        #expect(tokenizer.token(for: 259) == "aa")
        #expect(tokenizer.token(for: 260) == "ab")
        #expect(tokenizer.token(for: 261) == "aaab")
        let tokens = tokenizer.encode("aaabdaaabac").compactMap { tokenizer.token(for: $0) }
        #expect(tokens == ["aaab", "d", "aaab", "a", "c"])
    }

    /// Made by the `BpeTrainer` of Hugging Face tokenizers 0.23 from the same lines, with the
    /// same special tokens and the byte alphabet as initial alphabet.
    @Test("The reference trainer learns the same merges")
    func referenceTrainer() throws {
        let expected = [
            "a t", "t h", "th e", "Ġ the", "Ġ c", "at s", "Ġ o", "Ġc at", "1 2", "Ã ©", "Ġ h",
            "Ġ r", "the r", "a n", "a Ã", "d Ã©", "j Ã", "m at", "n aÃ", "s at", "v e", "v u",
            "¥ æ", "¯ ve", "æ Ĺ", "Ġ 12", "Ġ dÃ©", "Ġ sat", "Ġ vu", "ľ ¬", "Ġo n", "Ġo ther",
            "Ġh at", "Ġr ats", "an d", "jÃ ł", "naÃ ¯ve", "¥æ ľ¬", "æĹ ¥æľ¬", "ĠdÃ© jÃł", "' s",
        ]
        let tokenizer = try Corpus.learnt(300)
        try Corpus.withDirectory { directory in
            try tokenizer.writeTokenizerJSON(toDirectory: directory)
            let model = try Corpus.json(directory + "/tokenizer.json")["model"]
            #expect(model?["merges"]?.elements?.compactMap(\.string) == expected)
        }
        #expect(
            tokenizer.encode("the cats sat, that's naïve 日本")
                == [261, 263, 264, 286, 14, 223, 260, 259, 299, 223, 295, 223, 297])
    }

    @Test("The order of the texts changes nothing")
    func orderIndependent() throws {
        var learner = BytePairLearner()
        for line in Corpus.lines.reversed() { learner.add(line) }
        let backwards = try learner.learn(vocabularySize: 330)
        let forwards = try Corpus.learnt(330)
        for id in Int32(0)..<330 { #expect(forwards.token(for: id) == backwards.token(for: id)) }
    }

    @Test("Special tokens come first and are not learnt from text")
    func specialTokens() throws {
        var learner = BytePairLearner()
        for _ in 0..<50 { learner.add("<|im_end|>") }
        let tokenizer = try learner.learn(vocabularySize: 280)
        #expect(
            tokenizer.specialTokens == ["<|endoftext|>": 0, "<|im_start|>": 1, "<|im_end|>": 2])
        #expect(tokenizer.endOfSequenceID == 0)
        #expect(!tokenizer.encode("<|im_end|>").contains(2))
    }

    @Test("Learning stops when no pair is left, or none is frequent enough")
    func stops() throws {
        var learner = BytePairLearner()
        learner.add("abab")
        #expect(try learner.learn(vocabularySize: 1000).vocabularySize == 259 + 2)
        #expect(
            try learner.learn(vocabularySize: 1000, minimumFrequency: 2).vocabularySize == 259 + 1)
        #expect(
            try learner.learn(vocabularySize: 1000, minimumFrequency: 3).vocabularySize == 259)
    }

    @Test("Too small a vocabulary and no text are errors")
    func errors() throws {
        var learner = BytePairLearner()
        #expect(throws: TokenizationError.nothingToLearn) {
            try learner.learn(vocabularySize: 300)
        }
        learner.add("x")
        #expect(throws: TokenizationError.vocabularyTooSmall(got: 258, minimum: 259)) {
            try learner.learn(vocabularySize: 258)
        }
    }

    @Test("A long chunk costs what its pairs cost")
    func longChunk() throws {
        var learner = BytePairLearner()
        learner.add(String(repeating: "a", count: 300_000))
        learner.add(
            String((0..<300_000).map { Character(Unicode.Scalar(UInt8(97 + $0 * $0 % 23))) }))
        let tokenizer = try learner.learn(vocabularySize: 2000)
        #expect(tokenizer.vocabularySize > 300)
    }
}
