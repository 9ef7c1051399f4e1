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

    private let blocks: [any DecoderBlock]
    private let head: VocabularyHead
    private let shape: KeyValueShape
    private let activations = [BlockActivations(), BlockActivations()]
    private let output = FloatBuffer()

    /// Prepares inference with `decoder`: lays out a copy of its matrices.
    ///
    /// - Parameter keepsWeights: whether the matrices that were copied stay as they are; without that they
    ///   are given up one by one, and `decoder` is of no other use any more
    public init(_ decoder: Decoder, keepsWeights: Bool = true) {
        precondition(decoder.compactParameters == nil, "compact weights are for training")
        self.decoder = decoder
        shape = KeyValueShape(decoder.configuration)
        if decoder.isQuantized {
            blocks = decoder.blocks
            head = decoder.head
        } else {
            let layers = LinearLayers(
                layout: decoder.layout, precision: decoder.precision,
                packing: WeightPacking(
                    source: decoder.parameters, arena: PageArena(), isQuantized: false))
            blocks = Decoder.makeBlocks(decoder.configuration, layers) { layer in
                if !keepsWeights { decoder.discardMatrices(decoder.parts.blocks[layer]) }
            }
            head = VocabularyHead(decoder.configuration, layers)
        }
        if !keepsWeights { decoder.discardMatrices(0..<decoder.layout.count) }
    }

    /// The model's configuration.
    public var configuration: DecoderConfiguration { decoder.configuration }

    /// Bytes that the keys and values of a sequence of so many tokens take.
    public func cacheBytes(tokens: Int) -> Int {
        (tokens + cacheBlockPositions - 1) / cacheBlockPositions * shape.blockSize
            * MemoryLayout<Float>.stride
    }

    /// A cache for a new sequence.
    public func makeCache() -> KeyValueCache { KeyValueCache(decoder.configuration) }

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
            item.cache.reserve(item.tokens.count)
            for offset in item.tokens.indices {
                rows.append(
                    Row(
                        sequence: index, offset: offset, token: item.tokens[offset],
                        position: item.cache.count + offset, wanted: item.wanted.contains(offset)))
            }
        }
        let tables = extensions.map(\.cache.blockMemory)
        // Passes of equal size: a last pass of few rows would read all weights for them.
        let passes = (rows.count + Self.rowLimit - 1) / Self.rowLimit
        for pass in 0..<passes {
            let range = rows.count * pass / passes..<rows.count * (pass + 1) / passes
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

    private func run(
        _ rows: [Row], _ tables: [[UnsafeMutablePointer<Float>]],
        _ body: (Int, Int, UnsafeMutablePointer<Float>) -> Void
    ) throws(NonFiniteLogits) {
        for state in activations { state.reserve(rows: rows.count, configuration: configuration) }
        let parameters = decoder.parameters.base
        let final = output.matrix(rows: rows.count, columns: configuration.width)
        let layers = blocks.count
        embed(rows, into: layers == 0 ? final : activations[0].input)
        rows.map { Int32($0.position) }.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            for (layer, block) in blocks.enumerated() {
                let state = activations[layer % 2]
                block.forward(
                    parameters, positions: positions, activations: state,
                    workspace: decoder.workspace,
                    output: layer + 1 == layers ? final : activations[(layer + 1) % 2].input
                ) { qkv, attended in
                    attend(rows, tables, layer: layer, qkv: qkv, into: attended)
                }
            }
        }
        let wanted = rows.indices.filter { rows[$0].wanted }
        guard !wanted.isEmpty else { return }
        let hidden = decoder.hidden(wanted, of: final)
        let logits = head.logits(wanted.count, in: decoder.logitMemory)
        head.projection.forward(parameters, hidden, into: logits)
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
        func gather(_ table: String, _ ids: [Int32], accumulating: Bool) {
            ids.withUnsafeBufferPointer { ids in
                guard let ids = ids.baseAddress else { return }
                gatherRows(
                    of: decoder.parameters.base + decoder.layout.offset(table), ids: ids,
                    into: output, accumulating: accumulating)
            }
        }
        switch configuration.architecture {
        case .llama: gather("model.embed_tokens.weight", rows.map(\.token), accumulating: false)
        case .gpt2:
            gather("transformer.wte.weight", rows.map(\.token), accumulating: false)
            gather(
                "transformer.wpe.weight", rows.map { Int32($0.position) }, accumulating: true)
        }
    }

    /// Puts the rows' keys and values into the caches, then lets every row attend to its own.
    private func attend(
        _ rows: [Row], _ tables: [[UnsafeMutablePointer<Float>]], layer: Int, qkv: MatrixView,
        into attended: MatrixView
    ) {
        let width = shape.headWidth
        let heads = configuration.headCount
        let groups = shape.keyValueHeadCount
        let groupSize = heads / groups
        Parallel.forEachRange(rows.count, grain: 8) { range in
            for index in range {
                let row = rows[index]
                let line = qkv.base + index * qkv.stride + heads * width
                let block = tables[row.sequence][row.position / cacheBlockPositions]
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
        let scale = 1 / Float(width).squareRoot()
        Parallel.forEach(rows.count * groups) { task in
            let index = task / groups
            let group = task % groups
            let row = rows[index]
            let visible = row.position + 1
            let columns = group * groupSize * width
            withUnsafeTemporaryAllocation(
                of: Float.self, capacity: visible + cacheBlockPositions
            ) { scores in
                tables[row.sequence].withUnsafeBufferPointer { blocks in
                    guard let blocks = blocks.baseAddress, let scores = scores.baseAddress else {
                        return
                    }
                    attendToCache(
                        queries: qkv.base + index * qkv.stride + columns, heads: groupSize,
                        headWidth: width, blocks: blocks,
                        keyOffset: shape.keyOffset(layer: layer, head: group),
                        valueOffset: shape.valueOffset(layer: layer, head: group),
                        visible: visible, scale: scale, scores: scores,
                        output: attended.base + index * attended.stride + columns)
                }
            }
        }
    }
}
