import StreamIO
import Transformer

extension DecoderFamily {
    /// Phi 3 and Phi-4-mini (Abdin et al. 2024): Llama with fused matrices, a part of each head that
    /// rotates, and LongRoPE, of which texts of the first training's length are computed.
    static let phi3 = DecoderFamily(
        name: "phi3", languageModel: "Phi3ForCausalLM", otherClasses: ["Phi3Model"],
        names: names, computedKeys: ["partial_rotary_factor", "sliding_window"],
        gguf: GGUFFamily(
            architecture: "phi3",
            names: ParameterNames.gguf.with(
                [.queryKeyValue: "attn_qkv", .gateUp: "ffn_up"], without: separate),
            computedKeys: ["attention.sliding_window"],
            read: { metadata, c throws(CheckpointError) in
                let key = "phi3.attention.sliding_window"
                guard metadata.file.metadata[key] != .integer(0) else { return }
                guard let window = try metadata.count(key), window < c.maximumPositions else {
                    return
                }
                c.attention[0].window = window
            },
            write: { c throws(CheckpointError) in
                c.attention(ofLayer: 0).window.map {
                    [GGUFEntry("attention.sliding_window", $0)]
                } ?? []
            }),
        read: read,
        write: { c, members in
            members.setRotaryDecoder(c)
            members["sliding_window"] =
                c.attention(ofLayer: 0).window.map { .integer(Int64($0)) } ?? .null
            guard case .longRope(let longRope)? = c.attention(ofLayer: 0).rotary?.scaling else {
                return
            }
            members.set("original_max_position_embeddings", longRope.positions)
        })

    private static let separate: [BlockPart] = [.query, .key, .value, .gate, .up]
    private static let names = ParameterNames.llama.with(
        [.queryKeyValue: "self_attn.qkv_proj", .gateUp: "mlp.gate_up_proj"], without: separate)

    @Sendable private static func read(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderConfiguration {
        let defaults = FamilyDefaults(
            normEpsilon: 1e-5, positions: 4096, eos: 32_000, allowsRotaryPart: true)
        var c = try object.rotaryDecoder("phi3", names, defaults)
        if object["sliding_window"] != nil { c.attention[0].window = try object.window() }
        return c
    }
}
