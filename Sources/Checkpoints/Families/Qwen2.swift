import Transformer

extension DecoderFamily {
    /// Qwen 2 and 2.5 (Yang et al. 2024): Llama with biases on queries, keys and values.
    static let qwen2 = DecoderFamily(
        name: "qwen2", languageModel: "Qwen2ForCausalLM", otherClasses: ["Qwen2Model"],
        names: .llama,
        computedKeys: ["use_sliding_window", "sliding_window", "max_window_layers", "layer_types"],
        gguf: GGUFFamily(architecture: "qwen2", names: .gguf),
        read: { object throws(CheckpointError) in
            var c = try object.rotaryDecoder(
                "qwen2", .llama, FamilyDefaults(positions: 32_768, eos: nil, bos: nil))
            c.queryKeyValueBias = true
            try object.readOptionalWindows(into: &c)
            return c
        },
        write: { c, members in
            members.setRotaryDecoder(c)
            members.setOptionalWindows(c)
        })
}
