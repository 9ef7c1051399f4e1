// Legend: T rows, K inner dimension, N outputs.

/// Products of at most this many rows are worth ``multiplyRows(_:_:_:into:accumulating:)``, which
/// reads the weights as they lie; above it, packing them as BLAS does pays off.
public let rowProductLimit = 128

/// Rows that one vector holds, and outputs that one tile computes.
private let lanes = 16
private let tileOutputs = 8
/// Outputs of one task; more where they have to be gathered from strided memory.
private let taskOutputs = 32
private let panelOutputs = 64

/// y ← x·op(W), or y ← y + x·op(W) when `accumulating`, for few rows.
///
/// Lanes of a vector are rows, and every element is one chain of fused multiply-adds over K in
/// ascending order. So the bits of a row of the result depend on that row of `x` alone: not on the
/// other rows, their number, its place among them, or the number of threads. Generation rests on
/// this promise; BLAS does not give it.
///
/// - Parameters:
///   - x: (T, K)
///   - weight: (K, N), or (N, K) if `transposition` is ``Transposition/transposed``
///   - y: (T, N)
public func multiplyRows(
    _ x: MatrixView, _ weight: MatrixView, _ transposition: Transposition, into y: MatrixView,
    accumulating: Bool = false
) {
    let inner = x.columns
    let outputs = y.columns
    assert(inner == (transposition == .none ? weight.rows : weight.columns))
    assert(outputs == (transposition == .none ? weight.columns : weight.rows))
    assert(x.rows == y.rows)
    guard x.rows > 0, outputs > 0 else { return }
    let groups = (x.rows + lanes - 1) / lanes
    let packed = UnsafeMutablePointer<Float>.allocate(capacity: groups * lanes * inner)
    defer { packed.deallocate() }
    packLanes(x, into: packed)
    let grain = transposition == .none ? panelOutputs : taskOutputs
    Parallel.forEachRange(outputs, grain: grain) { range in
        switch transposition {
        case .transposed:
            for start in stride(from: range.lowerBound, to: range.upperBound, by: tileOutputs) {
                // Missing outputs of the last tile repeat the last one; they are not stored.
                let line = { (offset: Int) -> UnsafePointer<Float> in
                    UnsafePointer(weight.base + min(start + offset, outputs - 1) * weight.stride)
                }
                computeTiles(
                    packed, inner: inner,
                    columns: (
                        line(0), line(1), line(2), line(3), line(4), line(5), line(6), line(7)
                    ), step: 1, into: y, at: start, accumulating: accumulating)
            }
        case .none:
            // Columns of a tile are gathered first, so that the inner loop reads memory in order.
            let panel = UnsafeMutablePointer<Float>.allocate(capacity: panelOutputs * inner)
            defer { panel.deallocate() }
            packColumns(weight, range, into: panel)
            for start in stride(from: range.lowerBound, to: range.upperBound, by: tileOutputs) {
                let base = UnsafePointer(panel + (start - range.lowerBound) * inner)
                computeTiles(
                    packed, inner: inner,
                    columns: (
                        base, base + 1, base + 2, base + 3, base + 4, base + 5, base + 6, base + 7
                    ), step: tileOutputs, into: y, at: start, accumulating: accumulating)
            }
        }
    }
}

private typealias Columns = (
    UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
    UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>
)

/// Puts sixteen rows side by side: packed[group][k][lane] = x[16·group + lane][k], missing rows zero.
private func packLanes(_ x: MatrixView, into packed: UnsafeMutablePointer<Float>) {
    let inner = x.columns
    let grain = 64
    let pieces = (inner + grain - 1) / grain
    let groups = (x.rows + lanes - 1) / lanes
    Parallel.forEach(groups * pieces) { task in
        let group = task / pieces
        let piece = task % pieces
        let rows = min(lanes, x.rows - group * lanes)
        let source = x.base + group * lanes * x.stride
        let target = packed + group * lanes * inner
        for k in piece * grain..<min(inner, (piece + 1) * grain) {
            var vector = Vector.zero
            if rows == lanes {
                for lane in 0..<lanes { vector[lane] = source[lane * x.stride + k] }
            } else {
                for lane in 0..<rows { vector[lane] = source[lane * x.stride + k] }
            }
            target.store(vector, at: k * lanes)
        }
    }
}

/// panel[tile][k][offset] = weight[k][start + 8·tile + offset], missing columns zero.
private func packColumns(
    _ weight: MatrixView, _ range: Range<Int>, into panel: UnsafeMutablePointer<Float>
) {
    let inner = weight.rows
    for k in 0..<inner {
        let source = weight.base + k * weight.stride
        for start in stride(from: range.lowerBound, to: range.upperBound, by: tileOutputs) {
            let target = panel + (start - range.lowerBound) * inner + k * tileOutputs
            let count = range.upperBound - start
            if count >= tileOutputs {
                UnsafeMutableRawPointer(target).storeBytes(
                    of: UnsafeRawPointer(source + start).loadUnaligned(as: SIMD8<Float>.self),
                    as: SIMD8<Float>.self)
            } else {
                for offset in 0..<tileOutputs {
                    target[offset] = offset < count ? source[start + offset] : 0
                }
            }
        }
    }
}

/// The products of all rows with eight columns, whose elements lie `step` apart.
@inline(__always)
private func computeTiles(
    _ packed: UnsafeMutablePointer<Float>, inner: Int, columns: Columns, step: Int,
    into y: MatrixView, at start: Int, accumulating: Bool
) {
    let count = min(tileOutputs, y.columns - start)
    withUnsafeTemporaryAllocation(
        byteCount: 2 * lanes * tileOutputs * MemoryLayout<Float>.stride, alignment: 64
    ) { memory in
        guard let base = memory.baseAddress else { return }
        let tile = base.assumingMemoryBound(to: Float.self)
        var row = 0
        while row < y.rows {
            let source = packed + row * inner
            if y.rows - row > lanes {
                computeWideTile(source, source + lanes * inner, inner, columns, step, into: tile)
                store(
                    tile, lineWidth: 2 * lanes, count: count, into: y, row: row,
                    rows: min(2 * lanes, y.rows - row), at: start, accumulating: accumulating)
                row += 2 * lanes
            } else {
                computeTile(source, inner, columns, step, into: tile)
                store(
                    tile, lineWidth: lanes, count: count, into: y, row: row, rows: y.rows - row,
                    at: start, accumulating: accumulating)
                row += lanes
            }
        }
    }
}

/// Thirty-two rows times eight columns, sixteen accumulators.
@inline(__always)
private func computeWideTile(
    _ low: UnsafePointer<Float>, _ high: UnsafePointer<Float>, _ inner: Int, _ w: Columns,
    _ step: Int, into tile: UnsafeMutablePointer<Float>
) {
    var (a0, a1, a2, a3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var (a4, a5, a6, a7) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var (b0, b1, b2, b3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var (b4, b5, b6, b7) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    for k in 0..<inner {
        let x = low.vector(at: k &* lanes)
        let z = high.vector(at: k &* lanes)
        let at = k &* step
        multiplyAdd(&a0, &b0, x, z, w.0[at])
        multiplyAdd(&a1, &b1, x, z, w.1[at])
        multiplyAdd(&a2, &b2, x, z, w.2[at])
        multiplyAdd(&a3, &b3, x, z, w.3[at])
        multiplyAdd(&a4, &b4, x, z, w.4[at])
        multiplyAdd(&a5, &b5, x, z, w.5[at])
        multiplyAdd(&a6, &b6, x, z, w.6[at])
        multiplyAdd(&a7, &b7, x, z, w.7[at])
    }
    tile.store(a0, at: 0)
    tile.store(b0, at: 16)
    tile.store(a1, at: 32)
    tile.store(b1, at: 48)
    tile.store(a2, at: 64)
    tile.store(b2, at: 80)
    tile.store(a3, at: 96)
    tile.store(b3, at: 112)
    tile.store(a4, at: 128)
    tile.store(b4, at: 144)
    tile.store(a5, at: 160)
    tile.store(b5, at: 176)
    tile.store(a6, at: 192)
    tile.store(b6, at: 208)
    tile.store(a7, at: 224)
    tile.store(b7, at: 240)
}

@inline(__always)
private func multiplyAdd(
    _ a: inout Vector, _ b: inout Vector, _ x: Vector, _ z: Vector, _ weight: Float
) {
    let factor = Vector(repeating: weight)
    a.addProduct(x, factor)
    b.addProduct(z, factor)
}

/// Sixteen rows times eight columns.
@inline(__always)
private func computeTile(
    _ rows: UnsafePointer<Float>, _ inner: Int, _ w: Columns, _ step: Int,
    into tile: UnsafeMutablePointer<Float>
) {
    var (a0, a1, a2, a3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var (a4, a5, a6, a7) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    for k in 0..<inner {
        let x = rows.vector(at: k &* lanes)
        let at = k &* step
        a0.addProduct(x, Vector(repeating: w.0[at]))
        a1.addProduct(x, Vector(repeating: w.1[at]))
        a2.addProduct(x, Vector(repeating: w.2[at]))
        a3.addProduct(x, Vector(repeating: w.3[at]))
        a4.addProduct(x, Vector(repeating: w.4[at]))
        a5.addProduct(x, Vector(repeating: w.5[at]))
        a6.addProduct(x, Vector(repeating: w.6[at]))
        a7.addProduct(x, Vector(repeating: w.7[at]))
    }
    tile.store(a0, at: 0)
    tile.store(a1, at: 16)
    tile.store(a2, at: 32)
    tile.store(a3, at: 48)
    tile.store(a4, at: 64)
    tile.store(a5, at: 80)
    tile.store(a6, at: 96)
    tile.store(a7, at: 112)
}

/// Turns a tile, whose lines are outputs, and adds it to or puts it into rows of `y`.
@inline(__always)
private func store(
    _ tile: UnsafeMutablePointer<Float>, lineWidth: Int, count: Int, into y: MatrixView,
    row: Int, rows: Int, at start: Int, accumulating: Bool
) {
    for lane in 0..<rows {
        let target = y.base + (row + lane) * y.stride + start
        if count == tileOutputs {
            var values = SIMD8<Float>.zero
            for offset in 0..<tileOutputs { values[offset] = tile[offset * lineWidth + lane] }
            let address = UnsafeMutableRawPointer(target)
            if accumulating { values += address.loadUnaligned(as: SIMD8<Float>.self) }
            address.storeBytes(of: values, as: SIMD8<Float>.self)
        } else {
            for offset in 0..<count {
                let value = tile[offset * lineWidth + lane]
                target[offset] = accumulating ? target[offset] + value : value
            }
        }
    }
}
