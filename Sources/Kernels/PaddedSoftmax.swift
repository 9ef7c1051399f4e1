/// The distance between rows of `columns` floats that makes each a whole number of vectors.
public func paddedWidth(_ columns: Int) -> Int { (columns + 15) & ~15 }

/// The numbers of the lanes.
private let laneNumbers: SIMD16<Int32> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]

/// Replaces every row by its softmax, on the calling thread.
///
/// - Parameter x: (R, L) whose stride is at least ``paddedWidth(_:)`` of L; what lies between the
///   end of a row and its last vector is overwritten.
public func softmaxPaddedRows(_ x: MatrixView) {
    let width = paddedWidth(x.columns)
    precondition(x.stride >= width)
    let last = width - 16
    let outside = laneNumbers .>= Int32(x.columns - last)
    for row in 0..<x.rows {
        let line = x.base + row * x.stride
        var end = line.vector(at: last)
        end.replace(with: -Float.infinity, where: outside)
        line.store(end, at: last)
        var top = end
        for i in stride(from: 0, to: last, by: 16) {
            let next = line.vector(at: i)
            top.replace(with: next, where: next .> top)
        }
        let shift = Vector(repeating: top.max())
        var total = Vector.zero
        for i in stride(from: 0, to: width, by: 16) {
            let value = exponential(line.vector(at: i) - shift)
            line.store(value, at: i)
            total += value
        }
        let factor = Vector(repeating: 1 / total.sum())
        for i in stride(from: 0, to: width, by: 16) {
            line.store(line.vector(at: i) * factor, at: i)
        }
    }
}
