import Transformer

extension DecoderFamily {
    /// OLMo 2 (OLMo Team 2024): norms behind both parts and none before, norms of whole queries and keys.
    static let olmo2 = DecoderFamily(
        name: "olmo2", languageModel: "Olmo2ForCausalLM", otherClasses: ["Olmo2Model"],
        names: names, computedKeys: ["attention_bias"],
        gguf: GGUFFamily(
            architecture: "olmo2", names: .gguf,
            read: { _, c throws(CheckpointError) in
                (c.normPlacement, c.queryKeyNorm) = (.after, .whole)
            }),
        read: { object throws(CheckpointError) in
            var c = try object.rotaryDecoder(
                "olmo2", names, FamilyDefaults(normEpsilon: 1e-5, eos: 50_279, bos: nil))
            try object.readBiases(into: &c)
            (c.normPlacement, c.queryKeyNorm) = (.after, .whole)
            return c
        },
        write: { c, members in
            members.setRotaryDecoder(c)
            members.set("attention_bias", c.queryKeyValueBias)
        })

    private static let names = ParameterNames.llama.with(
        [
            .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
            .attentionOutputNorm: "post_attention_layernorm",
            .feedForwardOutputNorm: "post_feedforward_layernorm",
        ], without: [.attentionNorm, .feedForwardNorm])
}
