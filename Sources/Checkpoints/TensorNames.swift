import Transformer

/// The spellings of tensor names.
///
/// Files saved from the bare model lack the prefix that those saved from the language model have;
/// files of GPT-2 hold attention masks that are no parameters.
enum TensorNames {
    static let head = "lm_head.weight"

    static func embedding(_ architecture: DecoderArchitecture) -> String {
        switch architecture {
        case .gpt2: "transformer.wte.weight"
        case .llama: "model.embed_tokens.weight"
        }
    }

    /// The name that checkpoints are written with, nil for a buffer that is no parameter.
    static func canonical(_ name: String, _ architecture: DecoderArchitecture) -> String? {
        switch architecture {
        case .gpt2:
            if isMask(name) { return nil }
            return ["wte.", "wpe.", "h.", "ln_f."].contains { name.hasPrefix($0) }
                ? "transformer." + name : name
        case .llama:
            // Older versions of `transformers` stored the rotary frequencies.
            if name.hasSuffix(".rotary_emb.inv_freq") { return nil }
            return ["embed_tokens.", "layers.", "norm."].contains { name.hasPrefix($0) }
                ? "model." + name : name
        }
    }

    /// Whether this is a causal mask of GPT-2: `h.N.attn.bias` or `h.N.attn.masked_bias`, not the
    /// bias `h.N.attn.c_attn.bias`.
    static func isMask(_ name: String) -> Bool {
        name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
    }

    /// The tensors of a source under their canonical names.
    static func canonical(
        _ source: TensorSource, _ architecture: DecoderArchitecture
    ) throws(CheckpointError) -> [String: String] {
        var names: [String: String] = [:]
        for name in source.names {
            guard let canonical = canonical(name, architecture) else { continue }
            if let other = names.updateValue(name, forKey: canonical) {
                throw .ambiguousTensor(directory: source.path, names: [other, name])
            }
        }
        return names
    }
}
