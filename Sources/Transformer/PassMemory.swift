import Kernels

/// How many bytes the passes of a model take besides its parameters and their gradients: upper bounds.
public struct PassMemory: Sendable {
    private let configuration: DecoderConfiguration

    /// The memory of passes of a model of this shape.
    public init(_ configuration: DecoderConfiguration) {
        self.configuration = configuration
    }

    private static let float = MemoryLayout<Float>.stride

    /// What every block keeps of a micro-batch.
    public func activations(blocks: Int, rows: Int) -> Int {
        Self.float * blocks * rows * BlockActivations.floatsPerRow(configuration)
    }

    /// The inputs of all blocks, and the gradient of the last one's output before and after the way down.
    public func inputs(rows: Int) -> Int {
        Self.float * rows * configuration.width * (configuration.layerCount + 2)
    }

    /// What one pass works with, whatever is kept of it.
    public func workspace(rows: Int) -> Int {
        let c = configuration
        // The residual stream and its gradient, targets before and behind the norm and their gradients,
        // output of a norm and its gradient; feed-forward twice; attention's gradients, and the parts
        // of them that segments add.
        let perRow = 8 * c.width + 2 * c.feedForwardWidth + 3 * c.packedWidth + c.queryWidth
        let logits = min(rows, VocabularyHead.rowLimit(vocabularySize: c.vocabularySize))
        return Self.float * (rows * perRow + logits * (c.vocabularySize + 32))
    }
}
