import Kernels
import Sampling
import Testing
import Transformer

/// All logits behind each token of sequences that are extended together, cut into pieces of `step`.
private func logits(
    _ decoder: IncrementalDecoder, _ sequences: [[Int32]], step: Int
) throws -> [[[Float]]] {
    let size = decoder.configuration.vocabularySize
    let caches = sequences.map { _ in decoder.makeCache() }
    var result = sequences.map { [[Float]](repeating: [], count: $0.count) }
    var start = 0
    while sequences.contains(where: { $0.count > start }) {
        let active = sequences.indices.filter { sequences[$0].count > start }
        let pieces = active.map { index in
            let tokens = Array(sequences[index][start..<min(sequences[index].count, start + step)])
            return CacheExtension(caches[index], by: tokens, wanted: 0..<tokens.count)
        }
        let rows = UnsafeMutablePointer<[Float]>.allocate(capacity: active.count * step)
        rows.initialize(repeating: [], count: active.count * step)
        try decoder.extend(pieces) { index, offset, logits in
            rows[index * step + offset] = Array(UnsafeBufferPointer(start: logits, count: size))
        }
        for (index, sequence) in active.enumerated() {
            for offset in pieces[index].tokens.indices {
                result[sequence][start + offset] = rows[index * step + offset]
            }
        }
        rows.deinitialize(count: active.count * step)
        rows.deallocate()
        start += step
    }
    return result
}

@Suite struct IncrementalDecoderTests {
    @Test(arguments: Models.Kind.allCases, [false, true])
    func bitsOfARowDependOnItsSequenceAlone(_ kind: Models.Kind, wide: Bool) throws {
        let decoder = IncrementalDecoder(Models.decoder(kind, wide: wide))
        let sequences = (0..<40).map { Models.tokens(1 + ($0 * 7) % 37, seed: UInt64($0)) }
        let together = try logits(decoder, sequences, step: 1)
        let inChunks = try logits(decoder, sequences, step: 16)
        for index in [0, 1, 5, 17, 39] {
            let alone = try logits(decoder, [sequences[index]], step: 1)[0]
            #expect(alone == together[index])
            #expect(alone == inChunks[index])
            let atOnce = try logits(decoder, [sequences[index]], step: 64)[0]
            #expect(alone == atOnce)
        }
    }

    @Test(arguments: Models.Kind.allCases, [false, true])
    func agreesWithThePackedPass(_ kind: Models.Kind, wide: Bool) throws {
        let decoder = Models.decoder(kind, wide: wide)
        // More rows than the row-wise product takes, so that both cut their products differently.
        let trees = (0..<8).map { index in
            TokenTree(
                prompt: Models.tokens(20 + index, seed: UInt64(index)),
                continuations: (0..<3).map { Models.tokens(5 + 2 * $0, seed: UInt64(99 + $0)) })
        }
        let packed = decoder.logProbabilities(PackedBatch(trees))
        let forced = try TeacherForcing(IncrementalDecoder(decoder)).tokenLogProbabilities(trees)
        let flat = forced.flatMap { $0.flatMap { $0 } }
        #expect(packed.count == flat.count)
        let difference = zip(packed, flat).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference < 1e-4)
    }

    /// Weights that are laid out are held once, and nothing that is needed goes with the others.
    @Test(arguments: Models.Kind.allCases, [false, true])
    func weightsThatAreLaidOutAreNotNeededTwice(
        _ kind: Models.Kind, isQuantized: Bool
    ) throws {
        func decoder() -> Decoder {
            let plain = Models.decoder(kind)
            return Decoder(
                configuration: plain.configuration, parameters: plain.parameters,
                isQuantized: isQuantized)
        }
        let sequences = (0..<5).map { Models.tokens(3 + $0 * 5, seed: UInt64($0)) }
        let kept = try logits(IncrementalDecoder(decoder()), sequences, step: 4)
        let released = decoder()
        let incremental = IncrementalDecoder(released, keepsWeights: false)
        let zeros = (0..<released.parameters.count).count { released.parameters.base[$0] == 0 }
        #expect(zeros > released.parameters.count / 2)
        let results = try logits(incremental, sequences, step: 4)
        #expect(results == kept)
    }

    /// What no row sees any more is given up, block by block, and the estimate of it is a bound.
    @Test func windowsBoundTheCache() throws {
        var configuration = Models.configuration(.windows)
        configuration.attention = [AttentionTraits(window: 20)]
        configuration.maximumPositions = 4000
        let parameters = ParameterBuffer(count: ParameterLayout(configuration).count)
        parameters.initialize(configuration, seed: 5)
        let decoder = IncrementalDecoder(
            Decoder(configuration: configuration, parameters: parameters))
        let cache = decoder.makeCache()
        for step in 0..<100 {
            try decoder.extend([
                CacheExtension(cache, by: Models.tokens(step == 3 ? 700 : 9, seed: 1))
            ]) { _, _, _ in }
            #expect(cache.blockCount <= (20 + 256) / 16 + 3)
        }
        #expect(cache.blockCount <= 4)
        #expect(decoder.cacheBytes(tokens: 4000) == decoder.cacheBytes(tokens: 1000))
        configuration.attention = [AttentionTraits()]
        let whole = IncrementalDecoder(
            Decoder(configuration: configuration, parameters: parameters))
        #expect(whole.cacheBytes(tokens: 4000) > 10 * decoder.cacheBytes(tokens: 4000))
    }

    @Test func forksGoTheirOwnWay() throws {
        let decoder = IncrementalDecoder(Models.decoder(.windows))
        let prompt = Models.tokens(19, seed: 1)
        let (left, right) = (Models.tokens(20, seed: 2), Models.tokens(20, seed: 3))
        let scores = try TeacherForcing(decoder).tokenLogProbabilities([
            TokenTree(prompt: prompt, continuations: [left, right, left])
        ])[0]
        #expect(scores[0] == scores[2])
        for (index, continuation) in [left, right].enumerated() {
            let alone = try TeacherForcing(decoder).tokenLogProbabilities([
                TokenTree(prompt: prompt, continuations: [continuation])
            ])[0][0]
            #expect(alone == scores[index])
        }
    }
}
