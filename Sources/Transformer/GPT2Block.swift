import Kernels

/// A block of GPT-2 (Radford et al. 2019): LayerNorm, GELU in its tanh form, biases.
struct GPT2Block: DecoderBlock {
    let configuration: DecoderConfiguration
    let attentionNorm: (weight: Int, bias: Int)
    let queryKeyValue: Linear
    let output: Linear
    let feedForwardNorm: (weight: Int, bias: Int)
    let expand: Linear
    let contract: Linear

    init(_ configuration: DecoderConfiguration, _ layers: LinearLayers, layer: Int) {
        let layout = layers.layout
        let prefix = "transformer.h.\(layer)."
        func linear(_ name: String) -> Linear {
            layers.layer(prefix + name, storage: .inputByOutput, hasBias: true)
        }
        self.configuration = configuration
        attentionNorm = (
            layout.offset(prefix + "ln_1.weight"), layout.offset(prefix + "ln_1.bias")
        )
        queryKeyValue = linear("attn.c_attn")
        output = linear("attn.c_proj")
        feedForwardNorm = (
            layout.offset(prefix + "ln_2.weight"), layout.offset(prefix + "ln_2.bias")
        )
        expand = linear("mlp.c_fc")
        contract = linear("mlp.c_proj")
    }

    func forward(
        _ parameters: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>,
        activations: BlockActivations, workspace: Workspace, output: MatrixView?,
        attend: (MatrixView, MatrixView) -> Void
    ) {
        let input = activations.input
        let normed = workspace.normed.matrix(rows: input.rows, columns: input.columns)
        normalize(input, attentionNorm, parameters, into: normed, activations.firstNorm)
        queryKeyValue.forward(parameters, normed, into: activations.qkv)
        attend(activations.qkv, activations.attended)
        let middle = activations.middle
        copy(input, into: middle)
        self.output.forward(parameters, activations.attended, into: middle, accumulating: true)

        normalize(middle, feedForwardNorm, parameters, into: normed, activations.secondNorm)
        expand.forward(parameters, normed, into: activations.feedForward)
        guard let output else { return }
        let hidden = workspace.hidden.matrix(rows: input.rows, columns: expand.outputWidth)
        geluTanhForward(
            activations.feedForward.base, into: hidden.base, count: hidden.rows * hidden.columns)
        copy(middle, into: output)
        contract.forward(parameters, hidden, into: output, accumulating: true)
    }

    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        positions: UnsafePointer<Int32>, activations: BlockActivations, workspace: Workspace,
        residual: MatrixView, attendBackward: (MatrixView, MatrixView) -> Void
    ) {
        let rows = residual.rows
        let normed = workspace.normed.matrix(rows: rows, columns: residual.columns)
        let normedGradient = workspace.normedGradient.matrix(rows: rows, columns: residual.columns)
        let elements = rows * expand.outputWidth

        let activated = workspace.activated.matrix(rows: rows, columns: expand.outputWidth)
        geluTanhForward(activations.feedForward.base, into: activated.base, count: elements)
        contract.parameterGradients(gradients, activated, gradient: residual)
        let hiddenGradient = workspace.hidden.matrix(rows: rows, columns: expand.outputWidth)
        contract.inputGradient(parameters, gradient: residual, xGradient: hiddenGradient)
        geluTanhBackward(
            activations.feedForward.base, gradient: hiddenGradient.base, count: elements)
        normalize(
            activations.middle, feedForwardNorm, parameters, into: normed, activations.secondNorm)
        expand.backward(
            parameters, gradients: gradients, normed, gradient: hiddenGradient,
            xGradient: normedGradient)
        layerNormBackward(
            activations.middle, weight: parameters + feedForwardNorm.weight,
            statistics: activations.secondNorm, gradient: normedGradient, xGradient: residual,
            weightGradient: gradients + feedForwardNorm.weight,
            biasGradient: gradients + feedForwardNorm.bias)

        let attendedGradient = workspace.attendedGradient.matrix(
            rows: rows, columns: output.inputWidth)
        output.backward(
            parameters, gradients: gradients, activations.attended, gradient: residual,
            xGradient: attendedGradient)
        let qkvGradient = workspace.qkvGradient.matrix(
            rows: rows, columns: activations.qkv.columns)
        attendBackward(attendedGradient, qkvGradient)
        normalize(
            activations.input, attentionNorm, parameters, into: normed, activations.firstNorm)
        queryKeyValue.backward(
            parameters, gradients: gradients, normed, gradient: qkvGradient,
            xGradient: normedGradient)
        layerNormBackward(
            activations.input, weight: parameters + attentionNorm.weight,
            statistics: activations.firstNorm, gradient: normedGradient, xGradient: residual,
            weightGradient: gradients + attentionNorm.weight,
            biasGradient: gradients + attentionNorm.bias)
    }

    private func normalize(
        _ x: MatrixView, _ norm: (weight: Int, bias: Int),
        _ parameters: UnsafeMutablePointer<Float>, into y: MatrixView,
        _ statistics: UnsafeMutablePointer<Float>
    ) {
        layerNormForward(
            x, weight: parameters + norm.weight, bias: parameters + norm.bias,
            epsilon: configuration.normEpsilon, into: y, statistics: statistics)
    }
}
