import Kernels

// Legend: T rows, C channels, F feed-forward.

/// A block of BERT (Devlin et al. 2019): attention and feed-forward, each added to its input and
/// normed afterwards; GELU in its exact form. Holds offsets into the parameters.
struct EncoderBlock: Sendable {
    let queryKeyValue: Linear
    let attentionOutput: Linear
    let attentionNorm: EncoderNorm
    let expand: Linear
    let contract: Linear
    let outputNorm: EncoderNorm

    init(_ c: EncoderConfiguration, _ layout: EncoderLayout, layer: Int) {
        let prefix = EncoderLayout.prefix(ofLayer: layer)
        func linear(_ name: String, from input: Int, to output: Int) -> Linear {
            Linear(
                inputWidth: input, outputWidth: output,
                weight: layout.offset(prefix + name + ".weight"),
                bias: layout.offset(prefix + name + ".bias"))
        }
        func norm(_ name: String) -> EncoderNorm {
            EncoderNorm(layout, prefix + name, epsilon: c.normEpsilon)
        }
        queryKeyValue = Linear(
            inputWidth: c.width, outputWidth: 3 * c.width,
            weight: layout.offset(prefix + "attention.self.query.weight"),
            bias: layout.offset(prefix + "attention.self.query.bias"))
        attentionOutput = linear("attention.output.dense", from: c.width, to: c.width)
        attentionNorm = norm("attention.output.LayerNorm")
        expand = linear("intermediate.dense", from: c.width, to: c.feedForwardWidth)
        contract = linear("output.dense", from: c.feedForwardWidth, to: c.width)
        outputNorm = norm("output.LayerNorm")
    }

    /// Replaces the block's input by its output.
    ///
    /// - Parameters:
    ///   - x: (T, C)
    ///   - attend: computes attention from queries, keys, values (T, 3C) into (T, C)
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, workspace: EncoderWorkspace,
        attend: (_ qkv: MatrixView, _ output: MatrixView) -> Void
    ) {
        let qkv = workspace.qkv.matrix(rows: x.rows, columns: 3 * x.columns)
        queryKeyValue.forward(parameters, x, into: qkv)
        let attended = workspace.attended.matrix(rows: x.rows, columns: x.columns)
        attend(qkv, attended)
        attentionOutput.forward(parameters, attended, into: x, accumulating: true)
        attentionNorm.forward(parameters, x, workspace)
        let hidden = workspace.hidden.matrix(rows: x.rows, columns: expand.outputWidth)
        expand.forward(parameters, x, into: hidden)
        geluErfInPlace(hidden.base, count: hidden.rows * hidden.columns)
        contract.forward(parameters, hidden, into: x, accumulating: true)
        outputNorm.forward(parameters, x, workspace)
    }
}

/// A LayerNorm of an encoder.
struct EncoderNorm: Sendable {
    private let weight: Int
    private let bias: Int
    private let epsilon: Float

    init(_ layout: EncoderLayout, _ name: String, epsilon: Float) {
        weight = layout.offset(name + ".weight")
        bias = layout.offset(name + ".bias")
        self.epsilon = epsilon
    }

    /// Norms the rows of `x` (T, C) in place.
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, _ workspace: EncoderWorkspace
    ) {
        layerNormForward(
            x, weight: parameters + weight, bias: parameters + bias, epsilon: epsilon, into: x,
            statistics: workspace.statistics.reserve(2 * x.rows))
    }
}

/// Memory that the blocks of an encoder share.
final class EncoderWorkspace {
    /// Queries, keys and values, (T, 3C).
    let qkv = FloatBuffer()
    /// Output of attention, (T, C).
    let attended = FloatBuffer()
    /// Output of the activation function, (T, F).
    let hidden = FloatBuffer()
    /// Statistics of a norm, (T, 2).
    let statistics = FloatBuffer()
}

extension Linear {
    /// A layer whose weight is stored (out, in) from `weight` on and whose bias lies at `bias`.
    init(inputWidth: Int, outputWidth: Int, weight: Int, bias: Int) {
        self.inputWidth = inputWidth
        self.outputWidth = outputWidth
        self.weight = weight
        self.bias = bias
        storage = .outputByInput
    }
}
