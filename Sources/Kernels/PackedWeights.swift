// Legend: T rows, I inputs, O outputs.

/// What happens to x·Wᵀ + b before it is stored.
public enum LinearEpilogue: Sendable {
    /// Nothing.
    case none
    /// Added to what the output holds.
    case accumulate
    /// GELU in its exact form.
    case geluErf
}

/// The weights of a linear layer y = x·Wᵀ + b, laid out once for the product: for inference.
///
/// A result has the bits that ``multiply(_:_:_:_:into:accumulating:precision:)`` gives: every row is a
/// function of its input row alone, whatever rows share a batch and however many threads work.
public final class PackedWeights {
    /// I.
    public let inputWidth: Int
    /// O.
    public let outputWidth: Int
    /// What the factors are rounded to.
    public let precision: MatrixPrecision

    /// For each chunk of inputs, panels of 32 outputs, each (words, 32), the last one filled up with
    /// zeros.
    private let panels: UnsafeMutablePointer<UInt32>
    /// As long as the panels are wide.
    private let bias: UnsafeMutablePointer<Float>?
    private let panelCount: Int
    private let chunks: [Range<Int>]

    /// Copies a layer's weights.
    ///
    /// - Parameters:
    ///   - weight: (O, I), or (I, O) if `transposition` is ``Transposition/none``
    ///   - bias: (O)
    public init(
        _ weight: MatrixView, _ transposition: Transposition,
        bias: UnsafePointer<Float>? = nil, precision: MatrixPrecision = .float32
    ) {
        let isTransposed = transposition == .transposed
        inputWidth = isTransposed ? weight.columns : weight.rows
        outputWidth = isTransposed ? weight.rows : weight.columns
        self.precision = precision
        let width = ProductTile.columns
        let outputs = outputWidth
        let panelCount = (outputs + width - 1) / width
        self.panelCount = panelCount
        let chunks = ProductBlocks.chunks(of: inputWidth, precision)
        self.chunks = chunks
        let words = chunks.reduce(0) { $0 + precision.words($1.count) }
        let panels = Self.allocate(words * panelCount * width, of: UInt32.self)
        self.panels = panels
        self.bias = bias.map {
            let copy = Self.allocate(panelCount * width, of: Float.self)
            copy.update(repeating: 0, count: panelCount * width)
            copy.update(from: $0, count: outputs)
            return copy
        }
        let factor = ProductFactor(matrix: weight, innerIsColumn: isTransposed)
        Parallel.forEach(panelCount) { panel in
            var start = panels
            for chunk in chunks {
                let size = precision.words(chunk.count) * width
                factor.pack(
                    outer: panel * width..<min((panel + 1) * width, outputs), inner: chunk,
                    precision: precision, width: width, into: start + panel * size)
                start += panelCount * size
            }
        }
    }

    deinit {
        panels.deallocate()
        bias?.deallocate()
    }

    /// Computes y from x.
    ///
    /// - Parameters:
    ///   - x: (T, I)
    ///   - y: (T, O)
    public func forward(_ x: MatrixView, into y: MatrixView, _ epilogue: LinearEpilogue = .none) {
        precondition(x.columns == inputWidth && y.columns == outputWidth && x.rows == y.rows)
        let factor = ProductFactor(matrix: x, innerIsColumn: true)
        for firstRow in stride(from: 0, to: x.rows, by: ProductBlocks.leftRows) {
            let rows = firstRow..<min(firstRow + ProductBlocks.leftRows, x.rows)
            var start = UnsafePointer(panels)
            for (index, chunk) in chunks.enumerated() {
                let left = layOutLeft(factor, rows: rows, inner: chunk, precision: precision)
                multiply(
                    left, start, words: precision.words(chunk.count), into: y.rows(rows),
                    accumulating: index > 0 || epilogue == .accumulate,
                    bias: index == 0 ? bias : nil,
                    isGELU: epilogue == .geluErf && index + 1 == chunks.count)
                start += panelCount * precision.words(chunk.count) * ProductTile.columns
            }
        }
    }

    private func multiply(
        _ left: LeftFactor, _ panels: UnsafePointer<UInt32>, words: Int, into y: MatrixView,
        accumulating: Bool, bias: UnsafeMutablePointer<Float>?, isGELU: Bool
    ) {
        let width = ProductTile.columns
        // Few rows: one panel at a time is read from memory once, for all of them. Many: what a
        // thread takes at a time, rows and panels, stays in the second-level cache.
        let rowsPerTask = y.rows <= 128 ? y.rows : 64
        let panelsPerTask = y.rows <= 128 ? 1 : 12
        let rowTasks = (y.rows + rowsPerTask - 1) / rowsPerTask
        let panelTasks = (panelCount + panelsPerTask - 1) / panelsPerTask
        Parallel.forEach(rowTasks * panelTasks) { task in
            let firstRow = task / panelTasks * rowsPerTask
            let firstPanel = task % panelTasks * panelsPerTask
            withSums { sums in
                for panel in firstPanel..<min(firstPanel + panelsPerTask, panelCount) {
                    let end = min(firstRow + rowsPerTask, y.rows)
                    for row in stride(from: firstRow, to: end, by: ProductTile.rows) {
                        ProductTile.multiply(
                            left.tileRows(row), panels + panel * words * width, words: words,
                            precision: precision, into: sums)
                        storeTile(
                            sums, into: y, row: row, column: panel * width,
                            accumulating: accumulating,
                            bias: bias.map { UnsafePointer($0 + panel * width) }, isGELU: isGELU)
                    }
                }
            }
        }
    }

    private static func allocate<Element>(
        _ count: Int, of type: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64
        ).bindMemory(to: type, capacity: max(1, count))
    }
}
