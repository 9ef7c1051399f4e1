import Kernels

/// Points rotated onto their principal axes, cut after the axes that explain enough variance.
struct PrincipalComponents {
    /// One row a point; column j is the coordinate on the j-th axis, largest variance first.
    let coordinates: FloatMatrix

    /// Sums over points run in blocks of this many, whatever the number of threads.
    private static let blockRows = 512

    /// Centres `points` in place and projects them.
    ///
    /// - Parameters:
    ///   - points: (n, d).
    ///   - explainedVariance: in (0, 1); axes are kept up to the first at which the running share of
    ///     the variance reaches it.
    init(of points: FloatMatrix, explainedVariance: Double) throws(EvaluationError) {
        Self.centre(points)
        // The covariance (d, d) and the Gram matrix (n, n) have the same eigenvalues but for zeros;
        // the smaller of the two is decomposed.
        if points.columns <= points.rows {
            let eigen = try SymmetricEigen(Self.covariance(of: points), order: points.columns)
            let kept = Self.axesKept(eigen.values, explainedVariance)
            let axes = FloatMatrix(rows: kept, columns: points.columns)
            for (axis, vector) in eigen.vectors(kept).enumerated() {
                let row = axes.row(axis)
                for column in 0..<points.columns { row[column] = Float(vector[column]) }
            }
            coordinates = FloatMatrix(rows: points.rows, columns: kept)
            multiply(points.view, .none, axes.view, .transposed, into: coordinates.view)
        } else {
            let eigen = try SymmetricEigen(Self.gram(of: points), order: points.rows)
            let kept = Self.axesKept(eigen.values, explainedVariance)
            coordinates = FloatMatrix(rows: points.rows, columns: kept)
            for (axis, vector) in eigen.vectors(kept).enumerated() {
                let scale = max(0, eigen.values[axis]).squareRoot()
                for row in 0..<points.rows {
                    coordinates.row(row)[axis] = Float(scale * vector[row])
                }
            }
        }
    }

    /// How many of the falling eigenvalues explain the given share of their sum.
    private static func axesKept(_ eigenvalues: [Double], _ explainedVariance: Double) -> Int {
        let total = eigenvalues.reduce(0) { $0 + max(0, $1) }
        guard total > 0 else { return 1 }
        var running = 0.0
        for (index, value) in eigenvalues.enumerated() {
            running += max(0, value)
            if running / total >= explainedVariance { return index + 1 }
        }
        return eigenvalues.count
    }

    private static func centre(_ points: FloatMatrix) {
        let width = points.columns
        let blocks = (points.rows + blockRows - 1) / blockRows
        var sums = [Double](repeating: 0, count: blocks * width)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            Parallel.forEachRange(points.rows, grain: blockRows) { rows in
                let sum = sums + rows.lowerBound / blockRows * width
                for index in rows {
                    let row = points.row(index)
                    for column in 0..<width { sum[column] += Double(row[column]) }
                }
            }
        }
        let mean = FloatMatrix(rows: 1, columns: width)
        for column in 0..<width {
            let total = (0..<blocks).reduce(0) { $0 + sums[$1 * width + column] }
            mean.base[column] = Float(total / Double(points.rows))
        }
        Parallel.forEachRange(points.rows, grain: blockRows) { rows in
            for index in rows {
                accumulate(mean.base, scaledBy: -1, into: points.row(index), count: width)
            }
        }
    }

    /// XᵀX (not divided by n − 1: only ratios matter), summed in double precision over blocks of rows of a
    /// fixed size.
    private static func covariance(of points: FloatMatrix) -> [Double] {
        let order = points.columns
        let partial = FloatMatrix(rows: order, columns: order)
        var sum = [Double](repeating: 0, count: order * order)
        for first in stride(from: 0, to: points.rows, by: blockRows) {
            let rows = points.view.rows(first..<min(first + blockRows, points.rows))
            multiply(rows, .transposed, rows, .none, into: partial.view)
            sum.withUnsafeMutableBufferPointer { sum in
                guard let target = sum.baseAddress else { return }
                Parallel.forEachRange(order, grain: 64) { rows in
                    for row in rows {
                        let source = partial.row(row)
                        for column in 0..<order {
                            target[row * order + column] += Double(source[column])
                        }
                    }
                }
            }
        }
        return sum
    }

    /// XXᵀ, for points in more dimensions than there are points.
    private static func gram(of points: FloatMatrix) -> [Double] {
        let order = points.rows
        let product = FloatMatrix(rows: order, columns: order)
        multiply(points.view, .none, points.view, .transposed, into: product.view)
        return (0..<order).flatMap { row in
            (0..<order).map { Double(product.row(row)[$0]) }
        }
    }
}
