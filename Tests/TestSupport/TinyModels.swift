import Transformer

/// Small models with random weights, of odd and distinct sizes, so that a transposed index shows.
public enum TinyModel {
    /// Llama with grouped-query attention, tied head.
    public static let llama = DecoderConfiguration(
        architecture: .llama, vocabularySize: 61, width: 24, layerCount: 2, headCount: 6,
        keyValueHeadCount: 2, headWidth: 4, feedForwardWidth: 37, maximumPositions: 96,
        normEpsilon: 1e-5, ropeTheta: 10_000, tiedHead: true, initializerRange: 0.2,
        eosTokenIDs: [2])

    /// Llama with plain attention and a head of its own.
    public static let untiedLlama = DecoderConfiguration(
        architecture: .llama, vocabularySize: 53, width: 18, layerCount: 2, headCount: 3,
        keyValueHeadCount: 3, headWidth: 6, feedForwardWidth: 29, maximumPositions: 80,
        normEpsilon: 1e-6, ropeTheta: 500, tiedHead: false, initializerRange: 0.2,
        eosTokenIDs: [2])

    /// GPT-2.
    public static let gpt2 = DecoderConfiguration(
        architecture: .gpt2, vocabularySize: 59, width: 20, layerCount: 2, headCount: 4,
        keyValueHeadCount: 4, headWidth: 5, feedForwardWidth: 80, maximumPositions: 72,
        normEpsilon: 1e-5, tiedHead: true, initializerRange: 0.2, eosTokenIDs: [0])

    /// All of them.
    public static let all = [llama, untiedLlama, gpt2]

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
