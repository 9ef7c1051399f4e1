import Glibc
import Kernels
import TestSupport
import Testing
import Transformer

/// A vocabulary so large that the head takes sixteen rows at a time, and trees that have more.
@Suite struct WideVocabularyTests {
    private static let shape = DecoderConfiguration.llama(
        vocabularySize: 1 << 21, width: 4, layerCount: 1, headCount: 2,
        keyValueHeadCount: 1, headWidth: 2, feedForwardWidth: 5, maximumPositions: 32,
        normEpsilon: 1e-5, tiedHead: true, initializerRange: 0.5, eosTokenIDs: [2])

    private static func ids(_ count: Int, _ salt: Int) -> [Int32] {
        TinyModel.ids(count, salt: salt * 7919, vocabulary: shape.vocabularySize)
    }

    /// Nineteen rows that predict, then six and seven, which fit together.
    private static let trees = [
        TokenTree(prompt: ids(3, 1), continuations: (2..<8).map { ids(4, $0) }),
        TokenTree(prompt: ids(2, 9), continuations: [ids(3, 10), ids(4, 11)]),
        TokenTree(prompt: ids(5, 12), continuations: [ids(7, 13)]),
    ]

    /// The derivative of log Σ e^(s_k / 10) − s_0 / 10: it needs the right log-probability of each.
    private static func weights(_ sums: [Double]) -> [Double] {
        let top = sums.max() ?? 0
        let exponentials = sums.map { exp(($0 - top) / 10) }
        let total = exponentials.reduce(0, +)
        return exponentials.enumerated().map { $1 / total - ($0 == 0 ? 1 : 0) }
    }

    @Test func piecesGiveWhatSeparateSequencesDo() throws {
        let model = TinyModel.make(Self.shape)
        let batch = PackedBatch(Self.trees)
        let pieces = ParameterBuffer(count: model.layout.count)
        var seen: [Range<Int>] = []
        let logProbabilities = model.accumulateGradients(batch, into: pieces) { sequences, sums in
            seen.append(sequences)
            return Self.weights(sums)
        }
        // The large tree alone, the others together.
        #expect(seen == [0..<6, 6..<9])
        #expect(model.logProbabilities(batch) == logProbabilities)

        let sums = (0..<batch.sequenceCount).map { batch.sum(logProbabilities, ofSequence: $0) }
        let weights = Self.weights(Array(sums[0..<6])) + Self.weights(Array(sums[6..<9]))
        let separate = ParameterBuffer(count: model.layout.count)
        var sequence = 0
        for tree in Self.trees {
            for continuation in tree.continuations {
                let single = PackedBatch([
                    TokenTree(prompt: tree.prompt, continuations: [continuation])
                ])
                let found = model.accumulateGradients(single, into: separate) { _, _ in
                    [weights[sequence]]
                }
                let expected = logProbabilities[batch.targetRanges[sequence]]
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
                sequence += 1
            }
        }
        for entry in model.layout.entries {
            let difference = relativeDifference(
                pieces.elements(of: entry), separate.elements(of: entry))
            #expect(difference < 2e-5, "\(entry.name)")
        }

        // Sequences on both sides of the cut after sixteen rows, in double precision.
        let reference = ReferenceModel(Self.shape, model.parameters)
        for sequence in [0, 5] {
            let tree = TokenTree(
                prompt: Self.trees[0].prompt,
                continuations: [Self.trees[0].continuations[sequence]])
            let expected = reference.sequenceLogProbabilities(tree)[0]
            #expect(abs(sums[sequence] - expected) < 1e-4)
        }
    }
}
