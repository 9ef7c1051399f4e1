import CProduct

// Legend: M rows and N columns of the result, K inner indices. Words are of 32 bits: a float, or the
// bfloat16 numbers of the inner indices 2k and 2k + 1.

/// One factor of a product as it is stored.
struct ProductFactor {
    var matrix: MatrixView
    /// Whether inner indices are columns of `matrix`; else they are its rows.
    var innerIsColumn: Bool

    /// Where the inner index `inner` of the outer index `outer` is stored.
    @inline(__always)
    func pointer(outer: Int, inner: Int) -> UnsafePointer<Float> {
        innerIsColumn
            ? UnsafePointer(matrix.base + outer * matrix.stride + inner)
            : UnsafePointer(matrix.base + inner * matrix.stride + outer)
    }

    /// Lays out outer indices in panels of 32: target[panel][k][c] = factor(outer + 32 · panel + c,
    /// inner + 2k …), zero where there is none.
    ///
    /// - Parameters:
    ///   - panelSize: distance of the panels, in words
    ///   - target: (panels, words of `inner`, 32)
    func pack(
        outer: Range<Int>, inner: Range<Int>, precision: MatrixPrecision, panelSize: Int,
        into target: UnsafeMutablePointer<UInt32>
    ) {
        guard innerIsColumn else {
            packColumns(outer, inner, precision, panelSize, into: target)
            return
        }
        var panel = target
        for first in stride(from: outer.lowerBound, to: outer.upperBound, by: ProductTile.columns) {
            packLines(
                first..<min(first + ProductTile.columns, outer.upperBound), inner, precision,
                into: panel)
            panel += panelSize
        }
    }

    /// Inner indices are rows in memory: pieces of rows are copied, each for all panels, since a row's
    /// next piece comes with the one before it.
    private func packColumns(
        _ outer: Range<Int>, _ inner: Range<Int>, _ precision: MatrixPrecision, _ panelSize: Int,
        into target: UnsafeMutablePointer<UInt32>
    ) {
        let width = ProductTile.columns
        let whole = outer.count / width
        let rest = outer.lowerBound + whole * width..<outer.upperBound
        var line = target
        for k in stride(from: inner.lowerBound, to: inner.upperBound, by: precision.perWord) {
            for panel in 0..<whole {
                let first = outer.lowerBound + panel * width
                copyLine(
                    first..<first + width, k, of: inner, precision, into: line + panel * panelSize)
            }
            if !rest.isEmpty {
                let last = line + whole * panelSize
                copyLine(rest, k, of: inner, precision, into: last)
                for column in rest.count..<width { last[column] = 0 }
            }
            line += width
        }
    }

    /// The words of some outer indices and the inner index `k` (and `k` + 1, if there is).
    @inline(__always)
    private func copyLine(
        _ outer: Range<Int>, _ k: Int, of inner: Range<Int>, _ precision: MatrixPrecision,
        into line: UnsafeMutablePointer<UInt32>
    ) {
        let first = pointer(outer: outer.lowerBound, inner: k)
        switch precision {
        case .float32:
            copyWords(first, to: line, count: outer.count)
        case .bfloat16:
            let second = k + 1 < inner.upperBound ? first + matrix.stride : nil
            product_pair_lines(first, second, line, outer.count)
        }
    }

    /// Inner indices lie one after the other in memory: blocks of 16 by 16 words are transposed.
    private func packLines(
        _ outer: Range<Int>, _ inner: Range<Int>, _ precision: MatrixPrecision,
        into target: UnsafeMutablePointer<UInt32>
    ) {
        let words = precision.words(inner.count)
        let width = ProductTile.columns
        let side = 16
        withUnsafeTemporaryAllocation(
            byteCount: 2 * side * side * MemoryLayout<UInt32>.stride, alignment: 64
        ) { memory in
            guard let base = memory.baseAddress else { return }
            let block = base.assumingMemoryBound(to: UInt32.self)
            let turned = block + side * side
            for first in stride(from: 0, to: width, by: side) {
                let lines = max(0, min(side, outer.count - first))
                let columns = min(side, width - first)
                block.update(repeating: 0, count: side * side)
                for word in stride(from: 0, to: words, by: side) {
                    let k = inner.lowerBound + word * precision.perWord
                    let count = min(side * precision.perWord, inner.upperBound - k)
                    let whole = precision == .float32 && lines == side && count == side
                    if !whole {
                        for line in 0..<lines {
                            let source = pointer(outer: outer.lowerBound + first + line, inner: k)
                            if precision == .float32 {
                                UnsafeMutableRawPointer(block + line * side).copyMemory(
                                    from: source, byteCount: count * MemoryLayout<Float>.stride)
                            } else {
                                product_pair_neighbours(source, block + line * side, count)
                            }
                        }
                    }
                    let source = UnsafeRawPointer(
                        pointer(outer: outer.lowerBound + first, inner: k))
                    let rows = min(side, words - word)
                    if rows == side, columns == side {
                        product_transpose(
                            whole ? source : UnsafeRawPointer(block), whole ? matrix.stride : side,
                            target + word * width + first, width)
                        continue
                    }
                    product_transpose(
                        whole ? source : UnsafeRawPointer(block), whole ? matrix.stride : side,
                        turned, side)
                    for row in 0..<rows {
                        (target + (word + row) * width + first).update(
                            from: turned + row * side, count: columns)
                    }
                }
            }
        }
    }
}

/// A left factor laid out for the tiles, as long as `body` of ``withLeftFactor(_:rows:inner:precision:_:)`` runs.
struct LeftFactor {
    var base: UnsafePointer<UInt32>
    /// Distance between groups of eight rows, in words.
    var groupStride: Int
    var rowStride: Int
    var step: Int
    /// Rows that exist.
    var rows: Int

    /// The same rows without their first words.
    @inline(__always)
    func skipping(_ words: Int) -> LeftFactor {
        var result = self
        result.base += words * step
        return result
    }

    /// The eight rows (or fewer, at the end) from `row` on, a multiple of eight.
    @inline(__always)
    func tileRows(_ row: Int) -> LeftRows {
        LeftRows(
            base: base + row / ProductTile.rows * groupStride, rowStride: rowStride, step: step,
            rows: rows - row)
    }
}

/// Lays out part of a left factor in memory of the calling thread, on all threads; floats that lie
/// row by row are used where they are.
func layOutLeft(
    _ factor: ProductFactor, rows: Range<Int>, inner: Range<Int>, precision: MatrixPrecision
) -> LeftFactor {
    let tile = ProductTile.rows
    if precision == .float32, factor.innerIsColumn {
        let first = factor.pointer(outer: rows.lowerBound, inner: inner.lowerBound)
        let stride = factor.matrix.stride
        return LeftFactor(
            base: UnsafeRawPointer(first).assumingMemoryBound(to: UInt32.self),
            groupStride: tile * stride, rowStride: stride, step: 1, rows: rows.count)
    }
    let words = precision.words(inner.count)
    let groups = (rows.count + tile - 1) / tile
    let groupStride = words * tile
    let memory = ThreadScratch.memory(
        .leftFactor, bytes: groups * groupStride * MemoryLayout<UInt32>.stride
    ).assumingMemoryBound(to: UInt32.self)
    if factor.innerIsColumn {
        // Rows of pairs, as they lie; a few are quicker on one thread.
        Parallel.forEachRange(rows.count, grain: max(16, (1 << 16) / inner.count)) { range in
            for row in range {
                product_pair_neighbours(
                    factor.pointer(outer: rows.lowerBound + row, inner: inner.lowerBound),
                    memory + row * words, inner.count)
            }
        }
        return LeftFactor(
            base: memory, groupStride: groupStride, rowStride: words, step: 1, rows: rows.count)
    }
    // Rows are columns in memory: groups of eight side by side. A task reads whole cache lines.
    Parallel.forEachRange(groups, grain: 8) { range in
        factor.packGroups(range, of: rows, inner, precision, into: memory)
    }
    return LeftFactor(
        base: memory, groupStride: groupStride, rowStride: 1, step: tile, rows: rows.count)
}

extension ProductFactor {
    /// Lays out at most eight groups of eight columns of memory, line by line over all of them.
    fileprivate func packGroups(
        _ groups: Range<Int>, of rows: Range<Int>, _ inner: Range<Int>,
        _ precision: MatrixPrecision, into memory: UnsafeMutablePointer<UInt32>
    ) {
        let tile = ProductTile.rows
        let groupStride = precision.words(inner.count) * tile
        let first = rows.lowerBound + groups.lowerBound * tile
        let outer = first..<min(first + groups.count * tile, rows.upperBound)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8 * tile) { line in
            guard let line = line.baseAddress else { return }
            line.update(repeating: 0, count: 8 * tile)
            var target = memory + groups.lowerBound * groupStride
            for k in stride(from: inner.lowerBound, to: inner.upperBound, by: precision.perWord) {
                copyLine(outer, k, of: inner, precision, into: line)
                for group in 0..<groups.count {
                    copyWords(line + group * tile, to: target + group * groupStride, count: tile)
                }
                target += tile
            }
        }
    }
}

/// Copies a few words of 32 bits, without the call that `memmove` is.
@inline(__always)
private func copyWords(
    _ source: UnsafeRawPointer, to target: UnsafeMutablePointer<UInt32>, count: Int
) {
    typealias Eight = SIMD8<UInt32>
    let width = 8 * MemoryLayout<UInt32>.stride
    let target = UnsafeMutableRawPointer(target)
    let whole = count / 8
    for index in 0..<whole {
        target.storeBytes(
            of: (source + index * width).loadUnaligned(as: Eight.self), toByteOffset: index * width,
            as: Eight.self)
    }
    let rest = count - 8 * whole
    if rest > 0 {
        (target + whole * width).copyMemory(
            from: source + whole * width, byteCount: rest * MemoryLayout<UInt32>.stride)
    }
}
