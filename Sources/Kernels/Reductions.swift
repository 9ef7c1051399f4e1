/// Sums over rows on all threads, in an order that depends on the number of rows only.
///
/// Rows are cut into at most 32 ranges; `body` adds a range's sum to a zeroed vector of its own, and
/// the vectors are added to `total` in order.
func reduceOverRows(
    _ rows: Int, width: Int, into total: UnsafeMutablePointer<Float>,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
) {
    guard rows > 0 else { return }
    let grain = max(rowGrain, (rows + 31) / 32)
    let ranges = (rows + grain - 1) / grain
    let partials = ThreadScratch.floats(.reduction, count: ranges * width)
    partials.update(repeating: 0, count: ranges * width)
    Parallel.forEachRange(rows, grain: grain) { range in
        body(range, partials + range.lowerBound / grain * width)
    }
    for range in 0..<ranges {
        accumulate(partials + range * width, scaledBy: 1, into: total, count: width)
    }
}

/// x[row] += bias for every row.
///
/// - Parameters:
///   - bias: (C)
///   - x: (T, C)
public func addBias(_ bias: UnsafePointer<Float>, to x: MatrixView) {
    Parallel.forEachRange(x.rows, grain: rowGrain) { rows in
        for row in rows {
            accumulate(bias, scaledBy: 1, into: x.base + row * x.stride, count: x.columns)
        }
    }
}

/// total += Σ_rows x[row], the gradient of a bias.
///
/// - Parameters:
///   - x: (T, C)
///   - total: (C)
public func addColumnSums(of x: MatrixView, to total: UnsafeMutablePointer<Float>) {
    reduceOverRows(x.rows, width: x.columns, into: total) { rows, partial in
        for row in rows {
            accumulate(x.base + row * x.stride, scaledBy: 1, into: partial, count: x.columns)
        }
    }
}

/// Σ x[i]², accumulated in double precision.
public func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    let grain = 1 << 14
    let ranges = (count + grain - 1) / grain
    let partials = ThreadScratch.memory(
        .reduction, bytes: ranges * MemoryLayout<Double>.stride
    ).assumingMemoryBound(to: Double.self)
    Parallel.forEachRange(count, grain: grain) { range in
        var total = SIMD8<Double>.zero
        var i = range.lowerBound
        while i + 8 <= range.upperBound {
            let v = SIMD8<Double>(UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self))
            total.addProduct(v, v)
            i += 8
        }
        var rest = total.sum()
        while i < range.upperBound {
            rest += Double(x[i]) * Double(x[i])
            i += 1
        }
        partials[range.lowerBound / grain] = rest
    }
    var total = 0.0
    for range in 0..<ranges { total += partials[range] }
    return total
}
