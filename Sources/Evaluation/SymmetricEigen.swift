import Glibc
import Kernels

/// Eigenvalues and the leading eigenvectors of a symmetric matrix, in double precision.
///
/// Householder's reflections make the matrix tridiagonal, the implicit QL method gives the eigenvalues
/// of that (Golub & Van Loan, Matrix Computations, 8.3), inverse iteration the eigenvectors that are
/// asked for. Every sum has an order of its own, so that all processors give the same bytes.
package final class SymmetricEigen {
    /// The eigenvalues, largest first.
    package let values: [Double]

    private let order: Int
    /// The matrix; behind the diagonal of row k, the vector of the k-th reflection.
    private let matrix: UnsafeMutablePointer<Double>
    /// What the k-th reflection scales its vector's outer product with.
    private var factors: [Double]
    private let tridiagonal: Tridiagonal

    /// Decomposes a matrix.
    ///
    /// - Parameter matrix: (order, order), finite, both triangles filled; order ≥ 1
    package init(_ matrix: [Double], order: Int) throws(EvaluationError) {
        precondition(order > 0 && matrix.count == order * order, "not a square matrix")
        self.order = order
        self.matrix = PageMemory.allocate(order * order, of: Double.self)
        self.matrix.update(from: matrix, count: order * order)
        factors = [Double](repeating: 0, count: order)
        tridiagonal = Self.reduce(self.matrix, order, &factors)
        values = try tridiagonal.eigenvalues().sorted(by: >)
    }

    deinit { PageMemory.deallocate(matrix) }

    /// The eigenvectors of the first `count` values, each of length one.
    package func vectors(_ count: Int) -> [[Double]] {
        var vectors: [[Double]] = []
        var random = RandomStream(seed: 0, name: "eigenvectors")
        for index in 0..<count {
            vectors.append(tridiagonal.eigenvector(values, index, before: vectors, &random))
        }
        vectors.withUnsafeMutableBufferPointer { vectors in
            Parallel.forEach(count) { index in
                vectors[index].withUnsafeMutableBufferPointer { vector in
                    guard let base = vector.baseAddress else { return }
                    turnBack(base)
                }
            }
        }
        return vectors
    }

    /// Applies the reflections to a vector, the last one first.
    private func turnBack(_ vector: UnsafeMutablePointer<Double>) {
        for k in stride(from: order - 3, through: 0, by: -1) where factors[k] != 0 {
            let reflection = matrix + k * order + k + 1
            let count = order - k - 1
            add(
                reflection, times: -factors[k] * product(reflection, vector + k + 1, count),
                to: vector + k + 1, count)
        }
    }

    /// Reflects the matrix into a tridiagonal one.
    private static func reduce(
        _ matrix: UnsafeMutablePointer<Double>, _ order: Int, _ factors: inout [Double]
    ) -> Tridiagonal {
        var diagonal = [Double](repeating: 0, count: order)
        var off = [Double](repeating: 0, count: order)
        let image = PageMemory.allocate(order, of: Double.self)
        defer { PageMemory.deallocate(image) }
        for k in 0..<max(0, order - 2) {
            diagonal[k] = matrix[k * order + k]
            let vector = matrix + k * order + k + 1
            let count = order - k - 1
            let norm = product(vector, vector, count).squareRoot()
            guard norm > 0 else { continue }
            off[k] = vector[0] > 0 ? -norm : norm
            vector[0] -= off[k]
            // 2 / (v·v), from what v·v is made of.
            let factor = 1 / (norm * (norm + abs(vector[0] + off[k])))
            factors[k] = factor
            let corner = matrix + (k + 1) * order + k + 1
            Parallel.forEachRange(count, grain: 32) { rows in
                for row in rows {
                    image[row] = factor * product(corner + row * order, vector, count)
                }
            }
            add(vector, times: -factor / 2 * product(image, vector, count), to: image, count)
            Parallel.forEachRange(count, grain: 32) { rows in
                for row in rows {
                    add(vector, times: -image[row], to: corner + row * order, count)
                    add(image, times: -vector[row], to: corner + row * order, count)
                }
            }
        }
        for k in max(0, order - 2)..<order { diagonal[k] = matrix[k * order + k] }
        if order > 1 { off[order - 2] = matrix[(order - 2) * order + order - 1] }
        return Tridiagonal(diagonal: diagonal, off: off)
    }
}

/// A symmetric tridiagonal matrix.
private struct Tridiagonal {
    let diagonal: [Double]
    /// Beside the diagonal; the last element is zero.
    let off: [Double]

    private var order: Int { diagonal.count }

    /// The largest sum of sizes in a row.
    private var norm: Double {
        diagonal.indices.map {
            abs(diagonal[$0]) + abs(off[$0]) + ($0 > 0 ? abs(off[$0 - 1]) : 0)
        }.max() ?? 0
    }

    /// All eigenvalues, by QL steps with implicit shifts.
    func eigenvalues() throws(EvaluationError) -> [Double] {
        var (d, e) = (diagonal, off)
        for first in 0..<order {
            var steps = 0
            while true {
                // What is beside the diagonal and adds nothing to it cuts the matrix.
                var last = first
                while last < order - 1 {
                    let size = abs(d[last]) + abs(d[last + 1])
                    if size + abs(e[last]) == size { break }
                    last += 1
                }
                if last == first { break }
                steps += 1
                guard steps <= 60 else { throw .eigensolver(index: first) }
                step(&d, &e, first, last)
            }
        }
        return d
    }

    /// One QL step on the rows `first ... last`, from the last to the first.
    private func step(_ d: inout [Double], _ e: inout [Double], _ first: Int, _ last: Int) {
        let half = (d[first + 1] - d[first]) / (2 * e[first])
        let root = hypot(half, 1)
        var g = d[last] - d[first] + e[first] / (half + (half < 0 ? -root : root))
        var (sine, cosine, shift) = (1.0, 1.0, 0.0)
        for row in stride(from: last - 1, through: first, by: -1) {
            let f = sine * e[row]
            let b = cosine * e[row]
            let length = hypot(f, g)
            e[row + 1] = length
            guard length > 0 else {
                d[row + 1] -= shift
                e[last] = 0
                return
            }
            sine = f / length
            cosine = g / length
            g = d[row + 1] - shift
            let r = (d[row] - g) * sine + 2 * cosine * b
            shift = sine * r
            d[row + 1] = g + shift
            g = cosine * r - b
        }
        d[first] -= shift
        e[first] = g
        e[last] = 0
    }

    /// The eigenvector of `values[index]`, which fall, orthogonal to those before it.
    func eigenvector(
        _ values: [Double], _ index: Int, before others: [[Double]], _ random: inout RandomStream
    ) -> [Double] {
        let size = max(norm, .leastNormalMagnitude / .ulpOfOne)
        // Equal eigenvalues would give the same vector: they are moved apart, and their vectors kept
        // orthogonal, as are those of all that are near.
        let shift = values[index] - 4 * Double(index) * .ulpOfOne * size
        let near = others.indices.filter { values[$0] - values[index] < 1e-3 * size }
        var vector = (0..<order).map { _ in random.uniform() - 0.5 }
        let solver = ShiftedSolver(self, shift, smallest: .ulpOfOne * size)
        for _ in 0..<4 {
            solver.solve(&vector)
            normalize(&vector)
            for _ in 0..<2 {
                for other in near { remove(others[other], from: &vector) }
                normalize(&vector)
            }
        }
        return vector
    }

    private func normalize(_ vector: inout [Double]) {
        let largest = vector.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else { return }
        for index in vector.indices { vector[index] /= largest }
        let norm = product(vector, vector, vector.count).squareRoot()
        for index in vector.indices { vector[index] /= norm }
    }

    private func remove(_ other: [Double], from vector: inout [Double]) {
        let share = product(other, vector, vector.count)
        vector.withUnsafeMutableBufferPointer { vector in
            guard let base = vector.baseAddress else { return }
            add(other, times: -share, to: base, vector.count)
        }
    }
}

/// (T − λ·1)·x = b, by elimination with exchange of rows.
private struct ShiftedSolver {
    /// The upper triangle: diagonal and the two lines beside it.
    private var upper: [(Double, Double, Double)] = []
    /// What the row is subtracted with from the next, and whether they were exchanged first.
    private var steps: [(factor: Double, exchanged: Bool)] = []

    /// - Parameter smallest: what stands for a pivot that is zero
    init(_ matrix: Tridiagonal, _ shift: Double, smallest: Double) {
        let order = matrix.diagonal.count
        var row = (matrix.diagonal[0] - shift, matrix.off[0], 0.0)
        for k in 0..<order - 1 {
            var next = (
                matrix.off[k], matrix.diagonal[k + 1] - shift, matrix.off[k + 1]
            )
            let exchanged = abs(next.0) > abs(row.0)
            if exchanged { swap(&row, &next) }
            if row.0 == 0 { row.0 = smallest }
            let factor = next.0 / row.0
            steps.append((factor, exchanged))
            upper.append(row)
            row = (next.1 - factor * row.1, next.2 - factor * row.2, 0)
        }
        if abs(row.0) < smallest { row.0 = row.0 < 0 ? -smallest : smallest }
        upper.append(row)
    }

    /// Replaces b by x.
    func solve(_ b: inout [Double]) {
        for (k, step) in steps.enumerated() {
            if step.exchanged { b.swapAt(k, k + 1) }
            b[k + 1] -= step.factor * b[k]
        }
        for k in b.indices.reversed() {
            var value = b[k]
            if k + 1 < b.count { value -= upper[k].1 * b[k + 1] }
            if k + 2 < b.count { value -= upper[k].2 * b[k + 2] }
            b[k] = value / upper[k].0
        }
    }
}

/// Σ a[i]·b[i], in eight sums that are added at the end.
@inline(__always)
private func product(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int
) -> Double {
    var sum = SIMD8<Double>.zero
    var i = 0
    while i + 8 <= count {
        sum +=
            UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Double>.self)
            * UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Double>.self)
        i += 8
    }
    var rest = 0.0
    while i < count {
        rest += a[i] * b[i]
        i += 1
    }
    return sum.sum() + rest
}

/// y ← y + factor·x.
@inline(__always)
private func add(
    _ x: UnsafePointer<Double>, times factor: Double, to y: UnsafeMutablePointer<Double>,
    _ count: Int
) {
    for i in 0..<count { y[i] += factor * x[i] }
}
