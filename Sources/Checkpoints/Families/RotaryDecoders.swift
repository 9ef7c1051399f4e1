import Kernels
import StreamIO
import Transformer

/// What a family's models have where `config.json` is silent.
struct FamilyDefaults: Sendable {
    var normEpsilon: Float = 1e-6
    var theta: Float = 10_000
    var isTied = false
    var positions = 2048
    /// Key-value heads; nil for as many as there are query heads.
    var keyValueHeads: Int?
    /// Channels of a head; nil for a query head's share of the width.
    var headWidth: Int?
    var eos: Int32? = 2
    var bos: Int32? = 1
    /// The key of the activation function, and its value.
    var activationKey = "hidden_act"
    var activation = "silu"
    /// Whether less than whole heads may rotate.
    var allowsRotaryPart = false
}

extension ConfigurationObject {
    /// What families with rotary positions have in common; traits are Llama's.
    func rotaryDecoder(
        _ family: String, _ names: ParameterNames, _ defaults: FamilyDefaults = FamilyDefaults()
    ) throws(CheckpointError) -> DecoderConfiguration {
        let width = try count("hidden_size", "n_embd")
        let heads = try count("num_attention_heads", "n_head")
        let keyValueHeads = try count(
            "num_key_value_heads", default: defaults.keyValueHeads ?? heads)
        guard heads % keyValueHeads == 0 else {
            throw .configuration(
                file: file,
                what: "num_attention_heads \(heads) is not a multiple of num_key_value_heads "
                    + "\(keyValueHeads)")
        }
        guard self["head_dim"] != nil || defaults.headWidth != nil || width % heads == 0 else {
            throw .configuration(
                file: file,
                what: "hidden_size \(width) is not a multiple of num_attention_heads \(heads)")
        }
        let headWidth = try count("head_dim", default: defaults.headWidth ?? width / heads)
        guard headWidth % 2 == 0 else {
            throw .configuration(
                file: file, what: "head_dim: got \(headWidth), expected an even number")
        }
        var c = DecoderConfiguration(
            family: family, names: names, vocabularySize: try count("vocab_size"), width: width,
            layerCount: try count("num_hidden_layers", "n_layer"), headCount: heads,
            keyValueHeadCount: keyValueHeads, headWidth: headWidth,
            feedForwardWidth: try count("intermediate_size"),
            maximumPositions: try count(
                "max_position_embeddings", default: defaults.positions),
            normEpsilon: try number("rms_norm_eps", default: defaults.normEpsilon),
            tiedHead: try flag("tie_word_embeddings", default: defaults.isTied),
            initializerRange: try number("initializer_range", default: 0.02),
            eosTokenIDs: try tokens("eos_token_id", default: defaults.eos),
            bosTokenID: try tokens("bos_token_id", default: defaults.bos).first)
        c.activation = try activation(defaults.activationKey, default: defaults.activation)
        let rotary = try RotaryParameters(
            self, theta: defaults.theta, allowsPart: defaults.allowsRotaryPart)
        var traits = rotary.traits
        if rotary.part != 1 { traits.width = Int(Double(headWidth) * rotary.part) }
        try check(traits, headWidth)
        if case .longRope(let longRope) = traits.scaling {
            c.maximumPositions = min(c.maximumPositions, longRope.positions)
        }
        c.attention = [AttentionTraits(rotary: traits)]
        return c
    }

    /// Refuses rotations of no channels, or with another number of factors.
    private func check(_ traits: RotaryTraits, _ headWidth: Int) throws(CheckpointError) {
        let pairs = traits.pairs(headWidth: headWidth)
        guard pairs > 0, 2 * pairs <= headWidth else {
            throw .configuration(
                file: file,
                what: "partial_rotary_factor: got \(pairs) pairs of \(headWidth) channels")
        }
        guard case .longRope(let longRope) = traits.scaling else { return }
        for (name, factors) in [
            ("short_factor", longRope.short), ("long_factor", longRope.long),
        ] where factors.count != pairs {
            throw .configuration(
                file: file,
                what: "\(name): got \(factors.count) factors, expected \(pairs), one for each "
                    + "pair of channels")
        }
    }

    /// The ids under `key`. The default of `transformers` holds only where the vocabulary has it.
    func tokens(_ key: String, default fallback: Int32?) throws(CheckpointError) -> [Int32] {
        if let tokens = try tokens(key) { return tokens }
        guard let fallback, Int(fallback) < (try count("vocab_size")) else { return [] }
        return [fallback]
    }

    /// `attention_bias` and `mlp_bias`.
    func readBiases(into c: inout DecoderConfiguration) throws(CheckpointError) {
        c.queryKeyValueBias = try flag("attention_bias", default: false)
        c.attentionOutputBias = c.queryKeyValueBias
        c.feedForwardBias = try flag("mlp_bias", default: false)
    }

    /// A function by the name that `transformers` has for it.
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` for one that is not computed.
    func activation(
        _ key: String, default fallback: String
    ) throws(CheckpointError) -> Activation {
        let name = try string(key) ?? fallback
        guard let activation = Activation.names[name] else {
            throw .unsupported(
                file: file,
                what: "\(key) (got \(name), expected one of "
                    + Activation.names.keys.sorted().joined(separator: " ") + ")")
        }
        return activation
    }
}

extension Activation {
    /// Functions by the names that `transformers` has for them.
    fileprivate static let names: [String: Activation] = [
        "silu": .silu, "swish": .silu, "gelu_pytorch_tanh": .geluTanh, "gelu_new": .geluTanh,
        "gelu": .geluErf,
    ]

    /// The name to write.
    fileprivate var name: String {
        switch self {
        case .silu: "silu"
        case .geluTanh: "gelu_pytorch_tanh"
        case .geluErf: "gelu"
        }
    }
}

/// Members of a `config.json` that is to be written.
struct ConfigurationMembers {
    var members: JSONObject

    subscript(key: String) -> JSONValue? {
        get { members[key] }
        set { members[key] = newValue }
    }

    mutating func set(_ key: String, _ value: Int) { members[key] = .integer(Int64(value)) }
    mutating func set(_ key: String, _ value: Float) { members[key] = JSONValue(shortest: value) }
    mutating func set(_ key: String, _ value: Bool) { members[key] = .bool(value) }

    /// A function's name; the one that was read stays if it means the same.
    ///
    /// - Parameter plain: the family's own spelling
    mutating func set(_ key: String, _ activation: Activation, plain: String) {
        if let old = members[key]?.string, Activation.names[old] == activation { return }
        members[key] = .string(
            Activation.names[plain] == activation ? plain : activation.name)
    }

    /// What ``ConfigurationObject/rotaryDecoder(_:_:_:)`` reads, in both spellings.
    mutating func setRotaryDecoder(
        _ c: DecoderConfiguration, _ defaults: FamilyDefaults = FamilyDefaults()
    ) {
        for key in ["n_embd", "n_head", "n_layer"] { members[key] = nil }
        set("hidden_size", c.width)
        set("num_attention_heads", c.headCount)
        set("num_key_value_heads", c.keyValueHeadCount)
        set("head_dim", c.headWidth)
        set("num_hidden_layers", c.layerCount)
        set("intermediate_size", c.feedForwardWidth)
        set("rms_norm_eps", c.normEpsilon)
        set(defaults.activationKey, c.activation, plain: defaults.activation)
        let rotary =
            c.attentionOfLayers.lazy.compactMap(\.rotary).first ?? c.attention.first?.rotary
        // Texts are no longer than the factors of LongRoPE are for, the model may be.
        if case .longRope? = rotary?.scaling, members["max_position_embeddings"] != nil {
        } else {
            set("max_position_embeddings", c.maximumPositions)
        }
        if let rotary { setRotary(rotary, headWidth: c.headWidth) }
    }

    /// `attention_bias` and `mlp_bias`.
    mutating func setBiases(_ c: DecoderConfiguration) {
        set("attention_bias", c.queryKeyValueBias)
        set("mlp_bias", c.feedForwardBias)
    }

    /// Rotary positions, in both spellings.
    mutating func setRotary(_ rotary: RotaryTraits, headWidth: Int) {
        set("rope_theta", rotary.theta)
        let scaling = RotaryParameters.members(rotary.scaling)
        var parameters = scaling
        parameters["rope_theta"] = JSONValue(shortest: rotary.theta)
        if let width = rotary.width {
            let part = JSONValue(shortest: Float(width) / Float(headWidth))
            parameters["partial_rotary_factor"] = part
            members["partial_rotary_factor"] = part
        }
        members["rope_parameters"] = .object(parameters)
        guard rotary.scaling != .none else {
            members["rope_scaling"] = .null
            return
        }
        var old = scaling
        old["type"] = old["rope_type"]
        members["rope_scaling"] = .object(old)
    }
}
