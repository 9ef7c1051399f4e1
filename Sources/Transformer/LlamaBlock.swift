import Kernels

/// A block of Llama (Touvron et al. 2023): RMSNorm, rotary positions, SwiGLU, no biases.
struct LlamaBlock: DecoderBlock {
    let configuration: DecoderConfiguration
    let rotary: RotaryEmbedding
    let attentionNorm: Int
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let feedForwardNorm: Int
    let gate: Linear
    let up: Linear
    let down: Linear

    init(_ configuration: DecoderConfiguration, _ layers: LinearLayers, layer: Int) {
        let layout = layers.layout
        func linear(_ name: String) -> Linear {
            layers.layer(
                "model.layers.\(layer).\(name)", storage: .outputByInput, hasBias: false)
        }
        self.configuration = configuration
        rotary = RotaryEmbedding(
            headWidth: configuration.headWidth, theta: configuration.ropeTheta)
        attentionNorm = layout.offset("model.layers.\(layer).input_layernorm.weight")
        query = linear("self_attn.q_proj")
        key = linear("self_attn.k_proj")
        value = linear("self_attn.v_proj")
        output = linear("self_attn.o_proj")
        feedForwardNorm = layout.offset("model.layers.\(layer).post_attention_layernorm.weight")
        gate = linear("mlp.gate_proj")
        up = linear("mlp.up_proj")
        down = linear("mlp.down_proj")
    }

    private var queryColumns: Range<Int> { 0..<query.outputWidth }
    private var keyColumns: Range<Int> {
        query.outputWidth..<query.outputWidth + key.outputWidth
    }
    private var valueColumns: Range<Int> {
        keyColumns.upperBound..<keyColumns.upperBound + value.outputWidth
    }
    private var gateColumns: Range<Int> { 0..<gate.outputWidth }
    private var upColumns: Range<Int> { gate.outputWidth..<2 * gate.outputWidth }

    func forward(
        _ parameters: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>,
        activations: BlockActivations, workspace: Workspace, output: MatrixView,
        attend: (MatrixView, MatrixView) -> Void
    ) {
        let input = activations.input
        let qkv = activations.qkv
        let normed = workspace.normed.matrix(rows: input.rows, columns: input.columns)
        rmsNormForward(
            input, weight: parameters + attentionNorm, epsilon: configuration.normEpsilon,
            into: normed, inverseRMS: activations.firstNorm)
        query.forward(parameters, normed, into: qkv.columns(queryColumns))
        key.forward(parameters, normed, into: qkv.columns(keyColumns))
        value.forward(parameters, normed, into: qkv.columns(valueColumns))
        rotary.rotate(
            qkv.columns(queryColumns.lowerBound..<keyColumns.upperBound), positions: positions)
        attend(qkv, activations.attended)
        let middle = activations.middle
        copy(input, into: middle)
        self.output.forward(parameters, activations.attended, into: middle, accumulating: true)

        rmsNormForward(
            middle, weight: parameters + feedForwardNorm, epsilon: configuration.normEpsilon,
            into: normed, inverseRMS: activations.secondNorm)
        gate.forward(parameters, normed, into: activations.feedForward.columns(gateColumns))
        up.forward(parameters, normed, into: activations.feedForward.columns(upColumns))
        let hidden = workspace.hidden.matrix(rows: input.rows, columns: gate.outputWidth)
        activate(activations.feedForward, into: hidden)
        copy(middle, into: output)
        down.forward(parameters, hidden, into: output, accumulating: true)
    }

    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        positions: UnsafePointer<Int32>, activations: BlockActivations, workspace: Workspace,
        residual: MatrixView, attendBackward: (MatrixView, MatrixView) -> Void
    ) {
        let rows = residual.rows
        let normed = workspace.normed.matrix(rows: rows, columns: residual.columns)
        let normedGradient = workspace.normedGradient.matrix(rows: rows, columns: residual.columns)
        feedForwardBackward(
            parameters, gradients: gradients, activations: activations, workspace: workspace,
            residual: residual)

        output.parameterGradients(gradients, activations.attended, gradient: residual)
        let attendedGradient = workspace.attendedGradient.matrix(
            rows: rows, columns: query.outputWidth)
        output.inputGradient(parameters, gradient: residual, xGradient: attendedGradient)
        let qkvGradient = workspace.qkvGradient.matrix(
            rows: rows, columns: activations.qkv.columns)
        attendBackward(attendedGradient, qkvGradient)
        rotary.rotate(
            qkvGradient.columns(queryColumns.lowerBound..<keyColumns.upperBound),
            positions: positions, inverse: true)
        rmsNormForward(
            activations.input, weight: parameters + attentionNorm,
            epsilon: configuration.normEpsilon, into: normed, inverseRMS: activations.firstNorm)
        query.backward(
            parameters, gradients: gradients, normed,
            gradient: qkvGradient.columns(queryColumns), xGradient: normedGradient)
        key.backward(
            parameters, gradients: gradients, normed, gradient: qkvGradient.columns(keyColumns),
            xGradient: normedGradient, accumulating: true)
        value.backward(
            parameters, gradients: gradients, normed, gradient: qkvGradient.columns(valueColumns),
            xGradient: normedGradient, accumulating: true)
        rmsNormBackward(
            activations.input, weight: parameters + attentionNorm,
            inverseRMS: activations.firstNorm, gradient: normedGradient, xGradient: residual,
            weightGradient: gradients + attentionNorm)
    }

    private func feedForwardBackward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        activations: BlockActivations, workspace: Workspace, residual: MatrixView
    ) {
        let rows = residual.rows
        let normed = workspace.normed.matrix(rows: rows, columns: residual.columns)
        let normedGradient = workspace.normedGradient.matrix(rows: rows, columns: residual.columns)
        let activated = workspace.activated.matrix(rows: rows, columns: gate.outputWidth)
        activate(activations.feedForward, into: activated)
        down.parameterGradients(gradients, activated, gradient: residual)
        let hiddenGradient = workspace.hidden.matrix(rows: rows, columns: gate.outputWidth)
        down.inputGradient(parameters, gradient: residual, xGradient: hiddenGradient)
        StageClock.measure(.pointwise) {
            Parallel.forEach(rows) { row in
                let line = activations.feedForward.base + row * activations.feedForward.stride
                swigluBackward(
                    gate: line, up: line + gate.outputWidth,
                    gradient: hiddenGradient.base + row * hiddenGradient.stride,
                    count: gate.outputWidth)
            }
        }
        rmsNormForward(
            activations.middle, weight: parameters + feedForwardNorm,
            epsilon: configuration.normEpsilon, into: normed, inverseRMS: activations.secondNorm)
        gate.backward(
            parameters, gradients: gradients, normed,
            gradient: activations.feedForward.columns(gateColumns), xGradient: normedGradient)
        up.backward(
            parameters, gradients: gradients, normed,
            gradient: activations.feedForward.columns(upColumns), xGradient: normedGradient,
            accumulating: true)
        rmsNormBackward(
            activations.middle, weight: parameters + feedForwardNorm,
            inverseRMS: activations.secondNorm, gradient: normedGradient, xGradient: residual,
            weightGradient: gradients + feedForwardNorm)
    }

    private func activate(_ gateAndUp: MatrixView, into output: MatrixView) {
        StageClock.measure(.pointwise) {
            Parallel.forEach(gateAndUp.rows) { row in
                let line = gateAndUp.base + row * gateAndUp.stride
                swigluForward(
                    gate: line, up: line + gate.outputWidth,
                    into: output.base + row * output.stride, count: gate.outputWidth)
            }
        }
    }
}
