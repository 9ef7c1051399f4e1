import Kernels

// Legend: T rows, C channels, R rows that predict something.

/// The memory of a decoder's passes. It grows with them, and between passes holds nothing that is needed.
final class DecoderMemory {
    /// What all blocks share.
    let workspace = Workspace()
    /// The residual stream behind the last block, (T, C).
    let output = FloatBuffer()
    /// The gradient of the residual stream, (T, C).
    let residualGradient = FloatBuffer()
    /// Input of the final norm, (R, C), and its statistics.
    let targetInput = FloatBuffer()
    let targetStatistics = FloatBuffer()
    /// Output of the final norm, (R, C).
    let targetHidden = FloatBuffer()
    /// Gradients of the final norm's output and input, (R, C).
    let hiddenGradient = FloatBuffer()
    let targetInputGradient = FloatBuffer()
    /// Logits of as many rows as the head takes at once.
    let logits = FloatBuffer()
    private(set) var activations: [BlockActivations] = []

    /// Room for the activations of `count` blocks.
    func reserveActivations(_ count: Int, rows: Int, _ configuration: DecoderConfiguration) {
        while activations.count < count { activations.append(BlockActivations()) }
        for block in activations.prefix(count) {
            block.reserve(rows: rows, configuration: configuration)
        }
    }
}
