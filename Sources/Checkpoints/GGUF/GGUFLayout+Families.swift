import Transformer

extension GGUFLayout {
    /// What most families have among their hyperparameters.
    private static func common(_ c: DecoderConfiguration) -> [GGUFEntry] {
        [
            GGUFEntry("block_count", c.layerCount),
            GGUFEntry("context_length", c.maximumPositions),
            GGUFEntry("embedding_length", c.width),
            GGUFEntry("feed_forward_length", c.feedForwardWidth),
            GGUFEntry("attention.head_count", c.headCount),
        ]
    }

    /// Llama: rotary positions over pairs of rows.
    init(llama c: DecoderConfiguration, file: String) throws(CheckpointError) {
        var entries = Self.common(c)
        entries += [
            GGUFEntry("attention.head_count_kv", c.keyValueHeadCount),
            GGUFEntry("attention.layer_norm_rms_epsilon", c.normEpsilon),
            GGUFEntry("attention.key_length", c.headWidth),
            GGUFEntry("attention.value_length", c.headWidth),
            GGUFEntry("rope.dimension_count", c.headWidth),
            GGUFEntry("rope.freq_base", c.ropeTheta),
            GGUFEntry("vocab_size", c.vocabularySize),
        ]
        if c.ropeScale != 1 {
            entries += [
                GGUFEntry("rope.scaling.type", .string("linear")),
                GGUFEntry("rope.scaling.factor", c.ropeScale),
            ]
        }
        try self.init(
            architecture: "llama", hyperparameters: entries, c, file: file
        ) { entry in
            guard let name = GGUFLlama.name(entry.name) else { return nil }
            let isRotated =
                name.hasSuffix(".attn_q.weight") || name.hasSuffix(".attn_k.weight")
            return Place(
                entry, name: name, arrangement: isRotated ? .pairs(headWidth: c.headWidth) : .same,
                role: Self.role(name, c))
        }
    }

    /// GPT-2: learned positions, matrices stored the other way round.
    init(gpt2 c: DecoderConfiguration, file: String) throws(CheckpointError) {
        let entries =
            Self.common(c) + [
                GGUFEntry("attention.layer_norm_epsilon", c.normEpsilon),
                GGUFEntry("vocab_size", c.vocabularySize),
            ]
        let parts = [
            "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
            "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
        ]
        func name(_ name: String) -> String? {
            switch name {
            case "transformer.wte.weight": return "token_embd.weight"
            case "transformer.wpe.weight": return "position_embd.weight"
            case "transformer.ln_f.weight": return "output_norm.weight"
            case "transformer.ln_f.bias": return "output_norm.bias"
            case "lm_head.weight": return "output.weight"
            default: break
            }
            let pieces = name.split(separator: ".")
            guard pieces.count >= 5, pieces[1] == "h", let kind = pieces.last,
                let part = parts[pieces[3..<pieces.count - 1].joined(separator: ".")]
            else { return nil }
            return "blk.\(pieces[2]).\(part).\(kind)"
        }
        try self.init(architecture: "gpt2", hyperparameters: entries, c, file: file) { entry in
            guard let name = name(entry.name) else { return nil }
            let isTurned = name.hasPrefix("blk.") && entry.shape.count == 2
            return Place(
                entry, name: name, arrangement: isTurned ? .transposed : .same,
                role: Self.role(name, c))
        }
    }

    /// The role of a tensor with a name that all families share.
    private static func role(_ name: String, _ c: DecoderConfiguration) -> Role {
        switch name {
        case "output.weight": .head
        case "token_embd.weight": c.tiedHead ? .head : .matrix
        case "position_embd.weight": .single
        default: .matrix
        }
    }
}
