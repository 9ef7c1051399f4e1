import Kernels
import Sampling
import StreamIO
import TestSupport
import Transformer

/// Small models with random weights, of odd shapes, so that tails of vectors and tiles are met.
enum Models {
    enum Kind: CaseIterable {
        case gpt2, llama
        /// Llama with a window in two of three blocks, a block that does not rotate, biases and norms.
        case windows
    }

    static func configuration(_ kind: Kind) -> DecoderConfiguration {
        if kind == .gpt2 {
            return .gpt2(
                vocabularySize: 211, width: 48, layerCount: 3, headCount: 6, keyValueHeadCount: 6,
                headWidth: 8, feedForwardWidth: 84, maximumPositions: 96, normEpsilon: 1e-5,
                tiedHead: true, initializerRange: 0.25, eosTokenIDs: [2, 7], bosTokenID: 1)
        }
        var c = DecoderConfiguration.llama(
            vocabularySize: 211, width: 48, layerCount: 3, headCount: 6, keyValueHeadCount: 2,
            headWidth: 8, feedForwardWidth: 84, maximumPositions: 96, normEpsilon: 1e-5,
            tiedHead: false, initializerRange: 0.25, eosTokenIDs: [2, 7], bosTokenID: 1)
        guard kind == .windows else { return c }
        c.names = c.names.with([.queryNorm: "q_norm", .keyNorm: "k_norm"])
        c.attention = [
            AttentionTraits(window: 9), AttentionTraits(rotary: nil), AttentionTraits(window: 16),
        ]
        (c.queryKeyValueBias, c.queryKeyNorm, c.logitMultiplier) = (true, .perHead, 0.5)
        return c
    }

    static func decoder(_ kind: Kind, wide: Bool = false) -> Decoder {
        var configuration = configuration(kind)
        if wide {
            // A head of 80 channels takes the kernels through their wide, narrow and scalar loops.
            configuration.initializerRange = 0.05
            configuration.headWidth = 84
            configuration.width = kind == .gpt2 ? 504 : 48
        }
        let parameters = ParameterBuffer(count: ParameterLayout(configuration).count)
        parameters.initialize(configuration, seed: 5)
        return Decoder(configuration: configuration, parameters: parameters)
    }

    static func tokens(_ count: Int, seed: UInt64) -> [Int32] {
        var random = RandomStream(seed: seed, name: "tokens")
        return (0..<count).map { _ in Int32(10 + random.integer(below: 200)) }
    }
}

/// Numbers of SmolLM2 on texts that are not part of the repository.
enum RealModel {
    /// The folder beside the package; nil if there is none.
    static let oracles = ToolRunner.shared.map { $0 + "/oracles/" }.flatMap {
        TestFile.exists($0 + "smollm2.json") ? $0 : nil
    }

    static func numbers() throws -> JSONValue {
        try JSONValue(parsing: readFile((oracles ?? "") + "smollm2.json"))
    }
}

extension JSONValue {
    /// The numbers in an array.
    var doubles: [Double] { elements?.compactMap(\.number) ?? [] }
}
