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
    StageClock.measure(.embedding) {
        let channels = output.columns
        Parallel.forEachRange(output.rows, grain: rowGrain) { rows in
            for row in rows {
                let source = table + Int(ids[row]) * channels
                let target = output.base + row * output.stride
                if accumulating {
                    accumulate(source, scaledBy: 1, into: target, count: channels)
                } else {
                    target.update(from: source, count: channels)
                }
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
