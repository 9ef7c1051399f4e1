import Transformer

extension DecoderFamily {
    /// Llama (Touvron et al. 2023; rotary scaling of Llama 3.1: Grattafiori et al. 2024), and what is of
    /// its shape, such as SmolLM2.
    public static let llama = DecoderFamily(
        name: "llama", languageModel: "LlamaForCausalLM", otherClasses: ["LlamaModel"],
        names: .llama, buffers: [".rotary_emb.inv_freq"],
        computedKeys: ["attention_bias", "mlp_bias"],
        gguf: .llama,
        read: { object throws(CheckpointError) in
            var c = try object.rotaryDecoder("llama", .llama)
            try object.readBiases(into: &c)
            return c
        },
        write: { c, members in
            members.setRotaryDecoder(c)
            members.setBiases(c)
        })
}
