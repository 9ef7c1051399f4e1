import COpenBLAS
import Kernels

/// Points rotated onto their principal axes, cut after the axes that explain enough variance.
struct PrincipalComponents {
    /// One row a point; column j is the coordinate on the j-th axis, largest variance first.
    let coordinates: FloatMatrix

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
                    row[column] = Float(eigen.component(column, ofVector: axis))
                }
            }
            coordinates = FloatMatrix(rows: points.rows, columns: kept)
            multiply(points.view, .none, axes.view, .transposed, into: coordinates.view)
        } else {
            let eigen = try SymmetricEigen(Self.gram(of: points), order: points.rows)
            let kept = Self.axesKept(eigen.values, explainedVariance)
            coordinates = FloatMatrix(rows: points.rows, columns: kept)
            for axis in 0..<kept {
                let scale = max(0, eigen.values[axis]).squareRoot()
                for row in 0..<points.rows {
                    coordinates.row(row)[axis] = Float(scale * eigen.component(row, ofVector: axis))
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
        var mean = [Double](repeating: 0, count: points.columns)
        for index in 0..<points.rows {
            let row = points.row(index)
            for column in mean.indices { mean[column] += Double(row[column]) }
        }
        let centre = mean.map { Float($0 / Double(points.rows)) }
        for index in 0..<points.rows {
            let row = points.row(index)
            for column in centre.indices { row[column] -= centre[column] }
        }
    }

    /// XᵀX (not divided by n − 1: only ratios matter), lower triangle, summed in double precision
    /// over blocks of rows of a fixed size.
    private static func covariance(of points: FloatMatrix) -> [Double] {
        let order = points.columns
        let blockRows = 512
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
        return sum
    }

    /// XXᵀ, for points in more dimensions than there are points.
    private static func gram(of points: FloatMatrix) -> [Double] {
        let product = FloatMatrix(rows: points.rows, columns: points.rows)
        multiply(points.view, .none, points.view, .transposed, into: product.view)
        var result = [Double](repeating: 0, count: points.rows * points.rows)
        for row in 0..<points.rows {
            for column in 0..<points.rows {
                result[row * points.rows + column] = Double(product.row(row)[column])
            }
        }
        return result
    }
}

/// Eigenvalues, largest first, and eigenvectors of a symmetric matrix (LAPACK `dsyevd`).
private struct SymmetricEigen {
    let values: [Double]
    private let vectors: [Double]
    private let order: Int

    /// - Parameter matrix: (order, order), of which the row-major upper triangle is read.
    init(_ matrix: [Double], order: Int) throws(EvaluationError) {
        var vectors = matrix
        var ascending = [Double](repeating: 0, count: order)
        var size = blasint(order)
        var status: blasint = 0
        var workSize = blasint(1 + 6 * order + 2 * order * order)
        var integerSize = blasint(3 + 5 * order)
        var work = [Double](repeating: 0, count: Int(workSize))
        var integers = [blasint](repeating: 0, count: Int(integerSize))
        var leading = size
        dsyevd_(
            "V", "L", &size, &vectors, &leading, &ascending, &work, &workSize, &integers,
            &integerSize, &status)
        guard status == 0 else { throw .eigensolver(status: Int(status)) }
        self.order = order
        self.vectors = vectors
        values = ascending.reversed()
    }

    /// One component of the eigenvector that belongs to `values[index]`.
    func component(_ component: Int, ofVector index: Int) -> Double {
        vectors[(order - 1 - index) * order + component]
    }
}
