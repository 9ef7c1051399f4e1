import StreamIO
import Transformer

extension DecoderFamily {
    /// Mistral (Jiang et al. 2023): Llama with a window in all blocks, or none.
    static let mistral = DecoderFamily(
        name: "mistral", languageModel: "MistralForCausalLM", otherClasses: ["MistralModel"],
        names: .llama, buffers: [".rotary_emb.inv_freq"], computedKeys: ["sliding_window"],
        gguf: .llama,
        read: { object throws(CheckpointError) in
            var c = try object.rotaryDecoder(
                "mistral", .llama, FamilyDefaults(positions: 131_072, keyValueHeads: 8))
            // Only `null` says that there is none.
            if object.members["sliding_window"] != .null {
                c.attention[0].window = try object.window(default: 4096)
            }
            return c
        },
        write: { c, members in
            members.setRotaryDecoder(c)
            members["sliding_window"] =
                c.attention(ofLayer: 0).window.map { .integer(Int64($0)) } ?? .null
        })
}
