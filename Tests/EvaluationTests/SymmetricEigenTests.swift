import Evaluation
import Testing

/// Eigenvalues and eigenvectors by what defines them.
@Suite struct SymmetricEigenTests {
    /// A·v = λ·v for each, vectors orthogonal and of length one, values falling and of the right sum.
    private func check(_ matrix: [Double], order: Int, values expected: [Double]? = nil) throws {
        let eigen = try SymmetricEigen(matrix, order: order)
        let vectors = eigen.vectors(order)
        let size = max(matrix.map(abs).max() ?? 0, .leastNormalMagnitude)
        let bound = 1e-12 * size * Double(order)
        #expect(eigen.values == eigen.values.sorted(by: >))
        var trace = 0.0
        for row in 0..<order { trace += matrix[row * order + row] }
        #expect(abs(eigen.values.reduce(0, +) - trace) <= bound)
        for (a, b) in zip(eigen.values, expected ?? eigen.values) { #expect(abs(a - b) <= bound) }
        for (index, vector) in vectors.enumerated() {
            for row in 0..<order {
                var image = 0.0
                for column in 0..<order { image += matrix[row * order + column] * vector[column] }
                let difference: Double = image - eigen.values[index] * vector[row]
                #expect(abs(difference) <= bound)
            }
            for other in 0...index {
                var product = 0.0
                for place in 0..<order { product += vector[place] * vectors[other][place] }
                let expected: Double = other == index ? 1 : 0
                #expect(abs(product - expected) < 1e-12)
            }
        }
    }

    private func random(_ order: Int, rank: Int) -> [Double] {
        var points = [Double](repeating: 0, count: order * rank)
        for index in points.indices {
            let number: Int = (index * 7919 + index * index * 31 + 13) % 10_007
            points[index] = Double(number) / 5000 - 1
        }
        var matrix = [Double](repeating: 0, count: order * order)
        for row in 0..<order {
            for column in 0..<order {
                var sum = 0.0
                for k in 0..<rank {
                    let product: Double = points[row * rank + k] * points[column * rank + k]
                    sum += product / Double(k + 1)
                }
                matrix[row * order + column] = sum
            }
        }
        return matrix
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 3), (17, 30), (60, 90)])
    func randomMatrices(_ order: Int, _ rank: Int) throws {
        try check(random(order, rank: rank), order: order)
    }

    /// Fewer points than dimensions: most eigenvalues are zero, and near each other.
    @Test(arguments: [1, 3, 20]) func matricesOfLowRank(_ rank: Int) throws {
        try check(random(48, rank: rank), order: 48)
    }

    @Test func equalEigenvalues() throws {
        var unit = [Double](repeating: 0, count: 900)
        for index in 0..<30 { unit[index * 31] = index < 10 ? 3 : 1 }
        try check(
            unit, order: 30, values: (0..<30).map { $0 < 10 ? 3 : 1 })
        var values = [Double](repeating: 0, count: 20)
        values[0] = 20
        try check([Double](repeating: 1, count: 400), order: 20, values: values)
        try check(
            [Double](repeating: 0, count: 64), order: 8, values: Array(repeating: 0, count: 8))
    }

    /// (2, −1) beside the diagonal: 2 − 2·cos(kπ / (n + 1)), known in closed form.
    @Test func aChainOfSprings() throws {
        let order = 25
        var matrix = [Double](repeating: 0, count: order * order)
        for index in 0..<order {
            matrix[index * order + index] = 2
            if index > 0 {
                matrix[index * order + index - 1] = -1
                matrix[(index - 1) * order + index] = -1
            }
        }
        // 4·sin²(x/2) with sines by their series, so that the test needs no C library.
        func sine(_ x: Double) -> Double {
            var (term, sum, n) = (x, x, 1.0)
            while abs(term) > 1e-18 {
                let factor: Double = -x * x / ((n + 1) * (n + 2))
                term *= factor
                sum += term
                n += 2
            }
            return sum
        }
        var values: [Double] = []
        for k in stride(from: order, through: 1, by: -1) {
            let s: Double = sine(Double(k) * Double.pi / Double(2 * (order + 1)))
            values.append(4 * s * s)
        }
        try check(matrix, order: order, values: values)
    }

    @Test(arguments: [1e-100, 1e100]) func sizesOfAllKinds(_ scale: Double) throws {
        try check(random(12, rank: 20).map { $0 * scale }, order: 12)
    }
}
