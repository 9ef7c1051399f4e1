import Kernels

/// A decoder-only transformer over its weights.
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public final class Decoder {
    /// The model's shape.
    public let configuration: DecoderConfiguration
    /// Where each parameter is.
    public let layout: ParameterLayout
    /// The weights as they are held.
    public let weights: ParameterStorage
    /// What the factors of matrix products are rounded to.
    public let precision: MatrixPrecision
    /// Whether weights are rounded to eight bits; such a decoder is for inference alone.
    public let isQuantized: Bool

    let blocks: [DecoderBlock]
    let attention: Attention
    let finalNorm: Norm
    let head: VocabularyHead
    let parts: ParameterParts
    /// The weights in single precision: themselves, or room for those that are in use.
    let floats: ParameterBuffer
    let memory = DecoderMemory()

    /// A model with these weights, which must have the configuration's layout.
    public convenience init(
        configuration: DecoderConfiguration, parameters: ParameterBuffer,
        precision: MatrixPrecision = .float32, isQuantized: Bool = false
    ) {
        self.init(
            configuration: configuration, weights: .single(parameters), precision: precision,
            isQuantized: isQuantized)
    }

    /// A model with these weights, which must have the configuration's layout.
    ///
    /// Weights in bfloat16 are made into floats part by part while they are in use; a model that has
    /// them so can be trained and gives log-probabilities, but does not generate.
    public init(
        configuration: DecoderConfiguration, weights: ParameterStorage,
        precision: MatrixPrecision = .float32, isQuantized: Bool = false
    ) {
        let layout = ParameterLayout(configuration)
        precondition(weights.count == layout.count, "parameters of another layout")
        self.weights = weights
        switch weights {
        case .single(let buffer): floats = buffer
        case .compact(let compact):
            precondition(!isQuantized, "weights of eight bits are made from floats")
            floats = ParameterBuffer(count: compact.count, isSparse: true)
        }
        parts = ParameterParts(configuration, layout)
        self.configuration = configuration
        self.layout = layout
        self.precision = precision
        self.isQuantized = isQuantized
        let layers = LinearLayers(
            layout: layout, storage: configuration.storage, precision: precision,
            packing: isQuantized
                ? WeightPacking(source: floats, arena: PageArena(), isQuantized: true) : nil)
        blocks = Self.makeBlocks(configuration, layers)
        attention = Attention(
            headCount: configuration.headCount,
            keyValueHeadCount: configuration.keyValueHeadCount,
            headWidth: configuration.headWidth, scale: configuration.attentionScale)
        finalNorm = Norm(configuration, layout, .finalNorm)
        head = VocabularyHead(configuration, layers)
    }

    /// The weights, which have to be held in single precision.
    public var parameters: ParameterBuffer {
        guard case .single(let buffer) = weights else {
            preconditionFailure("weights in bfloat16")
        }
        return buffer
    }

    /// The blocks of a model, in order.
    ///
    /// - Parameter onBlock: called with the number of each when it is made
    static func makeBlocks(
        _ configuration: DecoderConfiguration, _ layers: LinearLayers,
        onBlock: (Int) -> Void = { _ in }
    ) -> [DecoderBlock] {
        (0..<configuration.layerCount).map { layer in
            defer { onBlock(layer) }
            return DecoderBlock(configuration, layers, layer: layer)
        }
    }

    /// Gives up the matrices of linear layers in a part of the parameters, which then are zeros. Those of
    /// embeddings stay, even where they are the head too.
    func discardMatrices(_ range: Range<Int>) {
        for entry in layout.entries
        where entry.decays && range.contains(entry.offset)
            && entry.offset >= parts.embeddings.upperBound
        {
            floats.discard(entry.offset..<entry.offset + entry.count)
        }
    }

    /// The log-probability of each target of the batch, in the batch's order.
    public func logProbabilities(_ batch: PackedBatch) -> [Float] {
        guard batch.targetCount > 0 else { return [] }
        let final = forward(batch, keeping: false)
        let hidden = targetHidden(batch, final)
        return withWeights(parts.projection) {
            head.evaluate(
                batch, parameters: floats.base, hidden: hidden, logitMemory: memory.logits,
                backward: nil)
        }
    }

    /// Adds the gradient of the objective to `gradients`.
    ///
    /// - Parameters:
    ///   - batch: whole trees
    ///   - objective: the loss's derivative with respect to each sequence's log-probability
    ///   - gradients: laid out as the parameters
    /// - Returns: the log-probability of each target, before any update.
    public func accumulateGradients(
        _ batch: PackedBatch, into gradients: ParameterBuffer,
        objective: SequenceObjective
    ) -> [Float] {
        precondition(!isQuantized, "rounded weights have no gradient")
        guard batch.targetCount > 0 else { return [] }
        let final = forward(batch, keeping: true)
        let residual = memory.residualGradient.matrix(
            rows: batch.rowCount, columns: configuration.width)
        let result = differentiateEnd(
            batch, final: final, gradients: gradients.base, residual: residual,
            objective: objective)
        backward(batch, residual: residual, gradients: gradients.base)
        return result
    }

    /// From the residual stream behind the last block to the loss and back again.
    ///
    /// - Parameters:
    ///   - final: (T, C)
    ///   - residual: receives the gradient of `final`, (T, C)
    func differentiateEnd(
        _ batch: PackedBatch, final: MatrixView, gradients: UnsafeMutablePointer<Float>,
        residual: MatrixView, objective: SequenceObjective
    ) -> [Float] {
        let hidden = targetHidden(batch, final)
        let gradient = memory.hiddenGradient.matrix(rows: hidden.rows, columns: hidden.columns)
        let result = withoutActuallyEscaping(objective) { objective in
            withWeights(parts.projection) {
                head.evaluate(
                    batch, parameters: floats.base, hidden: hidden, logitMemory: memory.logits,
                    backward: HeadBackward(
                        objective: objective, gradients: gradients, hiddenGradient: gradient))
            }
        }
        backwardFinalNorm(batch, gradient: gradient, gradients: gradients, residual: residual)
        return result
    }

    /// Runs the blocks; returns the residual stream behind the last one, (T, C).
    ///
    /// - Parameters:
    ///   - keeping: whether every block keeps its activations for a backward pass
    ///   - onInput: called with each block's number and input, (T, C), before it runs
    func forward(
        _ batch: PackedBatch, keeping: Bool, onInput: ((Int, MatrixView) -> Void)? = nil,
        onKeysAndValues: ((Int, MatrixView) -> Void)? = nil
    ) -> MatrixView {
        let rows = batch.rowCount
        let width = configuration.width
        memory.reserveActivations(keeping ? blocks.count : 2, rows: rows, configuration)
        let final = memory.output.matrix(rows: rows, columns: width)
        embed(batch, into: blocks.isEmpty ? final : memory.activations[0].input)
        for layer in blocks.indices {
            let state = memory.activations[keeping ? layer : layer % 2]
            let next =
                layer + 1 == blocks.count
                ? final : memory.activations[keeping ? layer + 1 : (layer + 1) % 2].input
            onInput?(layer, state.input)
            withWeights(parts.blocks[layer]) {
                forwardBlock(
                    layer, batch, activations: state, output: next,
                    onKeysAndValues: onKeysAndValues)
            }
        }
        return final
    }

    /// Runs one block, whose weights must be in place, on the input in its activations.
    private func forwardBlock(
        _ layer: Int, _ batch: PackedBatch, activations state: BlockActivations,
        output: MatrixView?, onKeysAndValues: ((Int, MatrixView) -> Void)? = nil
    ) {
        batch.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            blocks[layer].forward(
                floats.base, positions: positions, activations: state, workspace: memory.workspace,
                output: output
            ) { qkv, output in
                onKeysAndValues?(layer, qkv)
                StageClock.measure(.attention) {
                    attention.forward(
                        batch, qkv: qkv, output: output, logSumExp: state.logSumExp,
                        window: configuration.attention(ofLayer: layer).window)
                }
            }
        }
    }

    /// From the gradient of the hidden states of targets to that of the residual stream, which is
    /// overwritten.
    private func backwardFinalNorm(
        _ batch: PackedBatch, gradient: MatrixView, gradients: UnsafeMutablePointer<Float>,
        residual: MatrixView
    ) {
        let width = configuration.width
        residual.base.update(repeating: 0, count: residual.rows * width)
        let inputGradient = memory.targetInputGradient.matrix(rows: gradient.rows, columns: width)
        inputGradient.base.update(repeating: 0, count: gradient.rows * width)
        withWeights(parts.finalNorm) {
            finalNorm.backward(
                floats.base, gradients: gradients,
                MatrixView(memory.targetInput.base, rows: gradient.rows, columns: width),
                statistics: memory.targetStatistics.base, gradient: gradient,
                xGradient: inputGradient)
        }
        for (index, row) in batch.targetRows.joined().enumerated() {
            accumulate(
                inputGradient.base + index * width, scaledBy: 1,
                into: residual.base + row * width, count: width)
        }
    }

    private func backward(
        _ batch: PackedBatch, residual: MatrixView, gradients: UnsafeMutablePointer<Float>
    ) {
        for layer in blocks.indices.reversed() {
            backwardBlock(
                layer, batch, activations: memory.activations[layer], residual: residual,
                gradients: gradients)
        }
        backwardEmbeddings(batch, residual: residual, gradients: gradients)
    }

    /// Turns the gradient of a block's output, in `residual`, into that of its input.
    private func backwardBlock(
        _ layer: Int, _ batch: PackedBatch, activations state: BlockActivations,
        residual: MatrixView, gradients: UnsafeMutablePointer<Float>
    ) {
        batch.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            blocks[layer].backward(
                floats.base, gradients: gradients, positions: positions,
                activations: state, workspace: memory.workspace, residual: residual
            ) { outputGradient, qkvGradient in
                StageClock.measure(.attention) {
                    attention.backward(
                        batch, qkv: state.qkv, output: state.attended,
                        logSumExp: state.logSumExp, outputGradient: outputGradient,
                        qkvGradient: qkvGradient,
                        window: configuration.attention(ofLayer: layer).window)
                }
            }
        }
    }

    /// Computes a block's activations again from its input, then as
    /// ``backwardBlock(_:_:activations:residual:gradients:)``. The block's weights must be in place.
    func recomputeAndBackwardBlock(
        _ layer: Int, _ batch: PackedBatch, input: MatrixView, residual: MatrixView,
        gradients: UnsafeMutablePointer<Float>
    ) {
        memory.reserveActivations(1, rows: batch.rowCount, configuration)
        let state = memory.activations[0]
        copy(input, into: state.input)
        forwardBlock(layer, batch, activations: state, output: nil)
        backwardBlock(
            layer, batch, activations: state, residual: residual, gradients: gradients)
    }

    /// Adds the gradient of the first block's input, which is overwritten, to those of the embeddings.
    func backwardEmbeddings(
        _ batch: PackedBatch, residual: MatrixView, gradients: UnsafeMutablePointer<Float>
    ) {
        if configuration.embeddingMultiplier != 1 {
            scaleRows(residual, by: configuration.embeddingMultiplier)
        }
        for table in embeddingTables(batch) {
            table.ids.withUnsafeBufferPointer { ids in
                guard let ids = ids.baseAddress else { return }
                scatterAddRows(of: residual, ids: ids, into: gradients + table.offset)
            }
        }
    }

    /// Calls `body` while some of the weights are there as floats: always, unless they are compact.
    func withWeights<Result>(_ range: Range<Int>, _ body: () throws -> Result) rethrows -> Result {
        guard case .compact(let compact) = weights else { return try body() }
        compact.widen(range, into: floats)
        defer { floats.discard(range) }
        return try body()
    }

    /// The final hidden states of the rows that predict something, normed, (R, C).
    private func targetHidden(_ batch: PackedBatch, _ final: MatrixView) -> MatrixView {
        hidden(batch.targetRows.flatMap { $0 }, of: final)
    }

    /// The final hidden states of some rows, normed, (rows, C).
    func hidden(_ rows: [Int], of final: MatrixView) -> MatrixView {
        let width = configuration.width
        let input = memory.targetInput.matrix(rows: rows.count, columns: width)
        for (index, row) in rows.enumerated() {
            (input.base + index * width).update(from: final.base + row * width, count: width)
        }
        let hidden = memory.targetHidden.matrix(rows: rows.count, columns: width)
        withWeights(parts.finalNorm) {
            finalNorm.forward(
                floats.base, input, into: hidden,
                statistics: memory.targetStatistics.reserve(2 * rows.count))
        }
        return hidden
    }

    /// The tables whose rows make up a row's embedding, with the ids to look up.
    private func embeddingTables(_ batch: PackedBatch) -> [(offset: Int, ids: [Int32])] {
        embeddingTables(tokens: batch.tokens, positions: batch.positions)
    }

    private func embeddingTables(
        tokens: [Int32], positions: [Int32]
    ) -> [(offset: Int, ids: [Int32])] {
        let words = (layout.entry(.embedding).offset, tokens)
        return configuration.hasLearnedPositions
            ? [words, (layout.entry(.positions).offset, positions)] : [words]
    }

    private func embed(_ batch: PackedBatch, into output: MatrixView) {
        batch.requireIDs(of: configuration)
        embed(tokens: batch.tokens, positions: batch.positions, into: output)
    }

    /// The input of the first block, (T, C), from tokens (T) and positions (T) that are known to have rows
    /// in the tables.
    func embed(tokens: [Int32], positions: [Int32], into output: MatrixView) {
        let tables = embeddingTables(tokens: tokens, positions: positions)
        for (index, table) in tables.enumerated() {
            table.ids.withUnsafeBufferPointer { ids in
                guard let ids = ids.baseAddress else { return }
                if case .compact(let compact) = weights {
                    gatherRows(
                        of: compact.base + table.offset, ids: ids, into: output,
                        accumulating: index > 0)
                } else {
                    gatherRows(
                        of: floats.base + table.offset, ids: ids, into: output,
                        accumulating: index > 0)
                }
            }
        }
        if configuration.embeddingMultiplier != 1 {
            scaleRows(output, by: configuration.embeddingMultiplier)
        }
    }
}
