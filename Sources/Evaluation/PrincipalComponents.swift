import COpenBLAS
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
            for axis in 0..<kept {
                let row = axes.row(axis)
                for column in 0..<points.columns {
                    row[column] = eigen.component(column, ofVector: axis)
                }
            }
            coordinates = FloatMatrix(rows: points.rows, columns: kept)
            multiply(points.view, .none, axes.view, .transposed, into: coordinates.view)
        } else {
            let eigen = try SymmetricEigen(Self.gram(of: points), order: points.rows)
            let kept = Self.axesKept(eigen.values, explainedVariance)
            coordinates = FloatMatrix(rows: points.rows, columns: kept)
            for axis in 0..<kept {
                let scale = Float(max(0, eigen.values[axis]).squareRoot())
                for row in 0..<points.rows {
                    coordinates.row(row)[axis] = scale * eigen.component(row, ofVector: axis)
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

    /// XᵀX (not divided by n − 1: only ratios matter), lower triangle, summed in double precision
    /// over blocks of rows of a fixed size.
    private static func covariance(of points: FloatMatrix) -> [Float] {
        let order = points.columns
        let blocks = (points.rows + blockRows - 1) / blockRows
        // Blocks that are in memory at once; fewer when one of them is large.
        let wave = order <= 1024 ? 8 : 2
        let partial = FloatMatrix(rows: min(wave, blocks), columns: order * order)
        var sum = [Double](repeating: 0, count: order * order)
        for first in stride(from: 0, to: blocks, by: wave) {
            let count = min(wave, blocks - first)
            Parallel.forEach(count) { index in
                let start = (first + index) * blockRows
                // A row-major upper triangle is the column-major lower one that LAPACK reads.
                cblas_ssyrk(
                    CblasRowMajor, CblasUpper, CblasTrans, blasint(order),
                    blasint(min(blockRows, points.rows - start)), 1, points.row(start),
                    blasint(points.stride), 0, partial.row(index), blasint(order))
            }
            sum.withUnsafeMutableBufferPointer { sum in
                guard let target = sum.baseAddress else { return }
                Parallel.forEachRange(order, grain: 64) { rows in
                    for index in 0..<count {
                        let source = partial.row(index)
                        for row in rows {
                            for cell in row * order + row..<(row + 1) * order {
                                target[cell] += Double(source[cell])
                            }
                        }
                    }
                }
            }
        }
        return sum.map(Float.init)
    }

    /// XXᵀ, for points in more dimensions than there are points.
    private static func gram(of points: FloatMatrix) -> [Float] {
        let order = points.rows
        var product = [Float](repeating: 0, count: order * order)
        product.withUnsafeMutableBufferPointer { product in
            guard let base = product.baseAddress else { return }
            multiply(
                points.view, .none, points.view, .transposed,
                into: MatrixView(base, rows: order, columns: order))
        }
        return product
    }
}

/// Eigenvalues, largest first, and eigenvectors of a symmetric matrix (LAPACK `ssyevd`).
private struct SymmetricEigen {
    let values: [Double]
    private let vectors: [Float]
    private let order: Int

    /// - Parameter matrix: (order, order), of which the row-major upper triangle is read.
    init(_ matrix: [Float], order: Int) throws(EvaluationError) {
        var vectors = matrix
        var ascending = [Float](repeating: 0, count: order)
        var size = blasint(order)
        var status: blasint = 0
        var workSize = blasint(1 + 6 * order + 2 * order * order)
        var integerSize = blasint(3 + 5 * order)
        var work = [Float](repeating: 0, count: Int(workSize))
        var integers = [blasint](repeating: 0, count: Int(integerSize))
        var leading = size
        ssyevd_(
            "V", "L", &size, &vectors, &leading, &ascending, &work, &workSize, &integers,
            &integerSize, &status)
        guard status == 0 else { throw .eigensolver(status: Int(status)) }
        self.order = order
        self.vectors = vectors
        values = ascending.reversed().map(Double.init)
    }

    /// One component of the eigenvector that belongs to `values[index]`.
    func component(_ component: Int, ofVector index: Int) -> Float {
        vectors[(order - 1 - index) * order + component]
    }
}
