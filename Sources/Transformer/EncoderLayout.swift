/// The table of an encoder's parameters under the names that Hugging Face's `BertModel` gives them,
/// without the pooler, which sentence embeddings do not use.
public struct EncoderLayout: Sendable {
    /// All tensors in the order of the buffer.
    public private(set) var entries: [ParameterEntry] = []
    /// Number of elements of all tensors.
    public private(set) var count = 0
    private var offsets: [String: Int] = [:]

    /// The layout of an encoder with this configuration.
    public init(_ c: EncoderConfiguration) {
        add("embeddings.word_embeddings.weight", c.vocabularySize, c.width)
        add("embeddings.position_embeddings.weight", c.maximumPositions, c.width)
        add("embeddings.token_type_embeddings.weight", c.tokenTypeCount, c.width)
        addNorm("embeddings.LayerNorm", c.width)
        for layer in 0..<c.layerCount {
            let prefix = Self.prefix(ofLayer: layer)
            // Back to back, so that queries, keys and values are one matrix (3C, C).
            for name in ["query", "key", "value"] {
                add(prefix + "attention.self.\(name).weight", c.width, c.width)
            }
            for name in ["query", "key", "value"] {
                add(prefix + "attention.self.\(name).bias", c.width)
            }
            addLinear(prefix + "attention.output.dense", from: c.width, to: c.width)
            addNorm(prefix + "attention.output.LayerNorm", c.width)
            addLinear(prefix + "intermediate.dense", from: c.width, to: c.feedForwardWidth)
            addLinear(prefix + "output.dense", from: c.feedForwardWidth, to: c.width)
            addNorm(prefix + "output.LayerNorm", c.width)
        }
    }

    static func prefix(ofLayer layer: Int) -> String { "encoder.layer.\(layer)." }

    /// Where the tensor `name` begins; the name must be one of the layout's.
    func offset(_ name: String) -> Int {
        guard let offset = offsets[name] else { preconditionFailure("no parameter \(name)") }
        return offset
    }

    private mutating func add(_ name: String, _ shape: Int...) {
        let entry = ParameterEntry(name: name, place: nil, shape: shape, offset: count)
        offsets[name] = count
        entries.append(entry)
        count += entry.count
    }

    private mutating func addLinear(_ name: String, from input: Int, to output: Int) {
        add(name + ".weight", output, input)
        add(name + ".bias", output)
    }

    private mutating func addNorm(_ name: String, _ width: Int) {
        add(name + ".weight", width)
        add(name + ".bias", width)
    }
}
