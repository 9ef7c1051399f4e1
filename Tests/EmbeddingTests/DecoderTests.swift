import Embedding
import Foundation
import Testing
import Transformer

@Suite struct DecoderTests {
    static let texts = [
        "to be, or not", "x", "the quick brown fox jumps over the lazy", "a b", "to be, or not",
    ]
    static let configurations = [TinyDecoder.llama, TinyDecoder.gpt2]

    private func ids(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

    /// log π of each next token, from hidden states and the embedding table.
    private func logProbabilities(_ decoder: Decoder, _ ids: [Int32]) -> [Double] {
        let c = decoder.configuration
        let name = c.names.embedding + ".weight"
        guard let entry = decoder.layout[name] else { return [] }
        let table = decoder.parameters.elements(of: entry)
        return decoder.withHiddenStates(of: [ids], rows: .all) { states in
            (0..<ids.count - 1).map { row in
                let hidden = states.matrix.base + row * states.matrix.stride
                let logits = (0..<c.vocabularySize).map { token in
                    (0..<c.width).reduce(0.0) {
                        $0 + Double(hidden[$1]) * Double(table[token * c.width + $1])
                    }
                }
                let total = logits.reduce(0) { $0 + exp($1) }
                return logits[Int(ids[row + 1])] - log(total)
            }
        }
    }

    @Test(arguments: configurations)
    func hiddenStatesAreWhatTheHeadSees(configuration: DecoderConfiguration) throws {
        let directory = try TemporaryDirectory()
        let decoder = try TinyDecoder.write(configuration, to: directory)
        for text in Self.texts where text.count > 1 {
            let ids = ids(text)
            let tree = TokenTree(prompt: [ids[0]], continuations: [Array(ids.dropFirst())])
            let expected = decoder.logProbabilities(PackedBatch([tree]))
            let got = logProbabilities(decoder, ids).map { Float($0) }
            #expect(largestDifference(got, expected) < 1e-5)
        }
    }

    @Test(arguments: configurations)
    func anEmbeddingIsTheMeanOfTheHiddenStates(configuration: DecoderConfiguration) throws {
        let directory = try TemporaryDirectory()
        let decoder = try TinyDecoder.write(configuration, to: directory)
        var embedder = try TextEmbedder.load(directory: directory.path)
        embedder.microBatchTokens = 50
        let result = try embedder.embed(Self.texts)
        let width = configuration.width
        for (index, text) in Self.texts.enumerated() {
            let ids = ids(text)
            // One pass a row, so that no other row can have a part in it.
            var total = [Double](repeating: 0, count: width)
            for end in 1...ids.count {
                decoder.withHiddenStates(of: [Array(ids[..<end])], rows: .last) { states in
                    #expect(states.matrix.rows == 1)
                    for channel in 0..<width {
                        total[channel] += Double(states.matrix.base[channel])
                    }
                }
            }
            let got = result.vectors[index * width..<(index + 1) * width]
            #expect(largestDifference(got, unit(total)) < 1e-6)
        }
    }

    @Test func anEmptyTextIsTheEndOfSequenceAlone() throws {
        let directory = try TemporaryDirectory()
        let decoder = try TinyDecoder.write(TinyDecoder.llama, to: directory)
        let width = TinyDecoder.llama.width
        let expected = decoder.withHiddenStates(of: [TinyDecoder.llama.eosTokenIDs], rows: .all) {
            states in
            (0..<width).map { states.matrix.base[$0] }
        }
        let extractor = try FeatureExtractor.load(directory: directory.path)
        let features = try extractor.lastTokenFeatures(
            ofTokens: extractor.tokens(of: ["a", ""], maximumTokens: 8))
        #expect(largestDifference(features[width...], expected) < 1e-5)
        let embedder = try TextEmbedder.load(directory: directory.path)
        let vectors = try embedder.embed(["a", ""]).vectors
        #expect(largestDifference(vectors[width...], unit(expected.map(Double.init))) < 1e-5)
    }

    @Test func anEmptyTextHasNoEmbeddingWithoutAnEndOfSequence() throws {
        let directory = try TemporaryDirectory()
        var configuration = TinyDecoder.llama
        configuration.eosTokenIDs = []
        _ = try TinyDecoder.write(configuration, to: directory)
        let embedder = try TextEmbedder.load(directory: directory.path)
        #expect(throws: EmbeddingError.noTokens(index: 1)) { try embedder.embed(["a", ""]) }
        let extractor = try FeatureExtractor.load(directory: directory.path)
        #expect(throws: EmbeddingError.noTokens(index: 0)) {
            try extractor.lastTokenFeatures(
                ofTokens: extractor.tokens(of: [""], maximumTokens: 8))
        }
    }

    @Test func longTextsAreCutAndSaidToBe() throws {
        let directory = try TemporaryDirectory()
        _ = try TinyDecoder.write(TinyDecoder.gpt2, to: directory)
        let embedder = try TextEmbedder.load(directory: directory.path)
        let long = String(repeating: "abcd", count: 20)
        let result = try embedder.embed([long, String(long.prefix(48))])
        #expect(result.truncated == [true, false])
        #expect(largestDifference(result.vectors[..<20], result.vectors[20...]) < 1e-6)
    }

    @Test(arguments: configurations)
    func featuresAreTheLastTokensHiddenState(configuration: DecoderConfiguration) throws {
        let directory = try TemporaryDirectory()
        let decoder = try TinyDecoder.write(configuration, to: directory)
        let extractor = try FeatureExtractor.load(directory: directory.path)
        let features = try extractor.lastTokenFeatures(
            ofTokens: extractor.tokens(of: Self.texts, maximumTokens: 12))
        let width = configuration.width
        #expect(extractor.width == width)
        for (index, text) in Self.texts.enumerated() {
            let cut = Array(ids(text).prefix(12))
            let expected = decoder.withHiddenStates(of: [cut], rows: .all) { states in
                (0..<width).map { states.matrix.base[(cut.count - 1) * width + $0] }
            }
            let got = features[index * width..<(index + 1) * width]
            #expect(largestDifference(got, expected) < 1e-5)
        }
    }

    @Test(arguments: configurations)
    func scoresAreSumsOverTheContinuation(configuration: DecoderConfiguration) throws {
        let directory = try TemporaryDirectory()
        let decoder = try TinyDecoder.write(configuration, to: directory)
        var scorer = try SequenceScorer.load(directory: directory.path)
        scorer.microBatchTokens = 20
        let prompts = ["who", "who", "", "what is it?", "who", "w"].map(ids)
        let continuations = ["are you", "is", "hello", "", "are you", "hy"].map(ids)
        let sums = try scorer.logProbabilities(prompts: prompts, continuations: continuations)
        for (index, sum) in sums.enumerated() {
            let sequence = prompts[index] + continuations[index]
            let scored = min(continuations[index].count, sequence.count - 1)
            let expected = logProbabilities(decoder, sequence).suffix(scored).reduce(0, +)
            #expect(abs(sum - expected) < 1e-4)
        }
        #expect(scorer.tokenIDs(of: "who") == prompts[0])
    }

    @Test func nextTokensHaveProbabilitiesThatSumToOne() throws {
        let directory = try TemporaryDirectory()
        _ = try TinyDecoder.write(TinyDecoder.llama, to: directory)
        let scorer = try SequenceScorer.load(directory: directory.path)
        let values = try scorer.nextTokenLogProbabilities(
            prompt: ids("yes or no? "), tokens: Array(0..<257))
        #expect(abs(values.reduce(0) { $0 + exp($1) } - 1) < 1e-5)
        #expect(throws: EmbeddingError.noTokens(index: 0)) {
            try scorer.nextTokenLogProbabilities(prompt: [], tokens: [1])
        }
    }

    @Test func whatTheModelCannotScoreIsAnError() throws {
        let directory = try TemporaryDirectory()
        _ = try TinyDecoder.write(TinyDecoder.llama, to: directory)
        let scorer = try SequenceScorer.load(directory: directory.path)
        let long = [Int32](repeating: 7, count: 48)
        #expect(try scorer.logProbabilities(prompts: [long], continuations: [[1]])[0] < 0)
        #expect(throws: EmbeddingError.tooLong(index: 1, got: 50, maximum: 49)) {
            try scorer.logProbabilities(prompts: [[1], long], continuations: [[2], [3, 4]])
        }
        #expect(throws: EmbeddingError.tokenOutOfRange(got: 257, vocabularySize: 257)) {
            try scorer.logProbabilities(prompts: [[1]], continuations: [[257]])
        }
        #expect(throws: EmbeddingError.unequalCounts(prompts: 1, continuations: 0)) {
            try scorer.logProbabilities(prompts: [[1]], continuations: [])
        }
    }
}
