import Kernels

/// Rows of floats, each padded with zeros to a multiple of 16 floats, so that rows start on cache
/// lines and loops over them need no remainder.
struct FloatMatrix {
    let rows: Int
    let columns: Int
    /// Distance between the starts of two rows, in floats.
    let stride: Int
    private let buffer: FloatBuffer

    /// A matrix of zeros. Copies share its memory.
    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        stride = (columns + 15) & ~15
        buffer = FloatBuffer(capacity: rows * stride)
        buffer.base.update(repeating: 0, count: buffer.capacity)
    }

    /// The first element.
    var base: UnsafeMutablePointer<Float> { buffer.base }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { buffer.base + index * stride }

    /// All rows, without the padding.
    var view: MatrixView { MatrixView(base, rows: rows, columns: columns, stride: stride) }
}
