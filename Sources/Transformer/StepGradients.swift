import Kernels

/// When the backward pass of a micro-batch is made, and from what.
public enum BackwardMethod: Sendable, Hashable {
    /// At once, from the activations that every block kept.
    case kept
    /// At once; blocks keep their inputs alone and compute the rest again: the same bits.
    case recomputed
    /// Not before ``Decoder/backwardBlocks(_:onBlock:)``, block by block for all micro-batches of the
    /// step, so that the gradients of no more than one block exist at a time.
    case deferred
}

/// The gradients of one optimizer step, and what is left to do for them.
public final class StepGradients {
    /// The gradients so far, laid out as the parameters.
    public let buffer: ParameterBuffer
    /// When the backward passes are made.
    public let method: BackwardMethod
    /// The micro-batches whose backward pass is left to do.
    var pending: ArraySlice<PendingBatch> { batches[..<pendingCount] }
    private var batches: [PendingBatch] = []
    private var pendingCount = 0

    /// Gradients that are added to those in a buffer.
    public init(_ buffer: ParameterBuffer, method: BackwardMethod = .kept) {
        self.buffer = buffer
        self.method = method
    }

    /// Zero gradients for so many parameters.
    public convenience init(count: Int, method: BackwardMethod) {
        self.init(ParameterBuffer(count: count, isSparse: method == .deferred), method: method)
    }

    /// Forgets everything.
    public func reset() {
        pendingCount = 0
        if method == .deferred {
            // Micro-batches of the next step may be large where these were small.
            batches = []
            buffer.discard(0..<buffer.count)
        } else {
            buffer.zero()
        }
    }

    /// Room for another micro-batch.
    func append(_ batch: PackedBatch, _ configuration: DecoderConfiguration) -> PendingBatch {
        if pendingCount == batches.count { batches.append(PendingBatch()) }
        let pending = batches[pendingCount]
        pendingCount += 1
        pending.begin(batch, configuration)
        return pending
    }

    /// Forgets the last micro-batch: its backward pass is made.
    func removeLast() { pendingCount -= 1 }
}

/// A micro-batch between its forward and its backward pass.
final class PendingBatch {
    private(set) var batch = PackedBatch([])
    private let inputMemory = FloatBuffer()
    private let gradientMemory = FloatBuffer()
    private var width = 0

    func begin(_ batch: PackedBatch, _ configuration: DecoderConfiguration) {
        self.batch = batch
        width = configuration.width
        inputMemory.reserve(configuration.layerCount * batch.rowCount * width)
        gradientMemory.reserve(batch.rowCount * width)
    }

    /// The input of a block, (T, C).
    func input(_ layer: Int) -> MatrixView {
        let rows = batch.rowCount
        return MatrixView(
            inputMemory.base + layer * rows * width, rows: rows, columns: width)
    }

    /// The gradient of the last block's output, (T, C).
    var outputGradient: MatrixView {
        MatrixView(gradientMemory.base, rows: batch.rowCount, columns: width)
    }

    /// The gradient of the residual stream on its way down, (T, C).
    let residual = FloatBuffer()
}
