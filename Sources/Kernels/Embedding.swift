/// output[row] = table[ids[row]], or += when `accumulating`.
///
/// - Parameters:
///   - table: (V, C)
///   - ids: (T), each in 0 ..< V
///   - output: (T, C)
public func gatherRows(
    of table: UnsafePointer<Float>, ids: UnsafePointer<Int32>, into output: MatrixView,
    accumulating: Bool = false
) {
    let channels = output.columns
    forEachLookup(ids, output) { start, target in
        if accumulating {
            accumulate(table + start, scaledBy: 1, into: target, count: channels)
        } else {
            target.update(from: table + start, count: channels)
        }
    }
}

/// The same for a table of bfloat16 numbers.
public func gatherRows(
    of table: UnsafeMutablePointer<UInt16>, ids: UnsafePointer<Int32>, into output: MatrixView,
    accumulating: Bool = false
) {
    let channels = output.columns
    forEachLookup(ids, output) { start, target in
        for channel in 0..<channels {
            let value = Float(bitPattern: UInt32(table[start + channel]) << 16)
            target[channel] = accumulating ? target[channel] + value : value
        }
    }
}

/// Calls `body` with the first element of table[ids[row]] and the row of `output`, for every row.
private func forEachLookup(
    _ ids: UnsafePointer<Int32>, _ output: MatrixView,
    _ body: (_ start: Int, _ target: UnsafeMutablePointer<Float>) -> Void
) {
    StageClock.measure(.embedding) {
        Parallel.forEachRange(output.rows, grain: rowGrain) { rows in
            for row in rows {
                body(Int(ids[row]) * output.columns, output.base + row * output.stride)
            }
        }
    }
}

/// table[ids[row]] += x[row], in the order of rows whatever the number of threads.
///
/// - Parameters:
///   - x: (T, C)
///   - ids: (T), each in 0 ..< V
///   - table: (V, C)
public func scatterAddRows(
    of x: MatrixView, ids: UnsafePointer<Int32>, into table: UnsafeMutablePointer<Float>
) {
    StageClock.measure(.embedding) {
        // Threads share the channels, not the rows: two rows may have the same id.
        Parallel.forEachRange(x.columns, grain: 64) { channels in
            for row in 0..<x.rows {
                accumulate(
                    x.base + row * x.stride + channels.lowerBound, scaledBy: 1,
                    into: table + Int(ids[row]) * x.columns + channels.lowerBound,
                    count: channels.count)
            }
        }
    }
}
