public import Transformer

/// How GGUF files hold a family: names of tensors and metadata keys, and what is stored otherwise than in
/// Hugging Face's files.
public struct GGUFFamily: Sendable {
    /// `general.architecture`, which is also what the family's metadata keys begin with.
    public let architecture: String
    /// What tensors are called.
    public let names: ParameterNames
    /// Whether the rows of queries and keys are in the order of adjacent pairs.
    public let permutesQueriesAndKeys: Bool
    /// Whether positions are a table instead of a rotation.
    let hasLearnedPositions: Bool
    /// Metadata keys, without the architecture, that the family computes, beside those of all families.
    let computedKeys: Set<String>
    /// Reads traits from metadata; what all families have in common is there already.
    let read: @Sendable (GGUFMetadata, inout DecoderConfiguration) throws(CheckpointError) -> Void
    /// The metadata of those traits, keys without the architecture.
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` for traits that the format has no keys for
    let write: @Sendable (DecoderConfiguration) throws(CheckpointError) -> [GGUFEntry]

    init(
        architecture: String, names: ParameterNames, permutesQueriesAndKeys: Bool = false,
        hasLearnedPositions: Bool = false, computedKeys: Set<String> = [],
        read:
            @escaping @Sendable (GGUFMetadata, inout DecoderConfiguration) throws(CheckpointError)
            -> Void = { _, _ throws(CheckpointError) in },
        write:
            @escaping @Sendable (DecoderConfiguration) throws(CheckpointError) ->
            [GGUFEntry] = { _ throws(CheckpointError) in [] }
    ) {
        self.architecture = architecture
        self.names = names
        self.permutesQueriesAndKeys = permutesQueriesAndKeys
        self.hasLearnedPositions = hasLearnedPositions
        self.computedKeys = computedKeys
        self.read = read
        self.write = write
    }

    /// The name of a tensor.
    public func name(_ entry: ParameterEntry) -> String? { entry.place.flatMap(names.name) }

    /// Whether the rows of a tensor are in the order of adjacent pairs.
    public func isPermuted(_ entry: ParameterEntry) -> Bool {
        guard permutesQueriesAndKeys, case .block(_, let part)? = entry.place?.role else {
            return false
        }
        return part == .query || part == .key
    }

    /// How the rows of a tensor in a file are made of the checkpoint's.
    func arrangement(
        _ entry: ParameterEntry, _ configuration: DecoderConfiguration
    ) -> GGUFArrangement {
        if isPermuted(entry) { return .pairs(headWidth: configuration.headWidth) }
        if shift(entry, configuration) != 0 { return .plusOne }
        return isTransposed(entry, configuration) ? .transposed : .same
    }

    /// Whether a tensor's rows are the checkpoint's columns: files have (out, in) throughout.
    public func isTransposed(_ entry: ParameterEntry, _ configuration: DecoderConfiguration) -> Bool
    {
        guard case .block? = entry.place?.role else { return false }
        return configuration.storage == .inputByOutput && entry.decays
    }

    /// The key of the norms' ε, without the architecture.
    var epsilonKey: String {
        hasLearnedPositions ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"
    }

    /// What is added to every element of a tensor when it is written: files hold the whole weights of norms
    /// that checkpoints store less one.
    public func shift(_ entry: ParameterEntry, _ configuration: DecoderConfiguration) -> Float {
        configuration.norm == .rmsPlusOne && !entry.decays ? 1 : 0
    }
}

extension ParameterNames {
    /// llama.cpp's names.
    static let gguf = ParameterNames(
        embedding: "token_embd", positions: "position_embd", finalNorm: "output_norm",
        head: "output", block: "blk.",
        parts: [
            .attentionNorm: "attn_norm", .query: "attn_q", .key: "attn_k", .value: "attn_v",
            .queryNorm: "attn_q_norm", .keyNorm: "attn_k_norm", .attentionOutput: "attn_output",
            .attentionOutputNorm: "post_attention_norm", .feedForwardNorm: "ffn_norm",
            .gate: "ffn_gate", .up: "ffn_up", .down: "ffn_down",
            .feedForwardOutputNorm: "post_ffw_norm",
        ])
}

extension GGUFFamily {
    /// Llama's, also of families that llama.cpp reads as such.
    static let llama = GGUFFamily(
        architecture: "llama", names: .gguf, permutesQueriesAndKeys: true)

    /// The metadata of a model in llama.cpp's keys, without the architecture before them: all but those of
    /// its tokenizer and of the file.
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` for a model that the format cannot say
    public func hyperparameters(
        of c: DecoderConfiguration
    ) throws(CheckpointError) -> [GGUFEntry] {
        var entries = [
            GGUFEntry("block_count", c.layerCount), GGUFEntry("context_length", c.maximumPositions),
            GGUFEntry("embedding_length", c.width),
            GGUFEntry("feed_forward_length", c.feedForwardWidth),
            GGUFEntry("attention.head_count", c.headCount),
            GGUFEntry("attention.head_count_kv", c.keyValueHeadCount),
            GGUFEntry("attention.key_length", c.headWidth),
            GGUFEntry("attention.value_length", c.headWidth),
            GGUFEntry(epsilonKey, c.normEpsilon),
            GGUFEntry("vocab_size", c.vocabularySize),
        ]
        let own = try write(c)
        entries += try GGUFRotary.metadata(of: c).filter { entry in
            !own.contains { $0.key == entry.key }
        }
        entries += own
        let keys = Set(entries.map(\.key))
        func demand(_ isSaid: Bool, _ what: String) throws(CheckpointError) {
            guard !isSaid else { return }
            throw .unsupported(
                file: "GGUF", what: "\(what) (not among the keys of architecture \(architecture))")
        }
        try demand(
            keys.contains("attention.sliding_window")
                || c.attention.allSatisfy {
                    $0.window.map { $0 >= c.maximumPositions } ?? true
                },
            "sliding windows")
        try demand(
            keys.contains("attention.scale") || c.attentionScale == nil
                || abs((c.attentionScale ?? 0) * Float(c.headWidth).squareRoot() - 1) < 1e-6,
            "a factor on attention scores")
        try demand(
            keys.contains("embedding_scale") || c.embeddingMultiplier == 1
                || c.embeddingMultiplier == Float(c.width).squareRoot(), "a factor on embeddings")
        return entries
    }
}
