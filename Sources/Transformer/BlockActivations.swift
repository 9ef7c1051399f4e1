import Kernels

// Legend: T rows, C channels, H heads, G key-value heads, d channels of a head, F feed-forward.

/// What a block keeps of its forward pass. Norms before a part and activation functions are cheap and
/// computed again in the backward pass.
final class BlockActivations {
    private let memory = FloatBuffer()
    /// The block's input, (T, C).
    private(set) var input: MatrixView
    /// Queries, keys and values after rotation, (T, (H + 2G)·d).
    private(set) var qkv: MatrixView
    /// Queries and keys before their norms, (T, (H + G)·d); empty if they have none.
    private(set) var unnormed: MatrixView
    /// Output of attention, (T, H·d).
    private(set) var attended: MatrixView
    /// What is added to the residual stream behind attention, before its norm, (T, C); empty without.
    private(set) var attentionOutput: MatrixView
    /// Residual stream between attention and feed-forward, (T, C).
    private(set) var middle: MatrixView
    /// Inputs of the activation function: gate and up side by side (T, 2F), or (T, F).
    private(set) var feedForward: MatrixView
    /// What is added behind feed-forward, before its norm, (T, C); empty without.
    private(set) var feedForwardOutput: MatrixView
    /// Log-sum-exp of attention scores, (T, H).
    private(set) var logSumExp: UnsafeMutablePointer<Float>
    /// Statistics of the norms before and behind the two parts, 2T floats each.
    private(set) var firstNorm: UnsafeMutablePointer<Float>
    private(set) var secondNorm: UnsafeMutablePointer<Float>
    private(set) var firstOutputNorm: UnsafeMutablePointer<Float>
    private(set) var secondOutputNorm: UnsafeMutablePointer<Float>
    /// Statistics of the norms of queries (T, H) and keys (T, G).
    private(set) var queryNorm: UnsafeMutablePointer<Float>
    private(set) var keyNorm: UnsafeMutablePointer<Float>

    init() {
        let base = memory.base
        let empty = MatrixView(base, rows: 0, columns: 0)
        (input, qkv, unnormed, attended) = (empty, empty, empty, empty)
        (attentionOutput, middle, feedForward, feedForwardOutput) = (empty, empty, empty, empty)
        (logSumExp, queryNorm, keyNorm) = (base, base, base)
        (firstNorm, secondNorm, firstOutputNorm, secondOutputNorm) = (base, base, base, base)
    }

    /// Floats of a row in each part, in the order of the initialiser's properties.
    private struct Widths {
        let unnormed: Int
        let output: Int
        let queryNorm: Int
        let keyNorm: Int
        let total: Int

        init(_ c: DecoderConfiguration) {
            let hasNorm = c.queryKeyNorm != .none
            unnormed = hasNorm ? c.rotatedWidth : 0
            queryNorm = hasNorm ? c.headCount : 0
            keyNorm = hasNorm ? c.keyValueHeadCount : 0
            output = c.normsOutputs ? c.width : 0
            total =
                2 * c.width + c.packedWidth + c.queryWidth + c.activationInputWidth + c.headCount
                + 4 + unnormed + queryNorm + keyNorm + (c.normsOutputs ? 2 * output + 4 : 0)
        }
    }

    /// Floats that are kept of each row.
    static func floatsPerRow(_ c: DecoderConfiguration) -> Int { Widths(c).total }

    /// Makes room for `rows` rows.
    func reserve(rows: Int, configuration c: DecoderConfiguration) {
        let widths = Widths(c)
        // Room for rounding each of the fifteen parts up to a cache line.
        var next = memory.reserve(rows * widths.total + 15 * 16)
        func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
            defer { next += (rows * columns + 15) & ~15 }
            return next
        }
        func matrix(_ columns: Int) -> MatrixView {
            MatrixView(take(columns), rows: rows, columns: columns)
        }
        input = matrix(c.width)
        qkv = matrix(c.packedWidth)
        unnormed = matrix(widths.unnormed)
        attended = matrix(c.queryWidth)
        attentionOutput = matrix(widths.output)
        middle = matrix(c.width)
        feedForward = matrix(c.activationInputWidth)
        feedForwardOutput = matrix(widths.output)
        logSumExp = take(c.headCount)
        firstNorm = take(2)
        secondNorm = take(2)
        firstOutputNorm = take(c.normsOutputs ? 2 : 0)
        secondOutputNorm = take(c.normsOutputs ? 2 : 0)
        queryNorm = take(widths.queryNorm)
        keyNorm = take(widths.keyNorm)
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
    /// What a part adds to the residual stream, or its gradient before the norm behind it, (T, C).
    let branch = FloatBuffer()
    /// Gradient of a part's output, (T, C).
    let branchGradient = FloatBuffer()
    /// Gradient of a norm's output, (T, C).
    let normedGradient = FloatBuffer()
    /// Gradient of attention's output, (T, H·d).
    let attendedGradient = FloatBuffer()
    /// Gradient of queries, keys and values, (T, (H + 2G)·d).
    let qkvGradient = FloatBuffer()
    /// Gradient of queries and keys before their norms, (T, (H + G)·d).
    let unnormedGradient = FloatBuffer()

    /// Floats of a row in all of it.
    static func floatsPerRow(_ c: DecoderConfiguration) -> Int {
        let branches = c.normsOutputs || c.residualMultiplier != 1 ? 2 * c.width : 0
        return 2 * c.width + 2 * c.feedForwardWidth + c.packedWidth + c.queryWidth + branches
            + (c.queryKeyNorm == .none ? 0 : c.rotatedWidth)
    }
}
