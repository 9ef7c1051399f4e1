import CProduct

// Legend: T rows, I inputs, O outputs.

/// The weights of a linear layer y = x·Wᵀ + b rounded to eight bits, each output with a scale of its
/// own: for inference.
///
/// Inputs are rounded to eight bits too, each 64 of a row with a scale of their own; the products of
/// such a block are summed exactly, blocks in 32-bit floats. As with ``PackedWeights`` a row of the
/// result depends on its input row alone, to the bit. An input or weight that is infinite or no number
/// makes every result that it takes part in no number.
public final class QuantizedWeights {
    /// I.
    public let inputWidth: Int
    /// O.
    public let outputWidth: Int

    /// Panels of 32 outputs, each (quads of I, 32, 4), what is beyond I or O filled up with zeros.
    /// Zero is 128: the product takes unsigned bytes here.
    private let panels: UnsafeMutablePointer<UInt8>
    /// What the products of each output are multiplied by; as long as the panels are wide, as is:
    private let scales: UnsafeMutablePointer<Float>
    private let bias: UnsafeMutablePointer<Float>?
    private let panelCount: Int
    private let arena: PageArena

    /// Rounds a layer's weights, or those of several with the same input, whose outputs then lie side
    /// by side.
    ///
    /// - Parameters:
    ///   - weights: (O, I), or (I, O) if `transposition` is ``Transposition/none``; outputs of each but
    ///     the last as ``PackedWeights/canStack(_:)`` wants them
    ///   - bias: (O) of all outputs
    ///   - arena: where the copy goes
    public init(
        _ weights: [MatrixView], _ transposition: Transposition,
        bias: UnsafePointer<Float>? = nil, in arena: PageArena = PageArena()
    ) {
        let isTransposed = transposition == .transposed
        let widths = weights.map { isTransposed ? $0.rows : $0.columns }
        precondition(PackedWeights.canStack(widths), "layers that cannot be stacked")
        self.arena = arena
        inputWidth = weights.first.map { isTransposed ? $0.columns : $0.rows } ?? 0
        outputWidth = widths.reduce(0, +)
        let width = ProductTile.columns
        let (inputs, outputs) = (inputWidth, outputWidth)
        let panelCount = (outputs + width - 1) / width
        self.panelCount = panelCount
        let panelSize = quads(inputs) * 4 * width
        panels = arena.allocate(panelCount * panelSize, of: UInt8.self)
        scales = arena.allocate(panelCount * width, of: Float.self)
        let (panels, scales) = (panels, scales)
        self.bias = bias.map {
            let copy = arena.allocate(panelCount * width, of: Float.self)
            copy.update(repeating: 0, count: panelCount * width)
            copy.update(from: $0, count: outputs)
            return copy
        }
        var first = 0
        for (weight, outputs) in zip(weights, widths) {
            let factor = ProductFactor(matrix: weight, innerIsColumn: isTransposed)
            let start = first
            Parallel.forEach((outputs + width - 1) / width) { panel in
                quantize(
                    factor, panel * width..<min((panel + 1) * width, outputs), inputs: inputs,
                    into: panels + (start / width + panel) * panelSize,
                    scales: scales + start + panel * width)
            }
            first += outputs
        }
    }

    /// Computes y from x.
    ///
    /// - Parameters:
    ///   - x: (T, I)
    ///   - y: (T, O)
    public func forward(_ x: MatrixView, into y: MatrixView, _ epilogue: LinearEpilogue = .none) {
        precondition(x.columns == inputWidth && y.columns == outputWidth && x.rows == y.rows)
        let left = QuantizedRows(x)
        let width = ProductTile.columns
        let quads = Kernels.quads(inputWidth)
        let size = quads * 4 * width
        let blocks = InferenceBlocks(rows: x.rows, panels: panelCount)
        Parallel.forEach(blocks.count) { task in
            let (rows, taskPanels) = blocks.block(task)
            withSums { sums in
                for panel in taskPanels {
                    let memory = panels + panel * size
                    let next = blocks.next(after: panel)
                    let ahead = next < panelCount ? panels + next * size : memory
                    for row in stride(
                        from: rows.lowerBound, to: rows.upperBound, by: ProductTile.rows)
                    {
                        left.multiplyTile(
                            row, memory, quads: quads,
                            ahead: row == rows.lowerBound ? ahead : memory, into: sums)
                        for offset in 0..<min(ProductTile.rows, x.rows - row) {
                            let line = sums + offset * width
                            line.store(line.vector(at: 0) * scale(panel, 0), at: 0)
                            line.store(line.vector(at: 16) * scale(panel, 16), at: 16)
                        }
                        storeTile(
                            sums, into: y, row: row, column: panel * width,
                            accumulating: epilogue == .accumulate,
                            bias: bias.map { UnsafePointer($0 + panel * width) },
                            isGELU: epilogue == .geluErf)
                    }
                }
            }
        }
    }

    @inline(__always)
    private func scale(_ panel: Int, _ offset: Int) -> Vector {
        scales.vector(at: panel * ProductTile.columns + offset)
    }
}

/// Groups of four inputs.
private func quads(_ inputs: Int) -> Int { (inputs + 3) / 4 }

/// Rounds up to 32 outputs: the largest weight of each becomes ±127.
private func quantize(
    _ factor: ProductFactor, _ outputs: Range<Int>, inputs: Int,
    into panel: UnsafeMutablePointer<UInt8>, scales: UnsafeMutablePointer<Float>
) {
    let width = ProductTile.columns
    panel.update(repeating: 128, count: 4 * quads(inputs) * width)
    for offset in 0..<width {
        guard offset < outputs.count else {
            scales[offset] = 0
            continue
        }
        let output = outputs.lowerBound + offset
        var largest: Float = 0
        var isFinite = true
        for k in 0..<inputs {
            let size = abs(factor.pointer(outer: output, inner: k).pointee)
            isFinite = isFinite && size.isFinite
            largest = max(largest, size)
        }
        guard isFinite else {
            scales[offset] = .nan
            continue
        }
        scales[offset] = largest / 127
        // So that the inverse of a tiny number is finite.
        let lift: Float = largest < 0x1p-100 ? 0x1p64 : 1
        let factorOfOutput = largest > 0 ? 127 / (largest * lift) : 0
        for k in 0..<inputs {
            let value = factor.pointer(outer: output, inner: k).pointee * lift * factorOfOutput
            panel[(k / 4 * width + offset) * 4 + k % 4] =
                UInt8(Int(value.rounded(.toNearestOrEven)) + 128)
        }
    }
}

/// Rows of inputs rounded to eight bits, in memory of the calling thread.
private struct QuantizedRows {
    private let bytes: UnsafeMutablePointer<Int8>
    private let scales: UnsafeMutablePointer<Float>
    private let offsets: UnsafeMutablePointer<Int32>
    private let blocks: Int
    private let rows: Int

    init(_ x: MatrixView) {
        let blockSize = Int(product_int8_block)
        let blocks = (x.columns + blockSize - 1) / blockSize
        let count = x.rows * blocks
        let memory = ThreadScratch.memory(.leftFactor, bytes: count * (blockSize + 8))
        let bytes = memory.assumingMemoryBound(to: Int8.self)
        let scales = (memory + count * blockSize).assumingMemoryBound(to: Float.self)
        let offsets = (memory + count * (blockSize + 4)).assumingMemoryBound(to: Int32.self)
        Parallel.forEachRange(x.rows, grain: max(8, (1 << 15) / max(1, x.columns))) { range in
            for row in range {
                product_int8_row(
                    x.base + row * x.stride, x.columns, bytes + row * blocks * blockSize,
                    scales + row * blocks, offsets + row * blocks)
            }
        }
        (self.bytes, self.scales, self.offsets) = (bytes, scales, offsets)
        (self.blocks, rows) = (blocks, x.rows)
    }

    /// sums ← the products of up to eight rows from `row` on with a panel.
    @inline(__always)
    func multiplyTile(
        _ row: Int, _ panel: UnsafePointer<UInt8>, quads: Int, ahead: UnsafePointer<UInt8>,
        into sums: UnsafeMutablePointer<Float>
    ) {
        product_int8_tile(
            bytes + row * blocks * Int(product_int8_block), scales + row * blocks,
            offsets + row * blocks, min(ProductTile.rows, rows - row), panel, quads, ahead, sums)
    }
}
