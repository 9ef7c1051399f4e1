/// What the metadata of a Llama in GGUF say about positions, and about features that the decoder does
/// not have.
struct GGUFLlamaFeatures {
    let metadata: GGUFMetadata

    /// Factors for rotary frequencies, as Llama 3.1 has them.
    static let frequencies = "rope_freqs.weight"
    private static let base = "llama.rope.freq_base"

    /// Keys that are read, or change nothing that the decoder computes.
    private static let known: Set<String> = [
        "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size",
        "attention.head_count", "attention.head_count_kv", "attention.layer_norm_rms_epsilon",
        "attention.key_length", "rope.freq_base", "rope.scaling.type", "rope.scaling.factor",
        "rope.scale_linear", "rope.scaling.original_context_length", "rope.scaling.finetuned",
        // llama.cpp's own name for rows in the order of pairs.
        "tensor_data_layout",
        // For embeddings, which are not made of a GGUF file.
        "pooling_type",
    ]

    /// θ of the rotary frequencies.
    ///
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if neither the file nor the user has one, or both
    ///   and they differ.
    func theta(given: Float?) throws(CheckpointError) -> Float {
        guard let own = try metadata.number(Self.base) else {
            guard let given else { throw metadata.fault(.missingKey(Self.base)) }
            return given
        }
        guard let given, given != own else { return own }
        throw metadata.fault(
            .value(key: Self.base, got: "\(own)", expected: "\(given), as --rope-theta says"))
    }

    /// What positions are divided by. A factor without a type is that of linear scaling.
    func scale() throws(CheckpointError) -> Float {
        let type = try metadata.string("llama.rope.scaling.type") ?? "linear"
        guard type == "linear" || type == "none" else {
            throw metadata.fault(
                .unsupported(
                    what: "llama.rope.scaling.type", got: type, expected: "none or linear"))
        }
        let factor = try positiveFactor("llama.rope.scaling.factor")
        let legacy = try positiveFactor("llama.rope.scale_linear")
        if let factor, let legacy, factor != legacy {
            throw metadata.fault(
                .value(
                    key: "llama.rope.scale_linear", got: "\(legacy)",
                    expected: "\(factor), as llama.rope.scaling.factor says"))
        }
        return type == "none" ? 1 : factor ?? legacy ?? 1
    }

    /// A factor of linear scaling; zero stands for none.
    private func positiveFactor(_ key: String) throws(CheckpointError) -> Float? {
        switch metadata.file.metadata[key] {
        case .number(0)?, .integer(0)?: nil
        case .integer(let number)? where number > 0: Float(number)
        default: try metadata.number(key)
        }
    }

    /// Refuses by name what would make it another model: keys that are neither read nor known to
    /// change nothing, unless their values say that the feature is not there.
    ///
    /// - Throws: ``CheckpointError/gguf(file:_:)``
    func refuseForeign(headWidth: Int, positions: Int) throws(CheckpointError) {
        for key in metadata.file.metadata.keys.sorted() where key.hasPrefix("llama.") {
            let name = String(key.dropFirst("llama.".count))
            if Self.known.contains(name) { continue }
            let (expected, isNeutral) = Self.neutral(name, headWidth, positions)
            try metadata.demand(key, expected, isNeutral)
        }
    }

    /// The values with which a key changes nothing.
    private static func neutral(
        _ name: String, _ headWidth: Int, _ positions: Int
    ) -> (expected: String, isNeutral: (GGUFValue) -> Bool) {
        switch name {
        case "rope.dimension_count", "attention.value_length":
            return (
                "\(headWidth), the head's width", { $0 == .integer(Int64(headWidth)) }
            )
        case "expert_count", "expert_used_count", "expert_shared_count",
            "leading_dense_block_count", "attention.max_alibi_bias", "attention.clamp_kqv",
            "attn_logit_softcapping", "final_logit_softcapping":
            return ("0", { $0 == .integer(0) || $0 == .number(0) })
        case "logit_scale", "residual_scale", "embedding_scale", "rope.scaling.attn_factor":
            // Zero is how llama.cpp writes that there is none.
            return ("1", { $0 == .number(1) || $0 == .number(0) })
        case "attention.scale":
            let scale = 1 / Double(headWidth).squareRoot()
            return (
                "\(scale)",
                {
                    guard case .number(let got) = $0 else { return false }
                    return got == 0 || abs(got - scale) < 1e-6 * scale
                }
            )
        case "attention.causal": return ("true", { $0 == .bool(true) })
        case "use_parallel_residual": return ("false", { $0 == .bool(false) })
        case "attention.sliding_window":
            return (
                "0, or at least the \(positions) positions",
                {
                    guard case .integer(let size) = $0 else { return false }
                    return size == 0 || size >= Int64(positions)
                }
            )
        default: return ("no such key", { _ in false })
        }
    }

    /// Whether the file has factors for the rotary frequencies that change nothing.
    ///
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if they change something.
    func hasPlainFrequencies() throws(CheckpointError) -> Bool {
        let file = metadata.file
        guard file[Self.frequencies] != nil else { return false }
        guard try file.floats(Self.frequencies).allSatisfy({ $0 == 1 }) else {
            throw metadata.fault(
                .unsupported(
                    what: Self.frequencies,
                    got: "factors of rotary frequencies, as Llama 3.1 has them",
                    expected: "none, or ones"))
        }
        return true
    }
}
