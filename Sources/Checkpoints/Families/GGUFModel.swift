import StreamIO
public import Transformer

/// A decoder in a GGUF file.
public struct GGUFModel: Sendable {
    /// The file.
    public let file: GGUFFile
    /// The model's shape.
    public let configuration: DecoderConfiguration
    /// How the file holds it.
    public let family: GGUFFamily
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
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if it is of no known family or has features that the
    ///   decoder does not have.
    public init(
        _ file: GGUFFile, ropeTheta: Float? = nil, readsTokenizer: Bool = true
    ) throws(CheckpointError) {
        self.file = file
        let metadata = GGUFMetadata(file)
        guard let architecture = try metadata.string("general.architecture") else {
            throw metadata.fault(.missingKey("general.architecture"))
        }
        let known = DecoderFamily.all.compactMap { family in
            family.gguf.map { (family: family, gguf: $0) }
        }
        guard let (family, gguf) = known.first(where: { $0.gguf.architecture == architecture })
        else {
            var names: [String] = []
            for name in known.map(\.gguf.architecture) where !names.contains(name) {
                names.append(name)
            }
            throw metadata.fault(
                .unsupported(
                    what: "general.architecture", got: architecture,
                    expected: names.joined(separator: ", ")))
        }
        self.family = gguf
        tokenizer = readsTokenizer ? try GGUFTokenizer(file) : nil
        var configuration = try Self.configuration(metadata, family, gguf, ropeTheta)
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
        _ metadata: GGUFMetadata, _ family: DecoderFamily, _ gguf: GGUFFamily, _ ropeTheta: Float?
    ) throws(CheckpointError) -> DecoderConfiguration {
        let file = metadata.file
        func key(_ name: String) -> String { "\(gguf.architecture).\(name)" }
        let width = try metadata.requiredCount(key("embedding_length"))
        let heads = try metadata.requiredCount(key("attention.head_count"))
        let keyValueHeads = try metadata.count(key("attention.head_count_kv")) ?? heads
        let headWidth = try metadata.count(key("attention.key_length")) ?? (width / heads)
        guard heads % keyValueHeads == 0 else {
            throw metadata.fault(
                .value(
                    key: key("attention.head_count_kv"), got: "\(keyValueHeads)",
                    expected: "a divisor of head_count \(heads)"))
        }
        guard headWidth > 0, headWidth % 2 == 0 || gguf.hasLearnedPositions else {
            throw metadata.fault(
                .value(
                    key: key("attention.key_length"), got: "\(headWidth)",
                    expected: "an even number"))
        }
        guard let epsilon = try metadata.number(key(gguf.epsilonKey)) else {
            throw metadata.fault(.missingKey(key(gguf.epsilonKey)))
        }
        guard let embedding = file["token_embd.weight"], let rows = embedding.shape.first else {
            throw metadata.fault(.missingTensor("token_embd.weight"))
        }
        guard rows > 0 else {
            throw metadata.fault(
                .shape(tensor: "token_embd.weight", got: embedding.shape, expected: [1, width]))
        }
        let positions = try metadata.requiredCount(key("context_length"))
        var c = DecoderConfiguration(
            family: family.name, names: family.names, vocabularySize: rows, width: width,
            layerCount: try metadata.requiredCount(key("block_count")), headCount: heads,
            keyValueHeadCount: keyValueHeads, headWidth: headWidth,
            feedForwardWidth: try metadata.requiredCount(key("feed_forward_length")),
            maximumPositions: positions, normEpsilon: epsilon,
            tiedHead: file["output.weight"] == nil
                || file.haveEqualBytes("output.weight", "token_embd.weight"),
            initializerRange: 0.02, eosTokenIDs: [])
        if !gguf.hasLearnedPositions {
            let rotary = GGUFRotary(metadata: metadata, architecture: gguf.architecture)
            c.attention = [
                AttentionTraits(
                    rotary: try rotary.traits(
                        headWidth: headWidth, positions: positions, given: ropeTheta))
            ]
        }
        func hasBias(_ part: BlockPart) -> Bool {
            gguf.names.name(ParameterPlace(.block(0, part), .bias)).map { file[$0] != nil } ?? false
        }
        c.queryKeyValueBias = hasBias(.query) || hasBias(.queryKeyValue)
        c.attentionOutputBias = hasBias(.attentionOutput)
        c.feedForwardBias = hasBias(.down)
        try gguf.read(metadata, &c)
        if case .longRope(let longRope)? = c.attention.first?.rotary?.scaling {
            c.maximumPositions = min(positions, longRope.positions)
        }
        try refuseForeign(metadata, gguf, c)
        return c
    }

    // MARK: Features

    /// Keys that are read, or change nothing that the decoder computes, of all families.
    private static let known: Set<String> = GGUFRotary.keys.union([
        "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size",
        "attention.head_count", "attention.head_count_kv", "attention.layer_norm_rms_epsilon",
        "attention.layer_norm_epsilon",
        "attention.key_length",
        // llama.cpp's own name for rows in the order of pairs.
        "tensor_data_layout",
        // For embeddings, which are not made of a GGUF file.
        "pooling_type",
    ])

    /// Refuses by name what would make it another model: keys that are neither read nor known to
    /// change nothing, unless their values say that the feature is not there.
    private static func refuseForeign(
        _ metadata: GGUFMetadata, _ family: GGUFFamily, _ c: DecoderConfiguration
    ) throws(CheckpointError) {
        let prefix = family.architecture + "."
        for key in metadata.file.metadata.keys.sorted() where key.hasPrefix(prefix) {
            let name = String(key.dropFirst(prefix.count))
            if known.contains(name) || family.computedKeys.contains(name) { continue }
            let (expected, isNeutral) = neutral(name, c)
            try metadata.demand(key, expected, isNeutral)
        }
    }

    /// The values with which a key changes nothing.
    private static func neutral(
        _ name: String, _ c: DecoderConfiguration
    ) -> (expected: String, isNeutral: (GGUFValue) -> Bool) {
        let (headWidth, positions) = (c.headWidth, c.maximumPositions)
        switch name {
        case "attention.value_length":
            return (
                "\(headWidth), the head's width", { $0 == .integer(Int64(headWidth)) }
            )
        case "expert_count", "expert_used_count", "expert_shared_count",
            "leading_dense_block_count", "attention.max_alibi_bias", "attention.clamp_kqv",
            "attn_logit_softcapping", "final_logit_softcapping":
            return ("0", { $0 == .integer(0) || $0 == .number(0) })
        case "logit_scale", "residual_scale", "embedding_scale":
            // Zero is how llama.cpp writes that there is none.
            return ("1", { $0 == .number(1) || $0 == .number(0) })
        case "attention.scale":
            let scale = Double(c.scoreScale)
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

    // MARK: Tensors

    /// Reads all weights, dequantised.
    ///
    /// - Parameter unpermuting: whether the rows of the query and key matrices are brought from the
    ///   order of adjacent pairs, which converters write for some families, back to that of two halves
    /// - Throws: ``CheckpointError/gguf(file:_:)`` for tensors that are missing, unknown, of wrong
    ///   shape or of a type that cannot be read; ``CheckpointError/notFinite(file:tensor:index:)``.
    public func parameters(unpermuting: Bool = true) throws(CheckpointError) -> ParameterBuffer {
        let layout = ParameterLayout(configuration)
        try checkTensors(layout)
        let parameters = ParameterBuffer(count: layout.count)
        for entry in layout.entries {
            guard let name = family.name(entry) else { continue }
            let values = parameters.elements(of: entry)
            try file.floats(name, into: values)
            if family.isTransposed(entry, configuration) {
                transpose(values, rows: entry.shape[0], columns: entry.shape[1])
            }
            if let index = firstNonFinite(UnsafeBufferPointer(values)) {
                throw .notFinite(file: file.path, tensor: name, index: index)
            }
            let shift = family.shift(entry, configuration)
            if shift != 0 { for index in values.indices { values[index] -= shift } }
            guard unpermuting, family.isPermuted(entry) else { continue }
            unpermuteRows(
                values, columns: entry.shape.count > 1 ? entry.shape[1] : 1,
                headWidth: configuration.headWidth)
        }
        return parameters
    }

    private func checkTensors(_ layout: ParameterLayout) throws(CheckpointError) {
        var known: Set<String> = [
            GGUFRotary.frequencies, GGUFRotary.shortFactors, GGUFRotary.longFactors,
        ]
        if configuration.tiedHead { known.insert("output.weight") }
        for entry in layout.entries {
            guard let name = family.name(entry) else { continue }
            known.insert(name)
            guard let tensor = file[name] else {
                throw .gguf(file: file.path, .missingTensor(name))
            }
            let shape =
                family.isTransposed(entry, configuration) ? entry.shape.reversed() : entry.shape
            guard tensor.shape == shape else {
                throw .gguf(
                    file: file.path, .shape(tensor: name, got: tensor.shape, expected: shape))
            }
            guard GGUFTensorType.readable.contains(tensor.type) else {
                throw .gguf(
                    file: file.path, .unsupportedType(tensor: name, got: tensor.type.name))
            }
        }
        let unknown = file.tensors.map(\.name).filter { !known.contains($0) }
        guard unknown.isEmpty else { throw .gguf(file: file.path, .unknownTensors(unknown)) }
    }

    /// How many tensors are stored in which type, e.g. `Q4_1:210 F32:61 Q8_0:1`.
    public var typeSummary: String {
        var counts: [String: Int] = [:]
        for tensor in file.tensors { counts[tensor.type.name, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key):\($0.value)" }.joined(separator: " ")
    }
}

/// Turns a matrix (columns, rows) into (rows, columns).
private func transpose(_ matrix: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int) {
    let copy = Array(matrix)
    for row in 0..<rows {
        for column in 0..<columns { matrix[row * columns + column] = copy[column * rows + row] }
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
