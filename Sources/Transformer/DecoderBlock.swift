import Kernels

// Legend: T rows, C channels, H heads, G key-value heads, d channels of a head, F feed-forward.

/// One block of a decoder: attention and feed-forward, each added to the residual stream. Holds offsets
/// into a ``ParameterBuffer``, never memory.
struct DecoderBlock {
    private let configuration: DecoderConfiguration
    private let attentionNorm: Norm?
    private let queryKeyValue: LinearGroup
    private let queryNorm: Norm?
    private let keyNorm: Norm?
    private let rotary: RotaryEmbedding?
    private let output: Linear
    private let attentionOutputNorm: Norm?
    private let feedForwardNorm: Norm?
    private let expand: LinearGroup
    private let down: Linear
    private let feedForwardOutputNorm: Norm?

    init(_ c: DecoderConfiguration, _ layers: LinearLayers, layer: Int) {
        func norm(_ part: BlockPart, groups: Int? = nil) -> Norm? {
            layers.layout[.block(layer, part), .weight].map { _ in
                Norm(c, layers.layout, .block(layer, part), groups: groups)
            }
        }
        func group(_ parts: [(part: BlockPart, width: Int)]) -> LinearGroup {
            layers.group(parts.map { .block(layer, $0.part) })
        }
        let isPerHead = c.queryKeyNorm == .perHead
        configuration = c
        attentionNorm = norm(.attentionNorm)
        queryKeyValue = group(c.projections)
        queryNorm = norm(.queryNorm, groups: isPerHead ? c.headCount : 1)
        keyNorm = norm(.keyNorm, groups: isPerHead ? c.keyValueHeadCount : 1)
        rotary = c.attention(ofLayer: layer).rotary?.embedding(headWidth: c.headWidth)
        output = layers.layer(.block(layer, .attentionOutput))
        attentionOutputNorm = norm(.attentionOutputNorm)
        feedForwardNorm = norm(.feedForwardNorm)
        expand = group(c.expansions)
        down = layers.layer(.block(layer, .down))
        feedForwardOutputNorm = norm(.feedForwardOutputNorm)
    }

    private var queryColumns: Range<Int> { 0..<configuration.queryWidth }
    private var keyColumns: Range<Int> { configuration.queryWidth..<configuration.rotatedWidth }
    /// Queries and keys, which are rotated.
    private var rotatedColumns: Range<Int> { 0..<configuration.rotatedWidth }
    private var hiddenWidth: Int { configuration.feedForwardWidth }

    // MARK: Forward

    /// Computes the block's output.
    ///
    /// - Parameters:
    ///   - parameters: start of the model's parameters
    ///   - positions: (T)
    ///   - activations: what the backward pass needs; `activations.input` holds the input
    ///   - output: (T, C), overwritten; nil if only the activations are wanted
    ///   - attend: computes attention from queries, keys, values (T, (H + 2G)·d) into (T, H·d)
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>,
        activations: BlockActivations, workspace: Workspace, output: MatrixView?,
        attend: (_ qkv: MatrixView, _ output: MatrixView) -> Void
    ) {
        let input = activations.input
        let qkv = activations.qkv
        let attentionInput = normed(
            attentionNorm, parameters, input, activations.firstNorm, workspace)
        queryKeyValue.forward(parameters, attentionInput, into: qkv)
        normQueriesAndKeys(parameters, activations)
        rotary?.rotate(qkv.columns(rotatedColumns), positions: positions)
        attend(qkv, activations.attended)
        let middle = activations.middle
        add(
            self.output, parameters, activations.attended, to: input, attentionOutputNorm,
            kept: activations.attentionOutput, activations.firstOutputNorm, workspace,
            into: middle)

        let feedForwardInput = normed(
            feedForwardNorm, parameters, middle, activations.secondNorm, workspace)
        expand.forward(parameters, feedForwardInput, into: activations.feedForward)
        guard output != nil || feedForwardOutputNorm != nil else { return }
        let hidden = workspace.hidden.matrix(rows: input.rows, columns: hiddenWidth)
        activate(activations.feedForward, into: hidden)
        add(
            down, parameters, hidden, to: middle, feedForwardOutputNorm,
            kept: activations.feedForwardOutput, activations.secondOutputNorm, workspace,
            into: output)
    }

    /// `x` behind a norm, if there is one.
    private func normed(
        _ norm: Norm?, _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView,
        _ statistics: UnsafeMutablePointer<Float>, _ workspace: Workspace
    ) -> MatrixView {
        guard let norm else { return x }
        let y = workspace.normed.matrix(rows: x.rows, columns: x.columns)
        norm.forward(parameters, x, into: y, statistics: statistics)
        return y
    }

    private func normQueriesAndKeys(
        _ parameters: UnsafeMutablePointer<Float>, _ activations: BlockActivations
    ) {
        guard let queryNorm, let keyNorm else { return }
        let unnormed = activations.unnormed
        copy(activations.qkv.columns(rotatedColumns), into: unnormed)
        queryNorm.forward(
            parameters, unnormed.columns(queryColumns),
            into: activations.qkv.columns(queryColumns), statistics: activations.queryNorm)
        keyNorm.forward(
            parameters, unnormed.columns(keyColumns), into: activations.qkv.columns(keyColumns),
            statistics: activations.keyNorm)
    }

    /// `target` ← `residual` + what a part adds to it, times the multiplier.
    ///
    /// - Parameters:
    ///   - layer: the part's last one
    ///   - x: its input
    ///   - kept: receives its output if there is a norm behind it
    ///   - target: nil if only what is kept is wanted
    private func add(
        _ layer: Linear, _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView,
        to residual: MatrixView, _ norm: Norm?, kept: MatrixView,
        _ statistics: UnsafeMutablePointer<Float>, _ workspace: Workspace,
        into target: MatrixView?
    ) {
        let multiplier = configuration.residualMultiplier
        if norm == nil, multiplier == 1 {
            guard let target else { return }
            copy(residual, into: target)
            layer.forward(parameters, x, into: target, accumulating: true)
            return
        }
        let branch = workspace.branch.matrix(rows: x.rows, columns: layer.outputWidth)
        if let norm {
            layer.forward(parameters, x, into: kept)
            guard target != nil else { return }
            norm.forward(parameters, kept, into: branch, statistics: statistics)
        } else {
            layer.forward(parameters, x, into: branch)
        }
        guard let target else { return }
        copy(residual, into: target)
        addRows(branch, scaledBy: multiplier, to: target)
    }

    // MARK: Backward

    /// Turns the gradient of the block's output, in `residual`, into that of its input, in place, and
    /// adds the parameters' gradients to `gradients`. Overwrites activations.
    ///
    /// - Parameters:
    ///   - residual: (T, C)
    ///   - attendBackward: computes the gradient of queries, keys, values from that of the output
    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        positions: UnsafePointer<Int32>, activations: BlockActivations, workspace: Workspace,
        residual: MatrixView,
        attendBackward: (_ outputGradient: MatrixView, _ qkvGradient: MatrixView) -> Void
    ) {
        let rows = residual.rows
        feedForwardBackward(
            parameters, gradients: gradients, activations: activations, workspace: workspace,
            residual: residual)

        let gradient = branchGradient(
            attentionOutputNorm, parameters, gradients, activations.attentionOutput,
            activations.firstOutputNorm, workspace, residual: residual)
        output.parameterGradients(gradients, activations.attended, gradient: gradient)
        let attendedGradient = workspace.attendedGradient.matrix(
            rows: rows, columns: configuration.queryWidth)
        output.inputGradient(parameters, gradient: gradient, xGradient: attendedGradient)
        let qkvGradient = workspace.qkvGradient.matrix(
            rows: rows, columns: activations.qkv.columns)
        attendBackward(attendedGradient, qkvGradient)
        rotary?.rotate(
            qkvGradient.columns(rotatedColumns), positions: positions, inverse: true)
        differentiateQueryKeyNorms(parameters, gradients, activations, workspace, qkvGradient)
        inputBackward(
            queryKeyValue, attentionNorm, parameters, gradients, activations.input,
            activations.firstNorm, workspace, gradient: qkvGradient, residual: residual)
    }

    private func feedForwardBackward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        activations: BlockActivations, workspace: Workspace, residual: MatrixView
    ) {
        let rows = residual.rows
        let gradient = branchGradient(
            feedForwardOutputNorm, parameters, gradients, activations.feedForwardOutput,
            activations.secondOutputNorm, workspace, residual: residual)
        let activated = workspace.activated.matrix(rows: rows, columns: hiddenWidth)
        activate(activations.feedForward, into: activated)
        down.parameterGradients(gradients, activated, gradient: gradient)
        let hiddenGradient = workspace.hidden.matrix(rows: rows, columns: hiddenWidth)
        down.inputGradient(parameters, gradient: gradient, xGradient: hiddenGradient)
        inputBackward(
            expand, feedForwardNorm, parameters, gradients, activations.middle,
            activations.secondNorm, workspace,
            gradient: activateBackward(activations.feedForward, hiddenGradient),
            residual: residual)
    }

    /// The gradient of what a part adds to the residual stream before its norm and multiplier, from that
    /// of the sum.
    private func branchGradient(
        _ norm: Norm?, _ parameters: UnsafeMutablePointer<Float>,
        _ gradients: UnsafeMutablePointer<Float>, _ kept: MatrixView,
        _ statistics: UnsafeMutablePointer<Float>, _ workspace: Workspace, residual: MatrixView
    ) -> MatrixView {
        var gradient = residual
        let multiplier = configuration.residualMultiplier
        if multiplier != 1 {
            gradient = workspace.branch.matrix(rows: residual.rows, columns: residual.columns)
            gradient.base.update(repeating: 0, count: residual.rows * residual.columns)
            addRows(residual, scaledBy: multiplier, to: gradient)
        }
        guard let norm else { return gradient }
        // The forward pass that was made again stops before the norm.
        let unused = workspace.normed.matrix(rows: residual.rows, columns: residual.columns)
        norm.forward(parameters, kept, into: unused, statistics: statistics)
        let result = workspace.branchGradient.matrix(
            rows: residual.rows, columns: residual.columns)
        result.base.update(repeating: 0, count: residual.rows * residual.columns)
        norm.backward(
            parameters, gradients: gradients, kept, statistics: statistics, gradient: gradient,
            xGradient: result)
        return result
    }

    private func differentiateQueryKeyNorms(
        _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
        _ activations: BlockActivations, _ workspace: Workspace, _ qkvGradient: MatrixView
    ) {
        guard let queryNorm, let keyNorm else { return }
        let unnormed = activations.unnormed
        let result = workspace.unnormedGradient.matrix(
            rows: unnormed.rows, columns: unnormed.columns)
        result.base.update(repeating: 0, count: unnormed.rows * unnormed.columns)
        queryNorm.backward(
            parameters, gradients: gradients, unnormed.columns(queryColumns),
            statistics: activations.queryNorm, gradient: qkvGradient.columns(queryColumns),
            xGradient: result.columns(queryColumns))
        keyNorm.backward(
            parameters, gradients: gradients, unnormed.columns(keyColumns),
            statistics: activations.keyNorm, gradient: qkvGradient.columns(keyColumns),
            xGradient: result.columns(keyColumns))
        copy(result, into: qkvGradient.columns(rotatedColumns))
    }

    /// Adds the gradients of a part's first layers and of the norm before them, and to `residual` that of
    /// their input.
    private func inputBackward(
        _ layers: LinearGroup, _ norm: Norm?, _ parameters: UnsafeMutablePointer<Float>,
        _ gradients: UnsafeMutablePointer<Float>, _ input: MatrixView,
        _ statistics: UnsafeMutablePointer<Float>, _ workspace: Workspace, gradient: MatrixView,
        residual: MatrixView
    ) {
        guard let norm else {
            layers.backward(
                parameters, gradients: gradients, input, gradient: gradient, xGradient: residual,
                accumulating: true)
            return
        }
        let normedGradient = workspace.normedGradient.matrix(
            rows: residual.rows, columns: residual.columns)
        layers.backward(
            parameters, gradients: gradients,
            normed(norm, parameters, input, statistics, workspace), gradient: gradient,
            xGradient: normedGradient)
        norm.backward(
            parameters, gradients: gradients, input, statistics: statistics,
            gradient: normedGradient, xGradient: residual)
    }

    // MARK: Activation

    private func activate(_ input: MatrixView, into output: MatrixView) {
        let activation = configuration.activation
        guard configuration.isGated else {
            activationForward(
                activation, input.base, into: output.base, count: output.rows * output.columns)
            return
        }
        StageClock.measure(.pointwise) {
            Parallel.forEach(input.rows) { row in
                let line = input.base + row * input.stride
                gatedForward(
                    activation, gate: line, up: line + hiddenWidth,
                    into: output.base + row * output.stride, count: hiddenWidth)
            }
        }
    }

    /// The gradient of the function's input from that of its output; overwrites one of the two.
    private func activateBackward(_ input: MatrixView, _ gradient: MatrixView) -> MatrixView {
        let activation = configuration.activation
        guard configuration.isGated else {
            activationBackward(
                activation, input.base, gradient: gradient.base,
                count: gradient.rows * gradient.columns)
            return gradient
        }
        StageClock.measure(.pointwise) {
            Parallel.forEach(input.rows) { row in
                let line = input.base + row * input.stride
                gatedBackward(
                    activation, gate: line, up: line + hiddenWidth,
                    gradient: gradient.base + row * gradient.stride, count: hiddenWidth)
            }
        }
        return input
    }
}
