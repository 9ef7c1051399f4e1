import CProduct

/// The numbers that a matrix product multiplies. Sums are always of 32 bits.
public enum MatrixPrecision: String, Sendable, Hashable, CaseIterable {
    /// Factors as they are.
    case float32 = "fp32"
    /// Factors rounded to bfloat16: half the memory, and twice the speed on processors that
    /// multiply them (AVX512-BF16). Others compute the same products in 32 bits.
    case bfloat16 = "bf16"

    /// Inner indices that one word of 32 bits holds.
    var perWord: Int { self == .float32 ? 1 : 2 }
    /// Words of `count` inner indices.
    @inline(__always)
    func words(_ count: Int) -> Int { self == .float32 ? count : (count + 1) / 2 }
}

/// The numbers that inference computes with.
public enum InferencePrecision: String, Sendable, Hashable, CaseIterable {
    /// Weights and inputs of layers as they are.
    case fp32
    /// Both rounded to bfloat16.
    case bf16
    /// Weights and inputs of layers rounded to eight bits, with scales (see ``QuantizedWeights``).
    case int8

    /// The precision of the products.
    public var products: MatrixPrecision { self == .bf16 ? .bfloat16 : .float32 }
    /// Whether weights are rounded to eight bits.
    public var isQuantized: Bool { self == .int8 }
}

/// Rows of a left factor, laid out for the product: words of 32 bits, each of one float or of a pair
/// of bfloat16 numbers that follow each other in the sum.
struct LeftRows {
    /// Word (r, k) is at `base + r · rowStride + k · step`.
    var base: UnsafePointer<UInt32>
    var rowStride: Int
    var step: Int
    /// Rows that exist, at most ``ProductTile/rows`` of which are used.
    var rows: Int
}

/// The part of a product whose sums stay in registers: 8 rows by 32 columns.
///
/// Every sum runs over the inner index in ascending order, whatever the rows beside it. So an element
/// depends on its row and its column alone, to the bit: not on the shape of the whole, nor on threads.
enum ProductTile {
    static let rows = product_tile_rows
    static let columns = product_tile_columns

    /// sums ← x·panel.
    ///
    /// - Parameters:
    ///   - panel: (words, 32)
    ///   - ahead: as many cache lines as there are words, which will be needed soon
    ///   - sums: (8, 32); rows beyond those of `x` hold anything
    @inline(__always)
    static func multiply(
        _ x: LeftRows, _ panel: UnsafePointer<UInt32>, words: Int, precision: MatrixPrecision,
        ahead: UnsafePointer<UInt32>, into sums: UnsafeMutablePointer<Float>
    ) {
        guard precision == .float32 else {
            product_bfloat16_tile(
                x.base, x.rowStride, x.step, min(rows, x.rows), panel, words, ahead, sums)
            return
        }
        let a = UnsafeRawPointer(x.base).assumingMemoryBound(to: Float.self)
        let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Float.self)
        if x.rows <= 2 {
            multiplyTwo(
                a, rowStride: x.rowStride, step: x.step, rows: x.rows, panel, words, into: sums)
        } else if !product_has_wide_vectors() {
            for row in stride(from: 0, to: min(rows, x.rows), by: 2) {
                multiplyTwo(
                    a + row * x.rowStride, rowStride: x.rowStride, step: x.step,
                    rows: x.rows - row, panel, words, into: sums + row * columns)
            }
        } else if x.step == 1 {
            // Known distances leave more registers to the loop.
            multiplyEight(
                a, rowStride: x.rowStride, step: 1, rows: x.rows, panel, words, ahead, into: sums)
        } else {
            multiplyEight(
                a, rowStride: x.rowStride, step: x.step, rows: x.rows, panel, words, ahead,
                into: sums)
        }
    }

    @inline(__always)
    private static func multiplyEight(
        _ a: UnsafePointer<Float>, rowStride: Int, step: Int, rows: Int,
        _ panel: UnsafePointer<Float>, _ inner: Int, _ ahead: UnsafePointer<UInt32>,
        into sums: UnsafeMutablePointer<Float>
    ) {
        // Rows that do not exist repeat the last one.
        let last = rows - 1
        let a1 = a + min(1, last) * rowStride
        let a2 = a + min(2, last) * rowStride
        let a3 = a + min(3, last) * rowStride
        let a4 = a + min(4, last) * rowStride
        let a5 = a + min(5, last) * rowStride
        let a6 = a + min(6, last) * rowStride
        let a7 = a + min(7, last) * rowStride
        var r0 = RowSums()
        var r1 = RowSums()
        var r2 = RowSums()
        var r3 = RowSums()
        var r4 = RowSums()
        var r5 = RowSums()
        var r6 = RowSums()
        var r7 = RowSums()
        var line = panel
        var ahead = ahead
        var k = 0
        for _ in 0..<inner {
            product_prefetch(ahead)
            ahead += 16
            let low = line.vector(at: 0)
            let high = line.vector(at: 16)
            line += columns
            r0.add(a[k], low, high)
            r1.add(a1[k], low, high)
            r2.add(a2[k], low, high)
            r3.add(a3[k], low, high)
            r4.add(a4[k], low, high)
            r5.add(a5[k], low, high)
            r6.add(a6[k], low, high)
            r7.add(a7[k], low, high)
            k &+= step
        }
        r0.store(sums)
        r1.store(sums + columns)
        r2.store(sums + 2 * columns)
        r3.store(sums + 3 * columns)
        r4.store(sums + 4 * columns)
        r5.store(sums + 5 * columns)
        r6.store(sums + 6 * columns)
        r7.store(sums + 7 * columns)
    }

    /// For one row or two, and for processors whose registers hold no more.
    @inline(__always)
    private static func multiplyTwo(
        _ a: UnsafePointer<Float>, rowStride: Int, step: Int, rows: Int,
        _ panel: UnsafePointer<Float>, _ inner: Int, into sums: UnsafeMutablePointer<Float>
    ) {
        let a1 = a + min(1, rows - 1) * rowStride
        var r0 = RowSums()
        var r1 = RowSums()
        var line = panel
        var k = 0
        for _ in 0..<inner {
            let low = line.vector(at: 0)
            let high = line.vector(at: 16)
            line += columns
            r0.add(a[k], low, high)
            r1.add(a1[k], low, high)
            k &+= step
        }
        r0.store(sums)
        r1.store(sums + columns)
    }
}

/// One row of a tile.
private struct RowSums {
    var low = Vector.zero
    var high = Vector.zero

    @inline(__always)
    mutating func add(_ x: Float, _ low: Vector, _ high: Vector) {
        let factor = Vector(repeating: x)
        self.low.addProduct(factor, low)
        self.high.addProduct(factor, high)
    }

    @inline(__always)
    func store(_ sums: UnsafeMutablePointer<Float>) {
        sums.store(low, at: 0)
        sums.store(high, at: 16)
    }
}
