import CProduct

// Legend: M rows and N columns of the result, K inner indices.

/// C ← op(A)·op(B), or C ← C + op(A)·op(B) when `accumulating`.
///
/// The right factor is laid out piece by piece in the second-level cache of the thread that uses it
/// (Goto & van de Geijn 2008). Every element is a sum over K in ascending order, cut at fixed places, so
/// it depends on its row of op(A) and its column of op(B) alone, to the bit: neither on the shape of the
/// whole nor on the number of threads. ``PackedWeights`` gives the same bits.
///
/// - Parameters:
///   - a: (M, K), or (K, M) if `transposeA`
///   - b: (K, N), or (N, K) if `transposeB`
///   - c: (M, N)
///   - precision: what the factors are rounded to
public func multiply(
    _ a: MatrixView, _ transposeA: Transposition = .none,
    _ b: MatrixView, _ transposeB: Transposition = .none,
    into c: MatrixView, accumulating: Bool = false, precision: MatrixPrecision = .float32
) {
    let inner = transposeA == .none ? a.columns : a.rows
    precondition(
        c.rows == (transposeA == .none ? a.rows : a.columns)
            && c.columns == (transposeB == .none ? b.columns : b.rows)
            && inner == (transposeB == .none ? b.rows : b.columns), "factors that do not fit")
    guard inner > 0 else {
        if !accumulating { fillZero(c) }
        return
    }
    let left = ProductFactor(matrix: a, innerIsColumn: transposeA == .none)
    let right = ProductFactor(matrix: b, innerIsColumn: transposeB == .transposed)
    let chunk = ProductBlocks.chunk(of: inner, precision)
    let chunksTogether = max(1, ProductBlocks.leftInner / chunk)
    for firstRow in stride(from: 0, to: c.rows, by: ProductBlocks.leftRows) {
        let rows = firstRow..<min(firstRow + ProductBlocks.leftRows, c.rows)
        for first in stride(from: 0, to: inner, by: chunk * chunksTogether) {
            let range = first..<min(first + chunk * chunksTogether, inner)
            let laidOut = layOutLeft(left, rows: rows, inner: range, precision: precision)
            multiply(
                laidOut, right, range, chunk: chunk, into: c.rows(rows),
                accumulating: accumulating || first > 0, precision)
        }
    }
}

/// Tasks take some rows by some panels of columns.
private func multiply(
    _ left: LeftFactor, _ right: ProductFactor, _ inner: Range<Int>, chunk: Int,
    into c: MatrixView, accumulating: Bool, _ precision: MatrixPrecision
) {
    let width = ProductTile.columns
    let panels = (c.columns + width - 1) / width
    let blocks = ProductBlocks(rows: c.rows, panels: panels)
    let panelSize = precision.words(chunk) * width
    // Rows in memory are copied for several panels at a time, since a row's next piece comes with the
    // one before it; a panel that is transposed is used while it is in the cache.
    let panelsTogether = right.innerIsColumn ? 1 : ProductBlocks.panelsPerTask
    Parallel.forEach(blocks.count) { task in
        let (rows, panels) = blocks.block(task)
        let memory = ThreadScratch.memory(
            .rightFactor, bytes: panelsTogether * panelSize * MemoryLayout<UInt32>.stride
        ).assumingMemoryBound(to: UInt32.self)
        for first in stride(from: inner.lowerBound, to: inner.upperBound, by: chunk) {
            let range = first..<min(first + chunk, inner.upperBound)
            let left = left.skipping(precision.words(first - inner.lowerBound))
            for (index, panel) in panels.enumerated() {
                if index % panelsTogether == 0 {
                    let last = min(panel + panelsTogether, panels.upperBound)
                    right.pack(
                        outer: panel * width..<min(last * width, c.columns), inner: range,
                        precision: precision, panelSize: panelSize, into: memory)
                }
                multiplyPanel(
                    left, rows, memory + index % panelsTogether * panelSize,
                    words: precision.words(range.count), precision, into: c, panel: panel,
                    accumulating: accumulating || first > inner.lowerBound)
            }
        }
    }
}

/// Some rows by one panel and one chunk of inner indices.
///
/// - Parameter ahead: the piece of memory, as large as the panel's, that will be needed next
@inline(__always)
func multiplyPanel(
    _ left: LeftFactor, _ rows: Range<Int>, _ panel: UnsafePointer<UInt32>, words: Int,
    _ precision: MatrixPrecision, into c: MatrixView, panel index: Int, accumulating: Bool,
    bias: UnsafePointer<Float>? = nil, isGELU: Bool = false, ahead: UnsafePointer<UInt32>? = nil
) {
    withSums { sums in
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: ProductTile.rows) {
            // Half of the piece ahead while the first eight rows pass, half while the next do.
            let pass = (row - rows.lowerBound) / ProductTile.rows
            let half = words * ProductTile.columns / 2
            if accumulating { prefetchTile(of: c, row: row, column: index * ProductTile.columns) }
            ProductTile.multiply(
                left.tileRows(row), panel, words: words, precision: precision,
                ahead: pass < 2 ? (ahead ?? panel) + pass * half : panel, into: sums)
            storeTile(
                sums, into: c, row: row, column: index * ProductTile.columns,
                accumulating: accumulating, bias: bias, isGELU: isGELU)
        }
    }
}

/// How a product is cut. The rules look at sizes only, so that results do not depend on the machine.
struct ProductBlocks {
    /// Rows and inner indices of a left factor that are laid out at a time.
    static let leftRows = 4096
    static let leftInner = 6144
    /// Panels that a task takes at most.
    static let panelsPerTask = 4

    /// Rows and panels of one task, and how many tasks there are.
    private let rows: Int
    private let panels: Int
    private let rowsPerTask: Int
    private let taskPanels: Int

    init(rows: Int, panels: Int) {
        self.rows = rows
        self.panels = panels
        // Pieces of about the same size: a small last one would lay out columns for few rows.
        let rowTasks = max(1, (rows + 2047) / 2048)
        let tile = ProductTile.rows
        rowsPerTask = ((rows + rowTasks - 1) / rowTasks + tile - 1) / tile * tile
        // Enough tasks for the threads to end together.
        var taskPanels = Self.panelsPerTask
        while taskPanels > 1, rowTasks * panels < 16 * taskPanels { taskPanels /= 2 }
        self.taskPanels = taskPanels
    }

    private var panelTasks: Int { (panels + taskPanels - 1) / taskPanels }

    var count: Int {
        rows == 0 ? 0 : (rows + rowsPerTask - 1) / rowsPerTask * panelTasks
    }

    func block(_ task: Int) -> (rows: Range<Int>, panels: Range<Int>) {
        let row = task / panelTasks * rowsPerTask
        let panel = task % panelTasks * taskPanels
        return (row..<min(row + rowsPerTask, rows), panel..<min(panel + taskPanels, panels))
    }

    /// How many of `inner` indices are summed in registers at a time: at most so many that a panel of
    /// them stays in the second-level cache while rows pass by, in pieces of about the same size.
    static func chunk(of inner: Int, _ precision: MatrixPrecision) -> Int {
        let most = 1024 * precision.perWord
        let pieces = (inner + most - 1) / most
        return (inner + pieces - 1) / pieces + 15 & ~15
    }
}

/// Bytes that products lay their factors out in: upper bounds.
public enum ProductMemory {
    /// Of every thread.
    public static let rightFactor =
        ProductBlocks.panelsPerTask * ProductTile.columns * (1024 + 16)
        * MemoryLayout<UInt32>.stride

    /// Of the thread that calls, for matrices whose sides are at most `rows` and `widest`.
    public static func leftFactor(rows: Int, widest: Int) -> Int {
        func bytes(_ outer: Int, _ inner: Int) -> Int {
            (min(outer, ProductBlocks.leftRows) + ProductTile.rows)
                * min(inner + 1, ProductBlocks.leftInner + 2048) * MemoryLayout<UInt32>.stride
        }
        return max(bytes(rows, widest), bytes(widest, rows))
    }
}

/// Room for the sums of a tile.
@inline(__always)
func withSums(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(
        byteCount: ProductTile.rows * ProductTile.columns * MemoryLayout<Float>.stride,
        alignment: 64
    ) { memory in
        guard let base = memory.baseAddress else { return }
        body(base.assumingMemoryBound(to: Float.self))
    }
}

/// Asks for what the sums of a tile will be added to, while they are computed.
@inline(__always)
private func prefetchTile(of c: MatrixView, row: Int, column: Int) {
    for offset in 0..<min(ProductTile.rows, c.rows - row) {
        let line = c.base + (row + offset) * c.stride + column
        product_prefetch(line)
        product_prefetch(line + 16)
    }
}

/// Puts the sums of a tile where they belong; the tile may stick out of the matrix.
///
/// - Parameter bias: of the tile's 32 columns
@inline(__always)
func storeTile(
    _ sums: UnsafeMutablePointer<Float>, into c: MatrixView, row: Int, column: Int,
    accumulating: Bool, bias: UnsafePointer<Float>?, isGELU: Bool
) {
    let width = ProductTile.columns
    let columns = min(width, c.columns - column)
    for offset in 0..<min(ProductTile.rows, c.rows - row) {
        let source = sums + offset * width
        let target = c.base + (row + offset) * c.stride + column
        var low = source.vector(at: 0)
        var high = source.vector(at: 16)
        if let bias {
            low += bias.vector(at: 0)
            high += bias.vector(at: 16)
        }
        if columns == width {
            if accumulating {
                low += target.vector(at: 0)
                high += target.vector(at: 16)
            }
            target.store(isGELU ? geluErf(low) : low, at: 0)
            target.store(isGELU ? geluErf(high) : high, at: 16)
            continue
        }
        source.store(low, at: 0)
        source.store(high, at: 16)
        for index in 0..<columns {
            let value = source[index] + (accumulating ? target[index] : 0)
            target[index] = isGELU ? geluErf(Vector(repeating: value))[0] : value
        }
    }
}

private func fillZero(_ c: MatrixView) {
    for row in 0..<c.rows { (c.base + row * c.stride).update(repeating: 0, count: c.columns) }
}
