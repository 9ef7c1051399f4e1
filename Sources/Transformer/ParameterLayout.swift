/// One parameter tensor: its name in Hugging Face checkpoints, its shape and its place in a
/// ``ParameterBuffer``.
public struct ParameterEntry: Sendable, Hashable {
    /// The name, e.g. `model.layers.0.mlp.up_proj.weight`.
    public let name: String
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
    private var indices: [String: Int] = [:]

    /// The layout of a model with this configuration.
    public init(_ configuration: DecoderConfiguration) {
        switch configuration.architecture {
        case .gpt2: addGPT2(configuration)
        case .llama: addLlama(configuration)
        }
    }

    /// The entry with this name.
    public subscript(name: String) -> ParameterEntry? {
        indices[name].map { entries[$0] }
    }

    /// Where the tensor `name` begins; the name must be one of the layout's.
    func offset(_ name: String) -> Int {
        guard let entry = self[name] else { preconditionFailure("no parameter \(name)") }
        return entry.offset
    }

    private mutating func add(_ name: String, _ shape: Int...) {
        let entry = ParameterEntry(name: name, shape: shape, offset: count)
        indices[name] = entries.count
        entries.append(entry)
        // Each tensor starts on a cache line.
        count += (entry.count + 15) & ~15
    }

    private mutating func addGPT2(_ c: DecoderConfiguration) {
        add("transformer.wte.weight", c.vocabularySize, c.width)
        add("transformer.wpe.weight", c.maximumPositions, c.width)
        for layer in 0..<c.layerCount {
            let prefix = "transformer.h.\(layer)."
            add(prefix + "ln_1.weight", c.width)
            add(prefix + "ln_1.bias", c.width)
            add(prefix + "attn.c_attn.weight", c.width, 3 * c.width)
            add(prefix + "attn.c_attn.bias", 3 * c.width)
            add(prefix + "attn.c_proj.weight", c.width, c.width)
            add(prefix + "attn.c_proj.bias", c.width)
            add(prefix + "ln_2.weight", c.width)
            add(prefix + "ln_2.bias", c.width)
            add(prefix + "mlp.c_fc.weight", c.width, c.feedForwardWidth)
            add(prefix + "mlp.c_fc.bias", c.feedForwardWidth)
            add(prefix + "mlp.c_proj.weight", c.feedForwardWidth, c.width)
            add(prefix + "mlp.c_proj.bias", c.width)
        }
        add("transformer.ln_f.weight", c.width)
        add("transformer.ln_f.bias", c.width)
        if !c.tiedHead { add("lm_head.weight", c.vocabularySize, c.width) }
    }

    private mutating func addLlama(_ c: DecoderConfiguration) {
        add("model.embed_tokens.weight", c.vocabularySize, c.width)
        for layer in 0..<c.layerCount {
            let prefix = "model.layers.\(layer)."
            add(prefix + "input_layernorm.weight", c.width)
            add(prefix + "self_attn.q_proj.weight", c.queryWidth, c.width)
            add(prefix + "self_attn.k_proj.weight", c.keyValueWidth, c.width)
            add(prefix + "self_attn.v_proj.weight", c.keyValueWidth, c.width)
            add(prefix + "self_attn.o_proj.weight", c.width, c.queryWidth)
            add(prefix + "post_attention_layernorm.weight", c.width)
            add(prefix + "mlp.gate_proj.weight", c.feedForwardWidth, c.width)
            add(prefix + "mlp.up_proj.weight", c.feedForwardWidth, c.width)
            add(prefix + "mlp.down_proj.weight", c.width, c.feedForwardWidth)
        }
        add("model.norm.weight", c.width)
        if !c.tiedHead { add("lm_head.weight", c.vocabularySize, c.width) }
    }
}
