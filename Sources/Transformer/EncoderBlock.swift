import Kernels

// Legend: T rows, C channels, F feed-forward.

/// A block of BERT (Devlin et al. 2019): attention and feed-forward, each added to its input and
/// normed afterwards; GELU in its exact form. Keeps a copy of its matrices, packed for the product.
struct EncoderBlock {
    let queryKeyValue: PackedLayer
    let attentionOutput: PackedLayer
    let attentionNorm: EncoderNorm
    let expand: PackedLayer
    let contract: PackedLayer
    let outputNorm: EncoderNorm

    init(
        _ c: EncoderConfiguration, _ layout: EncoderLayout, _ packing: WeightPacking,
        layer: Int, precision: MatrixPrecision
    ) {
        let prefix = EncoderLayout.prefix(ofLayer: layer)
        /// The layer whose parameters begin with those of `name`.
        func linear(_ name: String, from input: Int, to output: Int) -> PackedLayer {
            packing.pack(
                [
                    MatrixView(
                        packing.source.base + layout.offset(prefix + name + ".weight"),
                        rows: output, columns: input)
                ],
                .transposed, bias: packing.source.base + layout.offset(prefix + name + ".bias"),
                precision: precision)
        }
        func norm(_ name: String) -> EncoderNorm {
            EncoderNorm(layout, prefix + name, epsilon: c.normEpsilon)
        }
        queryKeyValue = linear("attention.self.query", from: c.width, to: 3 * c.width)
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
        queryKeyValue.forward(x, into: qkv)
        let attended = workspace.attended.matrix(rows: x.rows, columns: x.columns)
        attend(qkv, attended)
        attentionOutput.forward(attended, into: x, .accumulate)
        attentionNorm.forward(parameters, x, workspace)
        let hidden = workspace.hidden.matrix(rows: x.rows, columns: expand.outputWidth)
        expand.forward(x, into: hidden, .geluErf)
        contract.forward(hidden, into: x, .accumulate)
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
