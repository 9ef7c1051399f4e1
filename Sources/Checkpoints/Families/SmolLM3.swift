import StreamIO
import Transformer

extension DecoderFamily {
    /// SmolLM 3 (Bakouch et al. 2025): Llama in which every fourth block does not rotate.
    static let smollm3 = DecoderFamily(
        name: "smollm3", languageModel: "SmolLM3ForCausalLM", otherClasses: ["SmolLM3Model"],
        names: .llama,
        computedKeys: [
            "attention_bias", "mlp_bias", "no_rope_layers", "no_rope_layer_interval",
            "use_sliding_window", "sliding_window", "layer_types",
        ],
        gguf: GGUFFamily(
            architecture: "smollm3", names: .gguf, permutesQueriesAndKeys: true,
            read: { _, c throws(CheckpointError) in
                let plain = c.attention(ofLayer: 0)
                c.attention = rotates(c.layerCount, interval: interval).map {
                    AttentionTraits(rotary: $0 ? plain.rotary : nil)
                }
            },
            write: { c throws(CheckpointError) in
                let own = c.attentionOfLayers.map { $0.rotary != nil }
                guard own == rotates(c.layerCount, interval: interval) else {
                    throw .unsupported(
                        file: "GGUF",
                        what: "no_rope_layers (got another pattern than every fourth block)")
                }
                return []
            }),
        read: read, write: write)

    private static let interval = 4
    private static let defaults = FamilyDefaults(
        theta: 2_000_000, isTied: true, positions: 32_768, keyValueHeads: 4, eos: 128_001,
        bos: 128_000)

    /// Whether each block rotates.
    private static func rotates(_ layers: Int, interval: Int) -> [Bool] {
        (0..<layers).map { ($0 + 1) % interval != 0 }
    }

    @Sendable private static func read(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderConfiguration {
        var c = try object.rotaryDecoder("smollm3", .llama, defaults)
        try object.readBiases(into: &c)
        let layers = c.layerCount
        var rotates = rotates(
            layers, interval: try object.count("no_rope_layer_interval", default: interval))
        if let value = object["no_rope_layers"] {
            guard let list = value.ids, list.count == layers,
                list.allSatisfy({ $0 == 0 || $0 == 1 })
            else {
                throw .configuration(
                    file: object.file,
                    what: "no_rope_layers: got \(ConfigurationObject.text(value)), expected "
                        + "\(layers) times 0 or 1")
            }
            rotates = list.map { $0 == 1 }
        }
        let hasWindows =
            try object.flag("use_sliding_window", default: false)
            && object["sliding_window"] != nil
        let isSliding =
            try object.slidingLayers(layers) ?? rotates.map { hasWindows && !$0 }
        let window = isSliding.contains(true) ? try object.window() : nil
        let rotary = c.attention(ofLayer: 0).rotary
        c.attention = zip(rotates, isSliding).map {
            AttentionTraits(rotary: $0 ? rotary : nil, window: $1 ? window : nil)
        }
        return c
    }

    @Sendable private static func write(
        _ c: DecoderConfiguration, _ members: inout ConfigurationMembers
    ) {
        members.setRotaryDecoder(c)
        members.setBiases(c)
        members["no_rope_layers"] = .integers(
            c.attentionOfLayers.map { $0.rotary == nil ? 0 : 1 })
        members.setOptionalWindows(c)
    }
}
