import Kernels
import Sampling
import StreamIO
import TestSupport
import Transformer

/// Small models with random weights, of odd shapes, so that tails of vectors and tiles are met.
enum Models {
    static func configuration(_ architecture: DecoderArchitecture) -> DecoderConfiguration {
        DecoderConfiguration(
            architecture: architecture, vocabularySize: 211, width: 48, layerCount: 3,
            headCount: 6, keyValueHeadCount: architecture == .gpt2 ? 6 : 2,
            headWidth: 8, feedForwardWidth: 84, maximumPositions: 96, normEpsilon: 1e-5,
            tiedHead: architecture == .gpt2, initializerRange: 0.25, eosTokenIDs: [2, 7],
            bosTokenID: 1)
    }

    static func decoder(_ architecture: DecoderArchitecture, wide: Bool = false) -> Decoder {
        var configuration = configuration(architecture)
        if wide {
            // A head of 80 channels takes the kernels through their wide, narrow and scalar loops.
            configuration.initializerRange = 0.05
            configuration.headWidth = 84
            configuration.width = architecture == .gpt2 ? 504 : 48
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
    subscript(_ key: String) -> JSONValue? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var elements: [JSONValue] {
        switch self {
        case .array(let values): values
        case .integers(let values): values.map { .integer(Int64($0)) }
        default: []
        }
    }

    var doubles: [Double] { elements.compactMap(\.double) }
    var ids: [Int32] { doubles.map { Int32($0) } }
}
