/// One parameter tensor: its name in Hugging Face checkpoints, its shape and its place in a
/// ``ParameterBuffer``.
public struct ParameterEntry: Sendable, Hashable {
    /// The name, e.g. `model.layers.0.mlp.up_proj.weight`.
    public let name: String
    /// What it is in a decoder; nil in an encoder.
    public let place: ParameterPlace?
    /// The shape, row-major.
    public let shape: [Int]
    /// Index of the first element in the buffer.
    public let offset: Int
    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Whether weight decay applies: to matrices, not to biases and norm weights.
    public var decays: Bool { shape.count >= 2 }
}

/// The table of a decoder's parameters, shared by initialisation, optimizer and checkpoints.
public struct ParameterLayout: Sendable {
    /// All tensors in the order of the buffer: embeddings, blocks, final norm, untied head.
    public private(set) var entries: [ParameterEntry] = []
    /// Number of elements of all tensors.
    public private(set) var count = 0
    /// Where the blocks begin, and behind them the final norm.
    private(set) var blockStarts: [Int] = []
    private var indices: [String: Int] = [:]
    private var places: [ParameterPlace: Int] = [:]
    private let names: ParameterNames

    /// The layout of a model with this configuration.
    public init(_ c: DecoderConfiguration) {
        names = c.names
        add(.embedding, .weight, c.vocabularySize, c.width)
        if c.hasLearnedPositions { add(.positions, .weight, c.maximumPositions, c.width) }
        for layer in 0..<c.layerCount {
            blockStarts.append(count)
            addBlock(layer, c)
        }
        blockStarts.append(count)
        addNorm(.finalNorm, c)
        if !c.tiedHead { add(.head, .weight, c.vocabularySize, c.width) }
    }

    /// The entry with this name.
    public subscript(name: String) -> ParameterEntry? {
        indices[name].map { entries[$0] }
    }

    /// The entry of this place.
    public subscript(role: ParameterRole, kind: ParameterKind) -> ParameterEntry? {
        places[ParameterPlace(role, kind)].map { entries[$0] }
    }

    /// The entry of a place that the model has.
    func entry(_ role: ParameterRole, _ kind: ParameterKind = .weight) -> ParameterEntry {
        guard let entry = self[role, kind] else { preconditionFailure("no \(role) \(kind)") }
        return entry
    }

    private mutating func add(_ role: ParameterRole, _ kind: ParameterKind, _ shape: Int...) {
        let place = ParameterPlace(role, kind)
        guard let name = names.name(place) else { preconditionFailure("no name for \(role)") }
        let entry = ParameterEntry(name: name, place: place, shape: shape, offset: count)
        indices[name] = entries.count
        places[place] = entries.count
        entries.append(entry)
        // Each tensor starts on a cache line.
        count += (entry.count + 15) & ~15
    }

    private mutating func addNorm(_ role: ParameterRole, _ c: DecoderConfiguration) {
        add(role, .weight, c.width)
        if c.norm == .layer { add(role, .bias, c.width) }
    }

    /// Linear layers on the same input, all matrices before all biases.
    private mutating func addLinear(
        _ layer: Int, _ outputs: [(part: BlockPart, width: Int)], from input: Int, hasBias: Bool,
        _ storage: MatrixStorage
    ) {
        for (part, output) in outputs {
            switch storage {
            case .outputByInput: add(.block(layer, part), .weight, output, input)
            case .inputByOutput: add(.block(layer, part), .weight, input, output)
            }
        }
        guard hasBias else { return }
        for (part, output) in outputs { add(.block(layer, part), .bias, output) }
    }

    private mutating func addBlock(_ layer: Int, _ c: DecoderConfiguration) {
        if c.normPlacement != .after { addNorm(.block(layer, .attentionNorm), c) }
        addLinear(
            layer, c.projections, from: c.width, hasBias: c.queryKeyValueBias, c.storage)
        if c.queryKeyNorm != .none {
            let isWhole = c.queryKeyNorm == .whole
            add(.block(layer, .queryNorm), .weight, isWhole ? c.queryWidth : c.headWidth)
            add(.block(layer, .keyNorm), .weight, isWhole ? c.keyValueWidth : c.headWidth)
        }
        addLinear(
            layer, [(.attentionOutput, c.width)], from: c.queryWidth,
            hasBias: c.attentionOutputBias, c.storage)
        if c.normsOutputs { addNorm(.block(layer, .attentionOutputNorm), c) }
        if c.normPlacement != .after { addNorm(.block(layer, .feedForwardNorm), c) }
        addLinear(layer, c.expansions, from: c.width, hasBias: c.feedForwardBias, c.storage)
        addLinear(
            layer, [(.down, c.width)], from: c.feedForwardWidth, hasBias: c.feedForwardBias,
            c.storage)
        if c.normsOutputs { addNorm(.block(layer, .feedForwardOutputNorm), c) }
    }
}

extension DecoderConfiguration {
    /// The layers that make queries, keys and values, with their outputs.
    var projections: [(part: BlockPart, width: Int)] {
        names.parts[.queryKeyValue] != nil
            ? [(.queryKeyValue, packedWidth)]
            : [(.query, queryWidth), (.key, keyValueWidth), (.value, keyValueWidth)]
    }

    /// The layers that make the inputs of the activation function, with their outputs.
    var expansions: [(part: BlockPart, width: Int)] {
        if !isGated { return [(.up, feedForwardWidth)] }
        return names.parts[.gateUp] != nil
            ? [(.gateUp, 2 * feedForwardWidth)]
            : [(.gate, feedForwardWidth), (.up, feedForwardWidth)]
    }
}
