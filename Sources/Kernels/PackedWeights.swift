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

    /// Panels of 32 outputs, each (words of I, 32), the last one filled up with zeros.
    private let panels: UnsafeMutablePointer<UInt32>
    /// As long as the panels are wide.
    private let bias: UnsafeMutablePointer<Float>?
    private let panelCount: Int
    private let arena: PageArena

    /// Whether layers with these outputs can be stacked: each but the last ends where a panel ends.
    public static func canStack(_ outputWidths: [Int]) -> Bool {
        outputWidths.dropLast().allSatisfy { $0 % ProductTile.columns == 0 }
    }

    /// Copies a layer's weights, or those of several with the same input, whose outputs then lie side
    /// by side.
    ///
    /// - Parameters:
    ///   - weights: (O, I), or (I, O) if `transposition` is ``Transposition/none``; see ``canStack(_:)``
    ///   - bias: (O) of all outputs
    ///   - arena: where the copy goes; the layers of a model share one
    public init(
        _ weights: [MatrixView], _ transposition: Transposition,
        bias: UnsafePointer<Float>? = nil, precision: MatrixPrecision = .float32,
        in arena: PageArena = PageArena()
    ) {
        let isTransposed = transposition == .transposed
        let widths = weights.map { isTransposed ? $0.rows : $0.columns }
        precondition(Self.canStack(widths), "layers that cannot be stacked")
        inputWidth = weights.first.map { isTransposed ? $0.columns : $0.rows } ?? 0
        outputWidth = widths.reduce(0, +)
        self.precision = precision
        self.arena = arena
        let width = ProductTile.columns
        let outputs = outputWidth
        let panelCount = (outputs + width - 1) / width
        self.panelCount = panelCount
        let inputs = inputWidth
        let panelSize = precision.words(inputs) * width
        let panels = arena.allocate(panelSize * panelCount, of: UInt32.self)
        self.panels = panels
        self.bias = bias.map {
            let copy = arena.allocate(panelCount * width, of: Float.self)
            copy.update(repeating: 0, count: panelCount * width)
            copy.update(from: $0, count: outputs)
            return copy
        }
        var start = panels
        for (weight, outputs) in zip(weights, widths) {
            let factor = ProductFactor(matrix: weight, innerIsColumn: isTransposed)
            Parallel.forEach((outputs + width - 1) / width) { panel in
                factor.pack(
                    outer: panel * width..<min((panel + 1) * width, outputs), inner: 0..<inputs,
                    precision: precision, panelSize: panelSize, into: start + panel * panelSize)
            }
            start += (outputs + width - 1) / width * panelSize
        }
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
            let left = layOutLeft(
                factor, rows: rows, inner: 0..<inputWidth, precision: precision)
            multiply(left, into: y.rows(rows), epilogue)
        }
    }

    private func multiply(_ left: LeftFactor, into y: MatrixView, _ epilogue: LinearEpilogue) {
        let width = ProductTile.columns
        let blocks = InferenceBlocks(rows: y.rows, panels: panelCount)
        let chunk = ProductBlocks.chunk(of: inputWidth, precision)
        Parallel.forEach(blocks.count) { task in
            let (rows, taskPanels) = blocks.block(task)
            for panel in taskPanels {
                let size = precision.words(inputWidth) * width
                let memory = panels + panel * size
                let next = blocks.next(after: panel)
                let ahead = next < panelCount ? panels + next * size : memory
                for first in stride(from: 0, to: inputWidth, by: chunk) {
                    let words = precision.words(min(chunk, inputWidth - first))
                    multiplyPanel(
                        left.skipping(precision.words(first)), rows,
                        memory + precision.words(first) * width, words: words, precision,
                        into: y, panel: panel,
                        accumulating: first > 0 || epilogue == .accumulate,
                        bias: first > 0 ? nil : bias.map { UnsafePointer($0 + panel * width) },
                        isGELU: epilogue == .geluErf && first + chunk >= inputWidth,
                        ahead: ahead + precision.words(first) * width)
                }
            }
        }
    }
}

/// How a product with weights that are laid out is cut.
///
/// Few rows: a panel is read from memory once, for all of them. Many: what a thread takes at a time,
/// rows and panels, stays in the second-level cache.
struct InferenceBlocks {
    private let rows: Int
    private let panels: Int
    private let rowsPerTask: Int
    private let panelsPerTask: Int

    init(rows: Int, panels: Int) {
        (self.rows, self.panels) = (rows, panels)
        (rowsPerTask, panelsPerTask) = rows <= 128 ? (max(1, rows), 1) : (64, 12)
    }

    private var panelTasks: Int { (panels + panelsPerTask - 1) / panelsPerTask }

    var count: Int { (rows + rowsPerTask - 1) / rowsPerTask * panelTasks }

    func block(_ task: Int) -> (rows: Range<Int>, panels: Range<Int>) {
        let row = task / panelTasks * rowsPerTask
        let panel = task % panelTasks * panelsPerTask
        return (row..<min(row + rowsPerTask, rows), panel..<min(panel + panelsPerTask, panels))
    }

    /// The panel that the same thread will probably need next: with one a task, threads take turns.
    func next(after panel: Int) -> Int { panelsPerTask == 1 ? panel + Parallel.threads : panel + 1 }
}
