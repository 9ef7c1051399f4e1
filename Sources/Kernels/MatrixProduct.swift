import COpenBLAS

/// Whether a factor of a matrix product is used as it is stored or transposed.
public enum Transposition: Sendable {
    /// As stored.
    case none
    /// Transposed.
    case transposed

    fileprivate var cblas: CBLAS_TRANSPOSE { self == .none ? CblasNoTrans : CblasTrans }
}

/// A row-major matrix in memory that someone else owns.
public struct MatrixView {
    /// The first element.
    public let base: UnsafeMutablePointer<Float>
    /// Number of rows.
    public let rows: Int
    /// Number of columns.
    public let columns: Int
    /// Distance between the starts of two rows, in elements.
    public let stride: Int

    /// A view of `rows` × `columns` elements from `base` on; rows are contiguous unless `stride` is
    /// given.
    @inline(__always)
    public init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    /// The rows of `range` as a view.
    @inline(__always)
    public func rows(_ range: Range<Int>) -> MatrixView {
        MatrixView(
            base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    /// The columns of `range` as a view.
    @inline(__always)
    public func columns(_ range: Range<Int>) -> MatrixView {
        MatrixView(base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }
}

/// C ← alpha · op(A) · op(B) + beta · C.
///
/// Large products are cut into tiles of fixed size, which threads share; each element is computed by
/// one call of one thread, so the result does not depend on the number of threads.
public func multiply(
    _ a: MatrixView, _ transposeA: Transposition = .none,
    _ b: MatrixView, _ transposeB: Transposition = .none,
    into c: MatrixView, alpha: Float = 1, beta: Float = 0
) {
    let inner = transposeA == .none ? a.columns : a.rows
    assert(c.rows == (transposeA == .none ? a.rows : a.columns))
    assert(c.columns == (transposeB == .none ? b.columns : b.rows))
    assert(inner == (transposeB == .none ? b.rows : b.columns))
    guard c.rows > 0, c.columns > 0 else { return }
    let tile = TileSize(rows: c.rows, columns: c.columns, inner: inner)
    let rowTiles = (c.rows + tile.rows - 1) / tile.rows
    let columnTiles = (c.columns + tile.columns - 1) / tile.columns
    Parallel.forEach(rowTiles * columnTiles) { index in
        let row = index / columnTiles * tile.rows
        let column = index % columnTiles * tile.columns
        let rows = row..<min(c.rows, row + tile.rows)
        let columns = column..<min(c.columns, column + tile.columns)
        let aTile = transposeA == .none ? a.rows(rows) : a.columns(rows)
        let bTile = transposeB == .none ? b.columns(columns) : b.rows(columns)
        multiplyTile(
            aTile, transposeA, bTile, transposeB, into: c.rows(rows).columns(columns),
            inner: inner, alpha: alpha, beta: beta)
    }
}

/// One call of `cblas_sgemm`, on the calling thread.
@inline(__always)
public func multiplyTile(
    _ a: MatrixView, _ transposeA: Transposition, _ b: MatrixView, _ transposeB: Transposition,
    into c: MatrixView, inner: Int, alpha: Float = 1, beta: Float = 0
) {
    cblas_sgemm(
        CblasRowMajor, transposeA.cblas, transposeB.cblas,
        blasint(c.rows), blasint(c.columns), blasint(inner), alpha,
        a.base, blasint(a.stride), b.base, blasint(b.stride), beta, c.base, blasint(c.stride))
}

/// How a product is cut. The rule looks at sizes only, so that results do not depend on the machine.
private struct TileSize {
    var rows: Int
    var columns: Int

    init(rows: Int, columns: Int, inner: Int) {
        // A product below this many multiplications is quicker on one thread.
        guard rows * columns * inner > 1 << 18 else {
            self.rows = rows
            self.columns = columns
            return
        }
        self.rows = min(rows, 512)
        self.columns = min(columns, 768)
        // Tall or flat results still have to give every thread something to do.
        while self.columns > 96, (rows / self.rows) * (columns / self.columns) < 8 {
            self.columns = (self.columns / 2 + 15) & ~15
        }
    }
}
