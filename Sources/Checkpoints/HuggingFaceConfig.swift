import StreamIO
public import Transformer

/// `config.json` of a decoder: the values that the model needs, and everything else that was there.
public struct HuggingFaceConfig: Sendable, Hashable {
    /// What the model needs.
    public var configuration: DecoderConfiguration
    /// The whole object as read, so that keys unknown here survive; empty if made from scratch.
    public var raw: JSONObject
    /// What a user should know about the file, such as special ids that the vocabulary does not have.
    public private(set) var warnings: [String] = []

    /// The name of the file.
    public static let fileName = "config.json"

    /// A configuration without a file behind it.
    public init(_ configuration: DecoderConfiguration, raw: JSONObject = [:]) {
        self.configuration = configuration
        self.raw = raw
    }

    /// Reads a file in the format of `config.json`, such as the argument of `--init`.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)``,
    ///   ``CheckpointError/configuration(file:what:)``, and
    ///   ``CheckpointError/unsupported(file:what:)`` for a model that would be computed wrongly.
    public init(file: String) throws(CheckpointError) {
        try self.init(ConfigurationObject(file: file))
    }

    /// Reads `config.json` of a directory.
    public init(directory: String) throws(CheckpointError) {
        let path = joinPath(directory, Self.fileName)
        if !fileExists(path), isDirectory(directory),
            let other = try ForeignDirectory.fault(directory)
        {
            throw other
        }
        try self.init(file: path)
    }

    /// Whether the file says what θ of the rotary frequencies is.
    var namesRotaryBase: Bool {
        ["rope_scaling", "rope_parameters"].contains { key in
            guard case .object(let members)? = raw[key] else { return false }
            return members["rope_theta"] != nil
        } || raw["rope_theta"] != nil
    }

    private init(_ object: ConfigurationObject) throws(CheckpointError) {
        var object = object
        let architecture = try ModelClass.architecture(object)
        warnings = object.removeTokensBeyond(try object.count("vocab_size"))
        raw = object.members
        switch architecture {
        case .gpt2: configuration = try Self.gpt2(object)
        case .llama: configuration = try Self.llama(object)
        }
        if let excess = ModelLimits.excess(configuration) {
            throw .configuration(file: object.file, what: excess)
        }
        try ForeignFeatures.refuse(object, configuration)
    }

    // MARK: GPT-2

    private static func gpt2(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderConfiguration {
        let activation = try object.string("activation_function") ?? "gelu_new"
        guard activation == "gelu_new" || activation == "gelu_pytorch_tanh" else {
            throw .unsupported(
                file: object.file,
                what: "activation_function (got \(activation), expected gelu_new)")
        }
        let width = try object.count("n_embd", "hidden_size")
        let heads = try object.count("n_head", "num_attention_heads")
        guard width % heads == 0 else {
            throw .configuration(
                file: object.file, what: "n_embd \(width) is not a multiple of n_head \(heads)")
        }
        let vocabulary = try object.count("vocab_size")
        return DecoderConfiguration(
            architecture: .gpt2, vocabularySize: vocabulary, width: width,
            layerCount: try object.count("n_layer", "num_hidden_layers"), headCount: heads,
            keyValueHeadCount: heads, headWidth: width / heads,
            feedForwardWidth: try object.count(
                "n_inner", "intermediate_size", default: 4 * width),
            maximumPositions: try object.count(
                "n_positions", "max_position_embeddings", "n_ctx"),
            normEpsilon: try object.number("layer_norm_epsilon", default: 1e-5),
            tiedHead: try object.flag("tie_word_embeddings", default: true),
            initializerRange: try object.number("initializer_range", default: 0.02),
            eosTokenIDs: try tokens(object, "eos_token_id", default: 50256, vocabulary),
            bosTokenID: try tokens(object, "bos_token_id", default: 50256, vocabulary).first)
    }

    // MARK: Llama

    private static func llama(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderConfiguration {
        let activation = try object.string("hidden_act") ?? "silu"
        guard activation == "silu" || activation == "swish" else {
            throw .unsupported(
                file: object.file, what: "hidden_act (got \(activation), expected silu)")
        }
        let width = try object.count("hidden_size", "n_embd")
        let heads = try object.count("num_attention_heads", "n_head")
        let keyValueHeads = try object.count("num_key_value_heads", default: heads)
        guard heads % keyValueHeads == 0 else {
            throw .configuration(
                file: object.file,
                what: "num_attention_heads \(heads) is not a multiple of num_key_value_heads "
                    + "\(keyValueHeads)")
        }
        guard object["head_dim"] != nil || width % heads == 0 else {
            throw .configuration(
                file: object.file,
                what: "hidden_size \(width) is not a multiple of num_attention_heads \(heads)")
        }
        let headWidth = try object.count("head_dim", default: width / heads)
        guard headWidth % 2 == 0 else {
            throw .configuration(
                file: object.file, what: "head_dim: got \(headWidth), expected an even number")
        }
        let vocabulary = try object.count("vocab_size")
        let rotary = try RotaryParameters(object)
        return DecoderConfiguration(
            architecture: .llama, vocabularySize: vocabulary, width: width,
            layerCount: try object.count("num_hidden_layers", "n_layer"), headCount: heads,
            keyValueHeadCount: keyValueHeads, headWidth: headWidth,
            feedForwardWidth: try object.count("intermediate_size"),
            maximumPositions: try object.count("max_position_embeddings", default: 2048),
            normEpsilon: try object.number("rms_norm_eps", default: 1e-6),
            ropeTheta: rotary.theta, ropeScale: rotary.scale,
            tiedHead: try object.flag("tie_word_embeddings", default: false),
            initializerRange: try object.number("initializer_range", default: 0.02),
            eosTokenIDs: try tokens(object, "eos_token_id", default: 2, vocabulary),
            bosTokenID: try tokens(object, "bos_token_id", default: 1, vocabulary).first)
    }

    // MARK: Common

    /// The ids under `key`. The default of `transformers` holds only where the vocabulary has it.
    private static func tokens(
        _ object: ConfigurationObject, _ key: String, default fallback: Int32, _ vocabulary: Int
    ) throws(CheckpointError) -> [Int32] {
        guard let tokens = try object.tokens(key) else {
            return Int(fallback) < vocabulary ? [fallback] : []
        }
        return tokens
    }
}
