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

    /// What says which token a row is of, where it stands and what it predicts.
    public func tokens(rows: Int) -> Int { 256 * rows }

    /// What one pass works with, whatever is kept of it.
    public func workspace(rows: Int) -> Int {
        let c = configuration
        // The residual stream and its gradient, targets before and behind the norm and their gradients.
        let perRow = 6 * c.width + Workspace.floatsPerRow(c)
        let logits = min(rows, VocabularyHead.rowLimit(vocabularySize: c.vocabularySize))
        // The parts that segments add to the gradients of keys and values.
        let partials = 2 * c.keyValueWidth * Attention.partialKeys(rows: rows)
        return Self.float * (rows * perRow + logits * (c.vocabularySize + 32) + partials)
    }

    /// What threads have for themselves: factors of products laid out, keys and scores of attention.
    ///
    /// - Parameter keys: of the longest sequence
    public func scratch(threads: Int, rows: Int, keys: Int) -> Int {
        let c = configuration
        let widest = max(
            c.vocabularySize, c.packedWidth, c.width, c.activationInputWidth, c.feedForwardWidth)
        // Sums over rows are cut into 32 ranges; norms have two sums.
        let reductions = Self.float * 2 * 32 * widest
        return threads
            * (ProductMemory.rightFactor
                + Attention.scratchBytes(keys: keys, headWidth: c.headWidth))
            + ProductMemory.leftFactor(rows: rows, widest: widest) + reductions
    }
}
