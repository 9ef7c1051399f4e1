/// Whether a factor of a matrix product is used as it is stored or transposed.
public enum Transposition: Sendable {
    /// As stored.
    case none
    /// Transposed.
    case transposed
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
