import StreamIO
import Transformer

extension DecoderFamily {
    /// Gemma 3 (Gemma Team 2025), text: multiplied embeddings, norms with (1 + w) before and behind both
    /// parts and of every head, GELU behind the gate, windows in five of six blocks with a rotation of
    /// their own.
    static let gemma3 = DecoderFamily(
        name: "gemma3_text", languageModel: "Gemma3ForCausalLM",
        otherClasses: ["Gemma3TextModel"], names: names,
        computedKeys: [
            "attention_bias", "query_pre_attn_scalar", "sliding_window", "layer_types",
        ],
        gguf: GGUFFamily(
            architecture: "gemma3", names: .gguf,
            computedKeys: [
                "attention.sliding_window", "attention.sliding_window_pattern",
                "rope.freq_base_swa",
            ],
            read: readGGUF, write: writeGGUF),
        read: read, write: write)

    private static let names = ParameterNames.llama.with([
        .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
        .attentionOutputNorm: "post_attention_layernorm",
        .feedForwardNorm: "pre_feedforward_layernorm",
        .feedForwardOutputNorm: "post_feedforward_layernorm",
    ])

    private static let defaults = FamilyDefaults(
        theta: 1_000_000, isTied: true, positions: 131_072, keyValueHeads: 4, headWidth: 256,
        eos: 1, bos: 2, activationKey: "hidden_activation", activation: "gelu_pytorch_tanh")
    private static let localTheta: Float = 10_000
    private static let pattern = 6
    private static let window = 4096

    /// The traits that all models of the family have.
    private static func setTraits(_ c: inout DecoderConfiguration) {
        (c.norm, c.normPlacement, c.queryKeyNorm) = (.rmsPlusOne, .beforeAndAfter, .perHead)
        c.activation = .geluTanh
        c.embeddingMultiplier = Float(Double(c.width).squareRoot())
    }

    @Sendable private static func read(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderConfiguration {
        // Rotations differ by the type of a block, which what is common to all families does not know.
        var plain = object
        for key in ["rope_theta", "rope_scaling", "rope_parameters"] { plain.members[key] = nil }
        var c = try plain.rotaryDecoder("gemma3_text", names, defaults)
        let activation = c.activation
        setTraits(&c)
        c.activation = activation
        c.queryKeyValueBias = try object.flag("attention_bias", default: false)
        c.attentionOutputBias = c.queryKeyValueBias
        let scalar = try object.number("query_pre_attn_scalar", default: 256)
        c.attentionScale = 1 / scalar.squareRoot()

        let global = try RotaryParameters(
            object, theta: defaults.theta, layerType: "full_attention")
        var local = object
        local.members["rope_theta"] = object["rope_local_base_freq"]
        local.members["rope_scaling"] = nil
        if let parameters = try object.object("rope_parameters"),
            parameters["full_attention"] == nil, parameters["sliding_attention"] == nil
        {
            local.members["rope_parameters"] = nil
        }
        let sliding = try RotaryParameters(
            local, theta: localTheta, layerType: "sliding_attention")
        let period = try object.count(
            "sliding_window_pattern", "_sliding_window_pattern", default: pattern)
        let isSliding =
            try object.slidingLayers(c.layerCount)
            ?? (0..<c.layerCount).map { ($0 + 1) % period != 0 }
        let window = isSliding.contains(true) ? try object.window(default: window) : nil
        c.attention = isSliding.map {
            $0
                ? AttentionTraits(rotary: sliding.traits, window: window)
                : AttentionTraits(rotary: global.traits)
        }
        return c
    }

    @Sendable private static func write(
        _ c: DecoderConfiguration, _ members: inout ConfigurationMembers
    ) {
        members.setRotaryDecoder(c, defaults)
        members.set("attention_bias", c.queryKeyValueBias)
        let scalar = 1 / (c.scoreScale * c.scoreScale)
        if members["query_pre_attn_scalar"]?.number.map({
            1 / Float($0).squareRoot() == c.scoreScale
        }) != true {
            members["query_pre_attn_scalar"] =
                abs(scalar - scalar.rounded()) < 1e-3
                ? .integer(Int64(scalar.rounded())) : JSONValue(shortest: scalar)
        }
        members.setLayerTypes(c)
        let local = c.attentionOfLayers.first { $0.window != nil }
        let global = c.attentionOfLayers.first { $0.window == nil }
        if let window = local?.window { members.set("sliding_window", window) }
        // A model without blocks of a type says nothing about its rotation.
        let globalRotary = global?.rotary ?? RotaryTraits(theta: defaults.theta)
        let localRotary = local?.rotary ?? RotaryTraits(theta: localTheta)
        members.setRotary(globalRotary, headWidth: c.headWidth)
        members.set("rope_local_base_freq", localRotary.theta)
        func parameters(_ rotary: RotaryTraits) -> JSONValue {
            var members = RotaryParameters.members(rotary.scaling)
            members["rope_theta"] = JSONValue(shortest: rotary.theta)
            return .object(members)
        }
        members["rope_parameters"] = .object([
            "full_attention": parameters(globalRotary),
            "sliding_attention": parameters(localRotary),
        ])
    }

    // MARK: GGUF

    @Sendable private static func readGGUF(
        _ metadata: GGUFMetadata, _ c: inout DecoderConfiguration
    ) throws(CheckpointError) {
        setTraits(&c)
        // The 27B model has a scale of its own, which the format does not say.
        if c.layerCount == 62 {
            c.attentionScale = 1 / Float(c.width / c.headCount).squareRoot()
        }
        let local = RotaryTraits(
            theta: try metadata.number("gemma3.rope.freq_base_swa") ?? localTheta)
        let period = try metadata.count("gemma3.attention.sliding_window_pattern") ?? pattern
        let window = try metadata.requiredCount("gemma3.attention.sliding_window")
        let global = c.attention(ofLayer: 0)
        c.attention = (0..<c.layerCount).map {
            ($0 + 1) % period == 0 ? global : AttentionTraits(rotary: local, window: window)
        }
    }

    @Sendable private static func writeGGUF(
        _ c: DecoderConfiguration
    ) throws(CheckpointError) -> [GGUFEntry] {
        let layers = c.attentionOfLayers
        let global = layers.first { $0.window == nil }?.rotary ?? RotaryTraits(theta: 1_000_000)
        let window = layers.lazy.compactMap(\.window).first ?? window
        let local = AttentionTraits(rotary: RotaryTraits(theta: localTheta), window: window)
        for (layer, traits) in layers.enumerated() {
            let isGlobal = (layer + 1) % pattern == 0
            guard traits == (isGlobal ? AttentionTraits(rotary: global) : local) else {
                throw .unsupported(
                    file: "GGUF",
                    what: "windows and rotations of blocks (got another pattern than five blocks "
                        + "with windows and θ = 10000 to one without)")
            }
        }
        return try GGUFRotary.metadata(of: global, headWidth: c.headWidth) + [
            GGUFEntry("attention.sliding_window", window)
        ]
    }
}
