// Legend: M rows and N columns of the result, K inner indices.

/// The right factor of products on the calling thread, laid out once for all of them: for small factors, as
/// those of attention.
public struct SmallFactor {
    private let panels: UnsafeMutablePointer<UInt32>
    /// K.
    private let inner: Int

    /// Floats that a factor takes.
    public static func floats(inner: Int, columns: Int) -> Int {
        PageMemory.size((columns + ProductTile.columns - 1) / ProductTile.columns, inner)
            * ProductTile.columns
    }

    /// Lays out a matrix.
    ///
    /// - Parameters:
    ///   - b: (K, N), or (N, K) if `transposition` says so
    ///   - memory: room for ``floats(inner:columns:)``
    public init(
        _ b: MatrixView, _ transposition: Transposition, in memory: UnsafeMutablePointer<Float>
    ) {
        let isTransposed = transposition == .transposed
        inner = isTransposed ? b.columns : b.rows
        panels = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt32.self)
        ProductFactor(matrix: b, innerIsColumn: isTransposed).pack(
            outer: 0..<(isTransposed ? b.rows : b.columns), inner: 0..<inner,
            precision: .float32, panelSize: inner * ProductTile.columns, into: panels)
    }

    /// C ← alpha · op(A)·B, or C ← C + alpha · op(A)·B when `accumulating`, on the calling thread.
    ///
    /// Sums run over K in ascending order: an element depends on its row of op(A) and its column of B
    /// alone, to the bit.
    ///
    /// - Parameters:
    ///   - a: (M, k), or (k, M) if `transposition` says so: the first k ≤ K inner indices are used
    ///   - c: (M, n), the first n ≤ N columns, or as many more as fill the last 32 of them, which are zero
    @inline(__always)
    public func multiply(
        _ a: MatrixView, _ transposition: Transposition = .none, into c: MatrixView,
        alpha: Float = 1, accumulating: Bool = false
    ) {
        let isTransposed = transposition == .transposed
        let words = isTransposed ? a.rows : a.columns
        precondition(
            words <= inner && c.rows == (isTransposed ? a.columns : a.rows),
            "factors that do not fit")
        let width = ProductTile.columns
        let start = UnsafeRawPointer(a.base).assumingMemoryBound(to: UInt32.self)
        let (rowStride, step) = isTransposed ? (1, a.stride) : (a.stride, 1)
        withSums { sums in
            for first in stride(from: 0, to: c.columns, by: width) {
                let panel = UnsafePointer(panels + first * inner)
                for row in stride(from: 0, to: c.rows, by: ProductTile.rows) {
                    let left = LeftRows(
                        base: start + row * rowStride, rowStride: rowStride, step: step,
                        rows: c.rows - row)
                    ProductTile.multiply(
                        left, panel, words: words, precision: .float32, ahead: panel, into: sums)
                    store(
                        sums, into: c, row: row, column: first, alpha: alpha,
                        accumulating: accumulating)
                }
            }
        }
    }

    @inline(__always)
    private func store(
        _ sums: UnsafeMutablePointer<Float>, into c: MatrixView, row: Int, column: Int,
        alpha: Float, accumulating: Bool
    ) {
        let columns = min(ProductTile.columns, c.columns - column)
        for offset in 0..<min(ProductTile.rows, c.rows - row) {
            let source = sums + offset * ProductTile.columns
            let target = c.base + (row + offset) * c.stride + column
            for half in stride(from: 0, to: columns, by: 16) {
                let count = min(16, columns - half)
                var value = source.vector(at: half) * alpha
                if accumulating { value += target.vector(at: half, count: count) }
                target.store(value, at: half, count: count)
            }
        }
    }
}
