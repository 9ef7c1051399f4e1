import StreamIO
public import Transformer

/// A Llama model in a GGUF file.
public struct GGUFLlama: Sendable {
    /// The file.
    public let file: GGUFFile
    /// The model's shape.
    public let configuration: DecoderConfiguration
    /// The tokenizer, nil if the file has none or it is left alone.
    public let tokenizer: GGUFTokenizer?
    /// The token that pads, if the file names one.
    let padTokenID: Int32?
    /// What a user should know, such as special ids that no token has.
    public let warnings: [String]

    /// Reads the metadata of a file.
    ///
    /// - Parameters:
    ///   - file: the file
    ///   - ropeTheta: the base of the rotary frequencies for a file that does not have it
    ///   - readsTokenizer: whether the tokenizer is read, rather than its special ids alone
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if it is not a Llama model or one with features
    ///   that the decoder does not have.
    public init(
        _ file: GGUFFile, ropeTheta: Float? = nil, readsTokenizer: Bool = true
    ) throws(CheckpointError) {
        self.file = file
        let metadata = GGUFMetadata(file)
        guard let architecture = try metadata.string("general.architecture") else {
            throw metadata.fault(.missingKey("general.architecture"))
        }
        guard architecture == "llama" else {
            throw metadata.fault(
                .unsupported(what: "general.architecture", got: architecture, expected: "llama"))
        }
        tokenizer = readsTokenizer ? try GGUFTokenizer(file) : nil
        var configuration = try Self.configuration(metadata, ropeTheta)
        if let tokenizer {
            configuration.eosTokenIDs = tokenizer.eos.map { [$0] } ?? []
            configuration.bosTokenID = tokenizer.bos
            padTokenID = tokenizer.pad
            warnings = tokenizer.warnings
        } else {
            var warnings: [String] = []
            let size = configuration.vocabularySize
            configuration.eosTokenIDs =
                try metadata.token("eos", below: size, &warnings).map { [$0] } ?? []
            configuration.bosTokenID = try metadata.token("bos", below: size, &warnings)
            padTokenID = try metadata.token("padding", below: size, &warnings)
            self.warnings = warnings
        }
        self.configuration = configuration
        if let excess = ModelLimits.excess(configuration) {
            throw .configuration(file: file.path, what: excess)
        }
    }

    private static func configuration(
        _ metadata: GGUFMetadata, _ ropeTheta: Float?
    ) throws(CheckpointError) -> DecoderConfiguration {
        let file = metadata.file
        let width = try metadata.requiredCount("llama.embedding_length")
        let heads = try metadata.requiredCount("llama.attention.head_count")
        let keyValueHeads = try metadata.count("llama.attention.head_count_kv") ?? heads
        let headWidth = try metadata.count("llama.attention.key_length") ?? (width / heads)
        guard heads % keyValueHeads == 0 else {
            throw metadata.fault(
                .value(
                    key: "llama.attention.head_count_kv", got: "\(keyValueHeads)",
                    expected: "a divisor of head_count \(heads)"))
        }
        guard headWidth % 2 == 0, headWidth > 0 else {
            throw metadata.fault(
                .value(
                    key: "llama.attention.key_length", got: "\(headWidth)",
                    expected: "an even number"))
        }
        let features = GGUFLlamaFeatures(metadata: metadata)
        guard let epsilon = try metadata.number("llama.attention.layer_norm_rms_epsilon") else {
            throw metadata.fault(.missingKey("llama.attention.layer_norm_rms_epsilon"))
        }
        guard let embedding = file["token_embd.weight"], let rows = embedding.shape.first else {
            throw metadata.fault(.missingTensor("token_embd.weight"))
        }
        guard rows > 0 else {
            throw metadata.fault(
                .shape(tensor: "token_embd.weight", got: embedding.shape, expected: [1, width]))
        }
        let positions = try metadata.requiredCount("llama.context_length")
        try features.refuseForeign(headWidth: headWidth, positions: positions)
        return DecoderConfiguration(
            architecture: .llama, vocabularySize: rows, width: width,
            layerCount: try metadata.requiredCount("llama.block_count"), headCount: heads,
            keyValueHeadCount: keyValueHeads, headWidth: headWidth,
            feedForwardWidth: try metadata.requiredCount("llama.feed_forward_length"),
            maximumPositions: positions,
            normEpsilon: epsilon, ropeTheta: try features.theta(given: ropeTheta),
            ropeScale: try features.scale(),
            tiedHead: file["output.weight"] == nil
                || file.haveEqualBytes("output.weight", "token_embd.weight"),
            initializerRange: 0.02, eosTokenIDs: [])
    }

    // MARK: Tensors

    /// The file's name of a tensor, from the checkpoint's.
    static func name(_ name: String) -> String? {
        switch name {
        case "model.embed_tokens.weight": return "token_embd.weight"
        case "model.norm.weight": return "output_norm.weight"
        case "lm_head.weight": return "output.weight"
        default: break
        }
        let parts = name.split(separator: ".", maxSplits: 3)
        guard parts.count == 4, parts[0] == "model", parts[1] == "layers" else { return nil }
        let names = [
            "input_layernorm.weight": "attn_norm", "self_attn.q_proj.weight": "attn_q",
            "self_attn.k_proj.weight": "attn_k", "self_attn.v_proj.weight": "attn_v",
            "self_attn.o_proj.weight": "attn_output", "post_attention_layernorm.weight": "ffn_norm",
            "mlp.gate_proj.weight": "ffn_gate", "mlp.up_proj.weight": "ffn_up",
            "mlp.down_proj.weight": "ffn_down",
        ]
        return names[String(parts[3])].map { "blk.\(parts[2]).\($0).weight" }
    }

    /// Reads all weights, dequantised.
    ///
    /// - Parameter unpermuting: whether the rows of the query and key matrices are brought from the
    ///   order of adjacent pairs, which converters write, back to that of two halves
    /// - Throws: ``CheckpointError/gguf(file:_:)`` for tensors that are missing, unknown, of wrong
    ///   shape or of a type that cannot be read; ``CheckpointError/notFinite(file:tensor:index:)``.
    public func parameters(unpermuting: Bool = true) throws(CheckpointError) -> ParameterBuffer {
        let layout = ParameterLayout(configuration)
        var known: Set<String> = configuration.tiedHead ? ["output.weight"] : []
        for entry in layout.entries {
            guard let name = Self.name(entry.name) else { continue }
            known.insert(name)
            guard let tensor = file[name] else {
                throw .gguf(file: file.path, .missingTensor(name))
            }
            guard tensor.shape == entry.shape else {
                throw .gguf(
                    file: file.path,
                    .shape(tensor: name, got: tensor.shape, expected: entry.shape))
            }
            guard GGUFTensorType.readable.contains(tensor.type) else {
                throw .gguf(
                    file: file.path, .unsupportedType(tensor: name, got: tensor.type.name))
            }
        }
        if try GGUFLlamaFeatures(metadata: GGUFMetadata(file)).hasPlainFrequencies() {
            known.insert(GGUFLlamaFeatures.frequencies)
        }
        let unknown = file.tensors.map(\.name).filter { !known.contains($0) }
        guard unknown.isEmpty else { throw .gguf(file: file.path, .unknownTensors(unknown)) }
        let parameters = ParameterBuffer(count: layout.count)
        for entry in layout.entries {
            guard let name = Self.name(entry.name) else { continue }
            let values = parameters.elements(of: entry)
            try file.floats(name, into: values)
            if let index = firstNonFinite(UnsafeBufferPointer(values)) {
                throw .notFinite(file: file.path, tensor: name, index: index)
            }
            guard unpermuting else { continue }
            if entry.name.hasSuffix("q_proj.weight") || entry.name.hasSuffix("k_proj.weight") {
                unpermuteRows(values, columns: entry.shape[1], headWidth: configuration.headWidth)
            }
        }
        return parameters
    }

    /// How many tensors are stored in which type, e.g. `Q4_1:210 F32:61 Q8_0:1`.
    public var typeSummary: String {
        var counts: [String: Int] = [:]
        for tensor in file.tensors { counts[tensor.type.name, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key):\($0.value)" }.joined(separator: " ")
    }
}

/// Orders the rows of every head by halves instead of by pairs, as the rotation of the decoder
/// expects: row c·d/2 + i comes from row 2i + c, with c ∈ {0, 1} and i < d/2.
///
/// - Parameters:
///   - matrix: (heads·d, columns)
///   - columns: its columns
///   - headWidth: d
package func unpermuteRows(
    _ matrix: UnsafeMutableBufferPointer<Float>, columns: Int, headWidth: Int
) {
    let size = headWidth * columns
    var head = [Float](repeating: 0, count: size)
    for start in stride(from: 0, to: matrix.count, by: size) {
        for row in 0..<headWidth {
            let source = 2 * (row % (headWidth / 2)) + row / (headWidth / 2)
            for column in 0..<columns {
                head[row * columns + column] = matrix[start + source * columns + column]
            }
        }
        for i in 0..<size { matrix[start + i] = head[i] }
    }
}
