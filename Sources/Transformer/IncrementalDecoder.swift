import Kernels

// Legend: T rows of a pass, C channels, H heads, G key-value heads, d channels of a head, V vocabulary.

/// Tokens that a cached sequence is to be extended by.
public struct CacheExtension {
    /// The sequence; a cache occurs in one extension of a call at most.
    public let cache: KeyValueCache
    /// At least one token.
    public let tokens: [Int32]
    /// Offsets in ``tokens`` of those behind which logits are wanted.
    public let wanted: Range<Int>

    /// An extension; without `wanted` the last token's logits are.
    public init(_ cache: KeyValueCache, by tokens: [Int32], wanted: Range<Int>? = nil) {
        self.cache = cache
        self.tokens = tokens
        self.wanted = wanted ?? max(0, tokens.count - 1)..<tokens.count
    }
}

/// Logits that are infinite or no numbers: nothing can be chosen by them.
public struct NonFiniteLogits: Error, Hashable {
    /// Index of the extension.
    public let sequence: Int
    /// Tokens of its sequence that they follow.
    public let length: Int

    /// Logits of the sequence with this index, behind so many tokens.
    public init(sequence: Int, length: Int) {
        self.sequence = sequence
        self.length = length
    }
}

/// A decoder that computes only what is new, over ragged sets of sequences.
///
/// All rows of a call, prompts as well as single tokens, go through the layers together in passes
/// of at most ``rowLimit`` rows. Nothing is padded, and the bits of a row's logits depend on its
/// own sequence alone, whatever else is in the call.
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public final class IncrementalDecoder {
    /// The model.
    public let decoder: Decoder

    /// Most rows of a pass.
    private static let rowLimit = 256

    private let blocks: [DecoderBlock]
    private let head: VocabularyHead
    private let shape: KeyValueShape
    private let activations = [BlockActivations(), BlockActivations()]
    private let output = FloatBuffer()

    /// Prepares inference with `decoder`: lays out a copy of its matrices.
    ///
    /// - Parameter keepsWeights: whether the matrices that were copied stay as they are; without that they
    ///   are given up one by one, and `decoder` is of no other use any more
    public init(_ decoder: Decoder, keepsWeights: Bool = true) {
        precondition(!decoder.weights.isCompact, "compact weights are for training")
        self.decoder = decoder
        shape = KeyValueShape(decoder.configuration)
        if decoder.isQuantized {
            blocks = decoder.blocks
            head = decoder.head
        } else {
            let layers = LinearLayers(
                layout: decoder.layout, storage: decoder.configuration.storage,
                precision: decoder.precision,
                packing: WeightPacking(
                    source: decoder.floats, arena: PageArena(), isQuantized: false))
            blocks = Decoder.makeBlocks(decoder.configuration, layers) { layer in
                if !keepsWeights { decoder.discardMatrices(decoder.parts.blocks[layer]) }
            }
            head = VocabularyHead(decoder.configuration, layers)
        }
        if !keepsWeights { decoder.discardMatrices(0..<decoder.layout.count) }
    }

    /// The model's configuration.
    public var configuration: DecoderConfiguration { decoder.configuration }

    /// Bytes that the keys and values of a sequence of so many tokens take, at most.
    public func cacheBytes(tokens: Int) -> Int {
        shape.floats(tokens: tokens, atATime: Self.rowLimit) * MemoryLayout<Float>.stride
    }

    /// A cache for a new sequence.
    public func makeCache() -> KeyValueCache { KeyValueCache(shape) }

    /// Extends sequences and hands over the logits that are wanted.
    ///
    /// - Parameters:
    ///   - extensions: token ids are in 0 ..< V, sequences at most as long as the model's positions
    ///   - body: gets the index of an extension, the offset of a token in it and its logits, (V), which it
    ///     may overwrite; called on all threads at once, each row once
    /// - Throws: ``NonFiniteLogits`` of the first such row; the caches are of no use then.
    public func extend(
        _ extensions: [CacheExtension],
        logits body: (
            _ extension: Int, _ offset: Int, _ logits: UnsafeMutablePointer<Float>
        ) -> Void
    ) throws(NonFiniteLogits) {
        var rows: [Row] = []
        for (index, item) in extensions.enumerated() {
            precondition(
                item.cache.count + item.tokens.count <= configuration.maximumPositions,
                "sequence longer than the model's positions")
            for offset in item.tokens.indices {
                rows.append(
                    Row(
                        sequence: index, offset: offset, token: item.tokens[offset],
                        position: item.cache.count + offset, wanted: item.wanted.contains(offset)))
            }
        }
        // Passes of equal size: a last pass of few rows would read all weights for them.
        let passes = (rows.count + Self.rowLimit - 1) / Self.rowLimit
        for pass in 0..<passes {
            let range = rows.count * pass / passes..<rows.count * (pass + 1) / passes
            let tables = prepareCaches(extensions, rows[range])
            try run(Array(rows[range]), tables, body)
        }
        for item in extensions { item.cache.count += item.tokens.count }
    }

    private struct Row {
        let sequence: Int
        let offset: Int
        let token: Int32
        let position: Int
        let wanted: Bool
    }

    /// Makes room for the rows of a pass, and gives up what they see no more.
    ///
    /// - Returns: for each extension the memory of its cache; of those without rows none.
    private func prepareCaches(
        _ extensions: [CacheExtension], _ rows: ArraySlice<Row>
    ) -> [[KeyValueTable]] {
        var tables = [[KeyValueTable]](repeating: [], count: extensions.count)
        var start = rows.startIndex
        while start < rows.endIndex {
            let sequence = rows[start].sequence
            let end = rows[start...].firstIndex { $0.sequence != sequence } ?? rows.endIndex
            let cache = extensions[sequence].cache
            cache.reserve(rows[start].position..<rows[end - 1].position + 1)
            tables[sequence] = cache.tables
            start = end
        }
        return tables
    }

    private func run(
        _ rows: [Row], _ tables: [[KeyValueTable]],
        _ body: (Int, Int, UnsafeMutablePointer<Float>) -> Void
    ) throws(NonFiniteLogits) {
        for state in activations { state.reserve(rows: rows.count, configuration: configuration) }
        let parameters = decoder.floats.base
        let final = output.matrix(rows: rows.count, columns: configuration.width)
        let layers = blocks.count
        embed(rows, into: layers == 0 ? final : activations[0].input)
        rows.map { Int32($0.position) }.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            for (layer, block) in blocks.enumerated() {
                let state = activations[layer % 2]
                block.forward(
                    parameters, positions: positions, activations: state,
                    workspace: decoder.memory.workspace,
                    output: layer + 1 == layers ? final : activations[(layer + 1) % 2].input
                ) { qkv, attended in
                    attend(rows, tables, layer: layer, qkv: qkv, into: attended)
                }
            }
        }
        let wanted = rows.indices.filter { rows[$0].wanted }
        guard !wanted.isEmpty else { return }
        let hidden = decoder.hidden(wanted, of: final)
        let logits = head.logits(wanted.count, in: decoder.memory.logits)
        head.project(parameters, hidden, into: logits)
        var isFinite = [Bool](repeating: true, count: wanted.count)
        isFinite.withUnsafeMutableBufferPointer { isFinite in
            Parallel.forEach(wanted.count) { index in
                let row = rows[wanted[index]]
                let line = logits.base + index * logits.stride
                isFinite[index] = areFinite(line, count: logits.columns)
                if isFinite[index] { body(row.sequence, row.offset, line) }
            }
        }
        guard let index = isFinite.firstIndex(of: false) else { return }
        let row = rows[wanted[index]]
        throw NonFiniteLogits(sequence: row.sequence, length: row.position + 1)
    }

    private func embed(_ rows: [Row], into output: MatrixView) {
        requireRows(rows.lazy.map(\.token), below: configuration.vocabularySize)
        decoder.embed(
            tokens: rows.map(\.token), positions: rows.map { Int32($0.position) }, into: output)
    }

    /// Puts the rows' keys and values into the caches, then lets every row attend to its own.
    private func attend(
        _ rows: [Row], _ tables: [[KeyValueTable]], layer: Int, qkv: MatrixView,
        into attended: MatrixView
    ) {
        let width = shape.headWidth
        let heads = configuration.headCount
        let groups = shape.keyValueHeadCount
        let groupSize = heads / groups
        let (part, window) = shape.part(ofLayer: layer)
        Parallel.forEachRange(rows.count, grain: 8) { range in
            for index in range {
                let row = rows[index]
                let line = qkv.base + index * qkv.stride + heads * width
                let block = tables[row.sequence][part].block(ofPosition: row.position)
                let slot = row.position % cacheBlockPositions
                for head in 0..<groups {
                    let keys = block + shape.keyOffset(layer: layer, head: head) + slot
                    for channel in 0..<width {
                        keys[channel * cacheBlockPositions] = line[head * width + channel]
                    }
                    let values = block + shape.valueOffset(layer: layer, head: head)
                    (values + slot * width).update(
                        from: line + (groups + head) * width, count: width)
                }
            }
        }
        let scale = configuration.scoreScale
        Parallel.forEach(rows.count * groups) { task in
            let index = task / groups
            let group = task % groups
            let row = rows[index]
            // The first position that the row sees, and the block that it is in.
            let first = max(0, row.position + 1 - (window ?? row.position + 1))
            let start = first / cacheBlockPositions * cacheBlockPositions
            let visible = row.position + 1 - start
            let columns = group * groupSize * width
            withUnsafeTemporaryAllocation(
                of: Float.self, capacity: visible + cacheBlockPositions
            ) { scores in
                tables[row.sequence][part].withBlocks(fromPosition: start) { blocks in
                    guard let scores = scores.baseAddress else { return }
                    attendToCache(
                        queries: qkv.base + index * qkv.stride + columns, heads: groupSize,
                        headWidth: width, blocks: blocks,
                        keyOffset: shape.keyOffset(layer: layer, head: group),
                        valueOffset: shape.valueOffset(layer: layer, head: group),
                        first: first - start, visible: visible, scale: scale, scores: scores,
                        output: attended.base + index * attended.stride + columns)
                }
            }
        }
    }
}
