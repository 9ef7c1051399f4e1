import StreamIO
import Transformer

extension DecoderFamily {
    /// Granite 3 (Granite Team 2024), dense: Llama with four multipliers.
    static let granite = DecoderFamily(
        name: "granite", languageModel: "GraniteForCausalLM", otherClasses: ["GraniteModel"],
        names: .llama,
        computedKeys: [
            "attention_bias", "mlp_bias", "embedding_multiplier", "attention_multiplier",
            "residual_multiplier", "logits_scaling",
        ],
        gguf: GGUFFamily(
            architecture: "granite", names: .gguf, permutesQueriesAndKeys: true,
            computedKeys: [
                "embedding_scale", "attention.scale", "residual_scale", "logit_scale",
            ],
            read: { metadata, c throws(CheckpointError) in
                func scale(_ name: String) throws(CheckpointError) -> Float? {
                    try metadata.scale("granite.\(name)")
                }
                c.embeddingMultiplier = try scale("embedding_scale") ?? 1
                c.attentionScale = try scale("attention.scale")
                c.residualMultiplier = try scale("residual_scale") ?? 1
                c.logitMultiplier = 1 / (try scale("logit_scale") ?? 1)
            },
            write: { c throws(CheckpointError) in
                [
                    GGUFEntry("embedding_scale", c.embeddingMultiplier),
                    GGUFEntry("attention.scale", c.scoreScale),
                    GGUFEntry("residual_scale", c.residualMultiplier),
                    GGUFEntry("logit_scale", 1 / c.logitMultiplier),
                ]
            }),
        read: { object throws(CheckpointError) in
            var c = try object.rotaryDecoder("granite", .llama)
            try object.readBiases(into: &c)
            c.embeddingMultiplier = try object.number("embedding_multiplier", default: 1)
            c.attentionScale = try object.number("attention_multiplier", default: 1)
            c.residualMultiplier = try object.number("residual_multiplier", default: 1)
            c.logitMultiplier = 1 / (try object.number("logits_scaling", default: 1))
            return c
        },
        write: { c, members in
            members.setRotaryDecoder(c)
            members.setBiases(c)
            members.set("embedding_multiplier", c.embeddingMultiplier)
            members.set("attention_multiplier", c.scoreScale)
            members.set("residual_multiplier", c.residualMultiplier)
            if members["logits_scaling"]?.number.map({ 1 / Float($0) })
                != c.logitMultiplier
            {
                members.set("logits_scaling", 1 / c.logitMultiplier)
            }
        })
}
