import Kernels

/// A decoder-only transformer: its parameters, and the memory of its passes.
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public final class Decoder {
    /// The model's shape.
    public let configuration: DecoderConfiguration
    /// Where each parameter is.
    public let layout: ParameterLayout
    /// The weights.
    public let parameters: ParameterBuffer
    /// What the factors of matrix products are rounded to.
    public let precision: MatrixPrecision
    /// Whether weights are rounded to eight bits; such a decoder is for inference alone.
    public let isQuantized: Bool

    let blocks: [any DecoderBlock]
    let attention: Attention
    let finalNorm: FinalNorm
    let head: VocabularyHead
    let workspace = Workspace()
    private var activations: [BlockActivations] = []
    private let output = FloatBuffer()
    private let residualGradient = FloatBuffer()
    private let targetInput = FloatBuffer()
    private let targetHidden = FloatBuffer()
    private let targetStatistics = FloatBuffer()
    private let hiddenGradient = FloatBuffer()
    private let targetInputGradient = FloatBuffer()
    let logitMemory = FloatBuffer()

    /// A model with these weights, which must have the configuration's layout.
    public init(
        configuration: DecoderConfiguration, parameters: ParameterBuffer,
        precision: MatrixPrecision = .float32, isQuantized: Bool = false
    ) {
        let layout = ParameterLayout(configuration)
        precondition(parameters.count == layout.count, "parameters of another layout")
        self.configuration = configuration
        self.layout = layout
        self.parameters = parameters
        self.precision = precision
        self.isQuantized = isQuantized
        let layers = LinearLayers(
            layout: layout, precision: precision,
            packing: isQuantized
                ? WeightPacking(source: parameters, arena: PageArena(), isQuantized: true) : nil)
        blocks = Self.makeBlocks(configuration, layers)
        attention = Attention(
            headCount: configuration.headCount,
            keyValueHeadCount: configuration.keyValueHeadCount,
            headWidth: configuration.headWidth)
        finalNorm = FinalNorm(configuration, layout)
        head = VocabularyHead(configuration, layers)
    }

    /// The blocks of a model, in order.
    static func makeBlocks(
        _ configuration: DecoderConfiguration, _ layers: LinearLayers
    ) -> [any DecoderBlock] {
        (0..<configuration.layerCount).map { layer in
            switch configuration.architecture {
            case .gpt2: GPT2Block(configuration, layers, layer: layer)
            case .llama: LlamaBlock(configuration, layers, layer: layer)
            }
        }
    }

    /// The log-probability of each target of the batch, in the batch's order.
    public func logProbabilities(_ batch: PackedBatch) -> [Float] {
        guard batch.targetCount > 0 else { return [] }
        let final = forward(batch, keeping: false)
        let hidden = targetHidden(batch, final)
        return head.evaluate(
            batch, parameters: parameters.base, hidden: hidden, logitMemory: logitMemory,
            backward: nil)
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
        let hidden = targetHidden(batch, final)
        let gradient = hiddenGradient.matrix(rows: hidden.rows, columns: hidden.columns)
        let result = withoutActuallyEscaping(objective) { objective in
            head.evaluate(
                batch, parameters: parameters.base, hidden: hidden, logitMemory: logitMemory,
                backward: HeadBackward(
                    objective: objective, gradients: gradients.base, hiddenGradient: gradient))
        }
        backward(batch, final: final, gradient: gradient, gradients: gradients.base)
        return result
    }

    /// Runs the blocks; returns the residual stream behind the last one, (T, C).
    ///
    /// - Parameter keeping: whether every block keeps its activations for a backward pass
    func forward(
        _ batch: PackedBatch, keeping: Bool, onKeysAndValues: ((Int, MatrixView) -> Void)? = nil
    ) -> MatrixView {
        let rows = batch.rowCount
        let width = configuration.width
        let needed = keeping ? blocks.count : 2
        while activations.count < needed { activations.append(BlockActivations()) }
        for block in activations.prefix(needed) {
            block.reserve(rows: rows, configuration: configuration)
        }
        let final = output.matrix(rows: rows, columns: width)
        embed(batch, into: blocks.isEmpty ? final : activations[0].input)
        batch.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            for (layer, block) in blocks.enumerated() {
                let state = activations[keeping ? layer : layer % 2]
                let next =
                    layer + 1 == blocks.count
                    ? final : activations[keeping ? layer + 1 : (layer + 1) % 2].input
                block.forward(
                    parameters.base, positions: positions, activations: state,
                    workspace: workspace, output: next
                ) { qkv, output in
                    onKeysAndValues?(layer, qkv)
                    StageClock.measure(.attention) {
                        attention.forward(
                            batch, qkv: qkv, output: output, logSumExp: state.logSumExp)
                    }
                }
            }
        }
        return final
    }

    private func backward(
        _ batch: PackedBatch, final: MatrixView, gradient: MatrixView,
        gradients: UnsafeMutablePointer<Float>
    ) {
        let rows = batch.rowCount
        let width = configuration.width
        let residual = residualGradient.matrix(rows: rows, columns: width)
        residual.base.update(repeating: 0, count: rows * width)
        let inputGradient = targetInputGradient.matrix(rows: gradient.rows, columns: width)
        inputGradient.base.update(repeating: 0, count: gradient.rows * width)
        finalNorm.backward(
            parameters.base, gradients: gradients,
            MatrixView(targetInput.base, rows: gradient.rows, columns: width),
            statistics: targetStatistics.base, gradient: gradient, xGradient: inputGradient)
        for (index, row) in batch.targetRows.joined().enumerated() {
            accumulate(
                inputGradient.base + index * width, scaledBy: 1,
                into: residual.base + row * width, count: width)
        }
        batch.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            for (layer, block) in blocks.enumerated().reversed() {
                let state = activations[layer]
                block.backward(
                    parameters.base, gradients: gradients, positions: positions,
                    activations: state, workspace: workspace, residual: residual
                ) { outputGradient, qkvGradient in
                    StageClock.measure(.attention) {
                        attention.backward(
                            batch, qkv: state.qkv, output: state.attended,
                            logSumExp: state.logSumExp, outputGradient: outputGradient,
                            qkvGradient: qkvGradient)
                    }
                }
            }
        }
        for table in embeddingTables(batch) {
            table.ids.withUnsafeBufferPointer { ids in
                guard let ids = ids.baseAddress else { return }
                scatterAddRows(of: residual, ids: ids, into: gradients + table.offset)
            }
        }
    }

    /// The final hidden states of the rows that predict something, normed, (R, C).
    private func targetHidden(_ batch: PackedBatch, _ final: MatrixView) -> MatrixView {
        hidden(batch.targetRows.flatMap { $0 }, of: final)
    }

    /// The final hidden states of some rows, normed, (rows, C).
    func hidden(_ rows: [Int], of final: MatrixView) -> MatrixView {
        let width = configuration.width
        let input = targetInput.matrix(rows: rows.count, columns: width)
        for (index, row) in rows.enumerated() {
            (input.base + index * width).update(from: final.base + row * width, count: width)
        }
        let hidden = targetHidden.matrix(rows: rows.count, columns: width)
        finalNorm.forward(
            parameters.base, input, into: hidden,
            statistics: targetStatistics.reserve(2 * rows.count))
        return hidden
    }

    /// The tables whose rows make up a row's embedding, with the ids to look up.
    private func embeddingTables(_ batch: PackedBatch) -> [(offset: Int, ids: [Int32])] {
        switch configuration.architecture {
        case .llama: [(layout.offset("model.embed_tokens.weight"), batch.tokens)]
        case .gpt2:
            [
                (layout.offset("transformer.wte.weight"), batch.tokens),
                (layout.offset("transformer.wpe.weight"), batch.positions),
            ]
        }
    }

    private func embed(_ batch: PackedBatch, into output: MatrixView) {
        for (index, table) in embeddingTables(batch).enumerated() {
            table.ids.withUnsafeBufferPointer { ids in
                guard let ids = ids.baseAddress else { return }
                gatherRows(
                    of: parameters.base + table.offset, ids: ids, into: output,
                    accumulating: index > 0)
            }
        }
    }
}
