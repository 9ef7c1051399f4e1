import Kernels

// Legend: T rows, C channels, H heads, G key-value heads, d channels of a head, F feed-forward.

/// One block of a decoder: attention and feed-forward, each behind a norm and added to the residual
/// stream. Blocks hold offsets into a ``ParameterBuffer``, never memory.
protocol DecoderBlock {
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
        attend: (_ qkv: MatrixView, _ output: MatrixView) -> Void)

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
        attendBackward: (_ outputGradient: MatrixView, _ qkvGradient: MatrixView) -> Void)
}

/// What a block keeps of its forward pass. Norms and activation functions are cheap and computed
/// again in the backward pass.
final class BlockActivations {
    private let memory = FloatBuffer()
    /// The block's input, (T, C).
    private(set) var input: MatrixView
    /// Queries, keys and values after rotation, (T, (H + 2G)·d).
    private(set) var qkv: MatrixView
    /// Output of attention, (T, H·d).
    private(set) var attended: MatrixView
    /// Residual stream between attention and feed-forward, (T, C).
    private(set) var middle: MatrixView
    /// Inputs of the activation function: gate and up side by side (T, 2F), or (T, F).
    private(set) var feedForward: MatrixView
    /// Log-sum-exp of attention scores, (T, H).
    private(set) var logSumExp: UnsafeMutablePointer<Float>
    /// Statistics of the two norms, 2T floats each.
    private(set) var firstNorm: UnsafeMutablePointer<Float>
    private(set) var secondNorm: UnsafeMutablePointer<Float>

    init() {
        let base = memory.base
        let empty = MatrixView(base, rows: 0, columns: 0)
        input = empty
        qkv = empty
        attended = empty
        middle = empty
        feedForward = empty
        logSumExp = base
        firstNorm = base
        secondNorm = base
    }

    /// Floats that are kept of each row.
    static func floatsPerRow(_ c: DecoderConfiguration) -> Int {
        2 * c.width + c.packedWidth + c.queryWidth + c.activationInputWidth + c.headCount + 4
    }

    /// Makes room for `rows` rows.
    func reserve(rows: Int, configuration c: DecoderConfiguration) {
        // Room for rounding each of the eight parts up to a cache line.
        var next = memory.reserve(rows * Self.floatsPerRow(c) + 8 * 16)
        func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
            defer { next += (rows * columns + 15) & ~15 }
            return next
        }
        func matrix(_ columns: Int) -> MatrixView {
            MatrixView(take(columns), rows: rows, columns: columns)
        }
        input = matrix(c.width)
        qkv = matrix(c.packedWidth)
        attended = matrix(c.queryWidth)
        middle = matrix(c.width)
        feedForward = matrix(c.activationInputWidth)
        logSumExp = take(c.headCount)
        firstNorm = take(2)
        secondNorm = take(2)
    }
}

/// Memory that passes of all blocks share.
final class Workspace {
    /// Output of a norm, (T, C).
    let normed = FloatBuffer()
    /// Output of the activation function or its gradient, (T, F).
    let hidden = FloatBuffer()
    /// Output of the activation function in the backward pass, (T, F).
    let activated = FloatBuffer()
    /// Gradient of a norm's output, (T, C).
    let normedGradient = FloatBuffer()
    /// Gradient of attention's output, (T, H·d).
    let attendedGradient = FloatBuffer()
    /// Gradient of queries, keys and values, (T, (H + 2G)·d).
    let qkvGradient = FloatBuffer()
}
