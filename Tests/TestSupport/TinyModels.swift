import Transformer

/// Small models with random weights, of odd and distinct sizes, so that a transposed index shows.
public enum TinyModel {
    /// Llama with grouped-query attention, tied head.
    public static let llama = DecoderConfiguration.llama(
        vocabularySize: 61, width: 24, layerCount: 2, headCount: 6,
        keyValueHeadCount: 2, headWidth: 4, feedForwardWidth: 37, maximumPositions: 96,
        normEpsilon: 1e-5, ropeTheta: 10_000, tiedHead: true, initializerRange: 0.2,
        eosTokenIDs: [2])

    /// Llama with plain attention and a head of its own.
    public static let untiedLlama = DecoderConfiguration.llama(
        vocabularySize: 53, width: 18, layerCount: 2, headCount: 3,
        keyValueHeadCount: 3, headWidth: 6, feedForwardWidth: 29, maximumPositions: 80,
        normEpsilon: 1e-6, ropeTheta: 500, tiedHead: false, initializerRange: 0.2,
        eosTokenIDs: [2])

    /// GPT-2.
    public static let gpt2 = DecoderConfiguration.gpt2(
        vocabularySize: 59, width: 20, layerCount: 2, headCount: 4,
        keyValueHeadCount: 4, headWidth: 5, feedForwardWidth: 80, maximumPositions: 72,
        normEpsilon: 1e-5, tiedHead: true, initializerRange: 0.2, eosTokenIDs: [0])

    /// Biases everywhere, heads wider than their share, Llama 3.1's rotary scaling, GELU in its exact form.
    public static let biased: DecoderConfiguration = {
        var c = untiedLlama
        (c.queryKeyValueBias, c.attentionOutputBias, c.feedForwardBias) = (true, true, true)
        (c.keyValueHeadCount, c.headWidth, c.activation) = (1, 10, .geluErf)
        let scaling = RotaryScaling.llama3(factor: 8, low: 1, high: 4, positions: 20)
        c.attention = [AttentionTraits(rotary: RotaryTraits(theta: 500, scaling: scaling))]
        return c
    }()

    /// Four norms a block with (1 + w), norms of heads, windows in one of two blocks, multiplied
    /// embeddings, a scale of its own, GELU behind the gate, YaRN.
    public static let normed: DecoderConfiguration = {
        var c = llama
        c.names = names(norms: ["a", "b", "c", "d", "q", "k"])
        (c.norm, c.normPlacement, c.queryKeyNorm) = (.rmsPlusOne, .beforeAndAfter, .perHead)
        (c.activation, c.embeddingMultiplier, c.attentionScale) = (.geluTanh, 3, 0.3)
        let yarn = RotaryScaling.YaRN(factor: 4, positions: 16, fast: 4, magnitude: 1.1)
        c.attention = [
            AttentionTraits(rotary: RotaryTraits(theta: 100), window: 5),
            AttentionTraits(rotary: RotaryTraits(theta: 900, scaling: .yarn(yarn))),
        ]
        return c
    }()

    /// Norms behind the parts, norms of whole queries and keys, one block that does not rotate, multiplied
    /// residuals and logits.
    public static let postNormed: DecoderConfiguration = {
        var c = untiedLlama
        c.names = names(norms: ["a", "b", "c", "d", "q", "k"])
        (c.normPlacement, c.queryKeyNorm) = (.after, .whole)
        (c.residualMultiplier, c.logitMultiplier) = (0.7, 0.6)
        c.attention = [AttentionTraits(), AttentionTraits(rotary: nil, window: 7)]
        return c
    }()

    /// Fused matrices, a part of each head that rotates with factors of its own, multiplied residuals.
    public static let fused: DecoderConfiguration = {
        var c = llama
        c.names = c.names.with(
            [.queryKeyValue: "qkv", .gateUp: "gate_up"],
            without: [.query, .key, .value, .gate, .up])
        (c.headWidth, c.residualMultiplier) = (10, 0.5)
        let factors = RotaryScaling.LongRope(
            short: [1, 1.5, 2], long: [2, 3, 4], positions: 96, magnitude: 1.2)
        c.attention = [
            AttentionTraits(rotary: RotaryTraits(width: 5, scaling: .longRope(factors)))
        ]
        return c
    }()

    /// A plain feed-forward part with RMSNorm before, sliding windows throughout.
    public static let ungated: DecoderConfiguration = {
        var c = llama
        (c.isGated, c.activation, c.attention) = (false, .silu, [AttentionTraits(window: 4)])
        return c
    }()

    private static func names(norms: [String]) -> ParameterNames {
        llama.names.with([
            .attentionNorm: norms[0], .attentionOutputNorm: norms[1], .feedForwardNorm: norms[2],
            .feedForwardOutputNorm: norms[3], .queryNorm: norms[4], .keyNorm: norms[5],
        ])
    }

    /// All of them: every trait is in one.
    public static let all = [
        llama, untiedLlama, gpt2, biased, normed, postNormed, fused, ungated,
    ]

    /// A model with random weights, norm weights and biases included.
    public static func make(_ configuration: DecoderConfiguration, seed: UInt64 = 1) -> Decoder {
        let layout = ParameterLayout(configuration)
        let parameters = ParameterBuffer(count: layout.count)
        parameters.initialize(configuration, seed: seed)
        for entry in layout.entries where !entry.decays {
            for (index, place) in parameters.elements(of: entry).indices.enumerated() {
                let ramp = Float((index * 7 + entry.offset) % 11) / 11 - 0.5
                parameters.elements(of: entry)[place] += 0.3 * ramp
            }
        }
        return Decoder(configuration: configuration, parameters: parameters)
    }

    /// Token ids that look random but are not.
    public static func ids(_ count: Int, salt: Int, vocabulary: Int) -> [Int32] {
        (0..<count).map { Int32(($0 * $0 * 31 + $0 * 17 + salt * 101 + 7) % vocabulary) }
    }

    /// Prompts with candidates of different lengths, one of a single token.
    public static func trees(_ configuration: DecoderConfiguration) -> [TokenTree] {
        func ids(_ count: Int, _ salt: Int) -> [Int32] {
            self.ids(count, salt: salt, vocabulary: configuration.vocabularySize)
        }
        return [
            TokenTree(prompt: ids(7, 1), continuations: [ids(5, 2), ids(1, 3), ids(9, 4)]),
            TokenTree(prompt: ids(1, 5), continuations: [ids(3, 6), ids(4, 7)]),
            TokenTree(prompt: ids(12, 8), continuations: [ids(6, 9)]),
            TokenTree(prompt: [], continuations: [ids(8, 10), ids(2, 11)]),
        ]
    }
}

/// ‖a − b‖ / ‖b‖.
public func relativeDifference(
    _ a: UnsafeMutableBufferPointer<Float>, _ b: UnsafeMutableBufferPointer<Float>
) -> Double {
    var difference = 0.0
    var norm = 0.0
    for (x, y) in zip(a, b) {
        difference += Double(x - y) * Double(x - y)
        norm += Double(y) * Double(y)
    }
    return (difference / max(norm, 1e-30)).squareRoot()
}
