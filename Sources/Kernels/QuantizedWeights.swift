import CProduct

// Legend: T rows, I inputs, O outputs.

/// The weights of a linear layer y = x·Wᵀ + b rounded to eight bits, each output with a scale of its
/// own: for inference where reading the weights is what takes the time.
///
/// Inputs and sums stay in 32 bits. As with ``PackedWeights`` a row of the result depends on its input
/// row alone, to the bit.
public final class QuantizedWeights {
    /// I.
    public let inputWidth: Int
    /// O.
    public let outputWidth: Int

    /// Panels of 32 outputs, each (I, 32), the last one filled up with zeros.
    private let panels: UnsafeMutablePointer<Int8>
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
        panels = arena.allocate(panelCount * width * inputs, of: Int8.self)
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
                    into: panels + (start + panel * width) * inputs,
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
        let width = ProductTile.columns
        let size = inputWidth * width
        Parallel.forEach(panelCount) { panel in
            let memory = panels + panel * size
            let next = panel + Parallel.threads
            let ahead = next < panelCount ? panels + next * size : memory
            withSums { sums in
                for row in stride(from: 0, to: x.rows, by: ProductTile.rows) {
                    let rows = min(ProductTile.rows, x.rows - row)
                    product_int8_tile(
                        x.base + row * x.stride, x.stride, rows, memory, inputWidth,
                        row == 0 ? ahead : memory, sums)
                    for offset in 0..<rows {
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

    @inline(__always)
    private func scale(_ panel: Int, _ offset: Int) -> Vector {
        scales.vector(at: panel * ProductTile.columns + offset)
    }
}

/// Rounds up to 32 outputs: the largest weight of each becomes ±127.
private func quantize(
    _ factor: ProductFactor, _ outputs: Range<Int>, inputs: Int,
    into panel: UnsafeMutablePointer<Int8>, scales: UnsafeMutablePointer<Float>
) {
    let width = ProductTile.columns
    for offset in 0..<width {
        guard offset < outputs.count else {
            scales[offset] = 0
            for k in 0..<inputs { panel[k * width + offset] = 0 }
            continue
        }
        let output = outputs.lowerBound + offset
        var largest: Float = 0
        for k in 0..<inputs {
            largest = max(largest, abs(factor.pointer(outer: output, inner: k).pointee))
        }
        scales[offset] = largest / 127
        let factorOfOutput = largest > 0 ? 127 / largest : 0
        for k in 0..<inputs {
            let value = factor.pointer(outer: output, inner: k).pointee * factorOfOutput
            // Weights are finite: checkpoints that are not are refused.
            panel[k * width + offset] = Int8(value.rounded(.toNearestOrEven))
        }
    }
}
