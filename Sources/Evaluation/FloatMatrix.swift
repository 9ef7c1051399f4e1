import Kernels

/// Rows of floats in memory of its own, each row padded with zeros to a multiple of 16 floats, so
/// that loops over rows need no remainder.
final class FloatMatrix {
    let rows: Int
    let columns: Int
    /// Distance between the starts of two rows, in floats.
    let stride: Int
    let base: UnsafeMutablePointer<Float>

    /// A matrix of zeros.
    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        stride = (columns + 15) & ~15
        let bytes = max(1, rows * stride) * MemoryLayout<Float>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        base = raw.initializeMemory(as: Float.self, repeating: 0, count: max(1, rows * stride))
    }

    deinit {
        UnsafeMutableRawPointer(base).deallocate()
    }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

    /// All rows, without the padding.
    var view: MatrixView { MatrixView(base, rows: rows, columns: columns, stride: stride) }

    /// All rows with their padding, for products that sum over whole rows.
    var paddedView: MatrixView { MatrixView(base, rows: rows, columns: stride, stride: stride) }
}

/// `target` += `source`, `count` a multiple of 16, both aligned to 64 bytes.
@inline(__always)
func add(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
) {
    let from = UnsafeRawPointer(source)
    let into = UnsafeMutableRawPointer(target)
    var offset = 0
    let end = count * MemoryLayout<Float>.stride
    while offset < end {
        let sum =
            into.load(fromByteOffset: offset, as: SIMD16<Float>.self)
            + from.load(fromByteOffset: offset, as: SIMD16<Float>.self)
        into.storeBytes(of: sum, toByteOffset: offset, as: SIMD16<Float>.self)
        offset += MemoryLayout<SIMD16<Float>>.stride
    }
}
