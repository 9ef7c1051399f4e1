import Kernels

/// A block of Llama (Touvron et al. 2023): RMSNorm, rotary positions, SwiGLU, no biases.
struct LlamaBlock: DecoderBlock {
    let configuration: DecoderConfiguration
    let rotary: RotaryEmbedding
    let attentionNorm: Int
    let queryKeyValue: LinearGroup
    let output: Linear
    let feedForwardNorm: Int
    let gateUp: LinearGroup
    let down: Linear

    init(_ configuration: DecoderConfiguration, _ layers: LinearLayers, layer: Int) {
        let layout = layers.layout
        let prefix = "model.layers.\(layer)."
        func linear(_ name: String) -> Linear {
            layers.layer(prefix + name, storage: .outputByInput, hasBias: false)
        }
        func group(_ names: [String]) -> LinearGroup {
            layers.group(names.map { prefix + $0 }, storage: .outputByInput)
        }
        self.configuration = configuration
        rotary = RotaryEmbedding(
            headWidth: configuration.headWidth, theta: configuration.ropeTheta,
            scale: configuration.ropeScale)
        attentionNorm = layout.offset("model.layers.\(layer).input_layernorm.weight")
        queryKeyValue = group(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"])
        output = linear("self_attn.o_proj")
        feedForwardNorm = layout.offset("model.layers.\(layer).post_attention_layernorm.weight")
        gateUp = group(["mlp.gate_proj", "mlp.up_proj"])
        down = linear("mlp.down_proj")
    }

    /// Queries and keys, which are rotated.
    private var rotatedColumns: Range<Int> { queryKeyValue.columns(0..<2) }
    private var hiddenWidth: Int { configuration.feedForwardWidth }

    func forward(
        _ parameters: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>,
        activations: BlockActivations, workspace: Workspace, output: MatrixView?,
        attend: (MatrixView, MatrixView) -> Void
    ) {
        let input = activations.input
        let qkv = activations.qkv
        let normed = workspace.normed.matrix(rows: input.rows, columns: input.columns)
        rmsNormForward(
            input, weight: parameters + attentionNorm, epsilon: configuration.normEpsilon,
            into: normed, inverseRMS: activations.firstNorm)
        queryKeyValue.forward(parameters, normed, into: qkv)
        rotary.rotate(qkv.columns(rotatedColumns), positions: positions)
        attend(qkv, activations.attended)
        let middle = activations.middle
        copy(input, into: middle)
        self.output.forward(parameters, activations.attended, into: middle, accumulating: true)

        rmsNormForward(
            middle, weight: parameters + feedForwardNorm, epsilon: configuration.normEpsilon,
            into: normed, inverseRMS: activations.secondNorm)
        gateUp.forward(parameters, normed, into: activations.feedForward)
        guard let output else { return }
        let hidden = workspace.hidden.matrix(rows: input.rows, columns: hiddenWidth)
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
            rows: rows, columns: configuration.queryWidth)
        output.inputGradient(parameters, gradient: residual, xGradient: attendedGradient)
        let qkvGradient = workspace.qkvGradient.matrix(
            rows: rows, columns: activations.qkv.columns)
        attendBackward(attendedGradient, qkvGradient)
        rotary.rotate(
            qkvGradient.columns(rotatedColumns), positions: positions, inverse: true)
        rmsNormForward(
            activations.input, weight: parameters + attentionNorm,
            epsilon: configuration.normEpsilon, into: normed, inverseRMS: activations.firstNorm)
        queryKeyValue.backward(
            parameters, gradients: gradients, normed, gradient: qkvGradient,
            xGradient: normedGradient)
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
        let activated = workspace.activated.matrix(rows: rows, columns: hiddenWidth)
        activate(activations.feedForward, into: activated)
        down.parameterGradients(gradients, activated, gradient: residual)
        let hiddenGradient = workspace.hidden.matrix(rows: rows, columns: hiddenWidth)
        down.inputGradient(parameters, gradient: residual, xGradient: hiddenGradient)
        StageClock.measure(.pointwise) {
            Parallel.forEach(rows) { row in
                let line = activations.feedForward.base + row * activations.feedForward.stride
                swigluBackward(
                    gate: line, up: line + hiddenWidth,
                    gradient: hiddenGradient.base + row * hiddenGradient.stride,
                    count: hiddenWidth)
            }
        }
        rmsNormForward(
            activations.middle, weight: parameters + feedForwardNorm,
            epsilon: configuration.normEpsilon, into: normed, inverseRMS: activations.secondNorm)
        gateUp.backward(
            parameters, gradients: gradients, normed, gradient: activations.feedForward,
            xGradient: normedGradient)
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
                    gate: line, up: line + hiddenWidth,
                    into: output.base + row * output.stride, count: hiddenWidth)
            }
        }
    }
}
