public import Kernels

/// A BERT encoder: its parameters, and the memory of its passes.
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public final class Encoder {
    /// The model's shape.
    public let configuration: EncoderConfiguration
    /// The weights.
    public let parameters: ParameterBuffer

    private let blocks: [EncoderBlock]
    private let attention: BidirectionalAttention
    private let embeddingNorm: EncoderNorm
    private let wordTable: Int
    private let positionTable: Int
    private let typeTable: Int
    private let residual = FloatBuffer()
    private let workspace = EncoderWorkspace()

    /// A model with these weights, which must have the configuration's ``EncoderLayout``.
    ///
    /// - Parameter precision: what layers compute with
    public init(
        configuration: EncoderConfiguration, parameters: ParameterBuffer,
        precision: InferencePrecision = .fp32
    ) {
        let layout = EncoderLayout(configuration)
        precondition(parameters.count == layout.count, "parameters of another layout")
        self.configuration = configuration
        self.parameters = parameters
        let packing = WeightPacking(
            source: parameters, arena: PageArena(), isQuantized: precision.isQuantized)
        blocks = (0..<configuration.layerCount).map {
            EncoderBlock(
                configuration, layout, packing, layer: $0, precision: precision.products)
        }
        attention = BidirectionalAttention(
            headCount: configuration.headCount, headWidth: configuration.headWidth)
        embeddingNorm = EncoderNorm(
            layout, "embeddings.LayerNorm", epsilon: configuration.normEpsilon)
        wordTable = layout.offset("embeddings.word_embeddings.weight")
        positionTable = layout.offset("embeddings.position_embeddings.weight")
        typeTable = layout.offset("embeddings.token_type_embeddings.weight")
    }

    /// Calls `body` with the last block's output for every token.
    ///
    /// - Parameter sequences: token ids with their special tokens, at most
    ///   ``EncoderConfiguration/maximumPositions`` each
    public func withHiddenStates<Result>(
        of sequences: [[Int32]], _ body: (HiddenStates) throws -> Result
    ) rethrows -> Result {
        var ranges: [Range<Int>] = []
        var start = 0
        for sequence in sequences {
            precondition(sequence.count <= configuration.maximumPositions, "too many positions")
            ranges.append(start..<start + sequence.count)
            start += sequence.count
        }
        let x = residual.matrix(rows: start, columns: configuration.width)
        embed(sequences, into: x)
        for block in blocks {
            block.forward(parameters.base, x, workspace: workspace) { qkv, output in
                attention.forward(texts: ranges, qkv: qkv, output: output)
            }
        }
        return try body(HiddenStates(matrix: x, ranges: ranges))
    }

    private func embed(_ sequences: [[Int32]], into x: MatrixView) {
        let ids = sequences.flatMap { $0 }
        let positions = sequences.flatMap { $0.indices.map { Int32($0) } }
        requireRows(ids, below: configuration.vocabularySize)
        requireRows(positions, below: configuration.maximumPositions)
        for (table, rows, accumulating) in [
            (wordTable, ids, false), (positionTable, positions, true),
        ] {
            rows.withUnsafeBufferPointer { rows in
                guard let rows = rows.baseAddress else { return }
                gatherRows(
                    of: parameters.base + table, ids: rows, into: x, accumulating: accumulating)
            }
        }
        // All tokens are of type 0.
        addBias(parameters.base + typeTable, to: x)
        embeddingNorm.forward(parameters.base, x, workspace)
    }
}
