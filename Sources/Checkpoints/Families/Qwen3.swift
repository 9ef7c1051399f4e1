import Transformer

extension DecoderFamily {
    /// Qwen 3 (Yang et al. 2025), dense: Llama with norms of every head of queries and keys.
    static let qwen3 = DecoderFamily(
        name: "qwen3", languageModel: "Qwen3ForCausalLM", otherClasses: ["Qwen3Model"],
        names: names,
        computedKeys: [
            "attention_bias", "use_sliding_window", "sliding_window", "max_window_layers",
            "layer_types",
        ],
        gguf: GGUFFamily(
            architecture: "qwen3", names: .gguf,
            read: { _, c throws(CheckpointError) in c.queryKeyNorm = .perHead }),
        read: { object throws(CheckpointError) in
            var c = try object.rotaryDecoder("qwen3", names, defaults)
            try object.readBiases(into: &c)
            c.queryKeyNorm = .perHead
            try object.readOptionalWindows(into: &c)
            return c
        },
        write: { c, members in
            members.setRotaryDecoder(c)
            members.set("attention_bias", c.queryKeyValueBias)
            members.setOptionalWindows(c)
        })

    private static let names = ParameterNames.llama.with([
        .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
    ])

    private static let defaults = FamilyDefaults(
        positions: 32_768, headWidth: 128, eos: nil, bos: nil)
}
