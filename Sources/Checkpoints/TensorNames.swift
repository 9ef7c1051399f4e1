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
        let names = source.names
        let prefix = WrapperPrefix(
            names,
            of: architecture == .gpt2 ? "h.0.ln_1.weight" : "layers.0.input_layernorm.weight",
            standing: architecture == .gpt2 ? "transformer." : "model.")
        var canonicalNames: [String: String] = [:]
        for name in names {
            guard let canonical = canonical(prefix.removed(from: name), architecture) else {
                continue
            }
            if let other = canonicalNames.updateValue(name, forKey: canonical) {
                throw .ambiguousTensor(directory: source.path, names: [other, name])
            }
        }
        return canonicalNames
    }

    /// What a checkpoint is instead of a decoder with a language-model head, as its tensors say; nil
    /// if they do not.
    static func foreignKind(_ names: [String]) -> String? {
        func first(_ isIt: (String) -> Bool) -> String? { names.filter(isIt).min() }
        if let name = first({ $0.contains(".lora_A.") || $0.contains(".lora_B.") }) {
            return "weights with an adapter that is not merged (got \(name))"
        }
        if let name = first({ $0.hasSuffix(".qweight") || $0.hasSuffix(".weight.absmax") }) {
            return "quantised weights (got \(name))"
        }
        if !names.contains(head),
            let name = first({
                $0.hasPrefix("score.") || $0.hasPrefix("classifier.") || $0.hasPrefix("v_head.")
                    || $0.hasPrefix("qa_outputs.")
            })
        {
            return "a classifier or reward model (got \(name), expected \(head))"
        }
        return nil
    }
}

/// What programs put before the names of tensors when they save a model inside another object:
/// `module.` (data parallel), `_orig_mod.` (compiled), `base_model.model.` (PEFT), and any other
/// prefix that the tensors share.
package struct WrapperPrefix {
    /// Parts of names that no model has of its own, whereever they stand.
    private static let wrappers: Set<Substring> = [
        "_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
        "_forward_module",
    ]
    private let prefix: String

    /// Finds the prefix.
    ///
    /// - Parameters:
    ///   - names: of all tensors
    ///   - anchor: the end of a name that every model of the kind has exactly once
    ///   - standing: what may stand before the anchor without being a wrapper
    package init(_ names: [String], of anchor: String, standing: String) {
        var found: [String] = []
        for name in names.map(Self.unwrapped)
        where name == anchor || name.hasSuffix("." + anchor) {
            var prefix = String(name.dropLast(anchor.count))
            if prefix.hasSuffix(standing) { prefix.removeLast(standing.count) }
            found.append(prefix)
        }
        // Two copies of a model are one under the plain names and one that nothing is known of.
        prefix = found.count == 1 ? found[0] : ""
    }

    /// A name as the model itself has it.
    package func removed(from name: String) -> String {
        let name = Self.unwrapped(name)
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    private static func unwrapped(_ name: String) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.contains(where: wrappers.contains) else { return name }
        return parts.filter { !wrappers.contains($0) }.joined(separator: ".")
    }
}
