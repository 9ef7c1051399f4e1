import CProduct

/// A kind of matrix product that gives wrong numbers on this processor.
public struct WrongProduct: Error, Hashable {
    /// The product, e.g. `bf16 (AVX512-BF16)`.
    public let product: String
    /// An element that it gave.
    public let got: Float
    /// What that should have been.
    public let expected: Float
}

/// Compares every kind of matrix product with plain loops on small factors: a compiler, an emulator or a
/// processor that is not the one that the kernels were built for may get them wrong.
public enum ProductCheck {
    /// What the kernels use of the processor, as `--version` says it.
    public static var description: String {
        let parts = [
            product_has_wide_vectors() ? "AVX-512" : "vectors of 256 bits or less",
            product_has_bfloat16() ? "AVX512-BF16" : nil,
            product_has_byte_products() ? "AVX512-VNNI" : nil,
        ]
        return "kernels for " + parts.compactMap { $0 }.joined(separator: ", ")
    }

    /// Checks all of them, in less than a millisecond.
    ///
    /// - Throws: ``WrongProduct`` for the first that is wrong.
    public static func run() throws(WrongProduct) {
        // Rows for each loop over rows: one, two, eight and what is left.
        for rows in [1, 2, 11] {
            let factors = Factors(rows: rows, inner: 83, columns: 45)
            for precision in MatrixPrecision.allCases {
                let name = precision.implementation
                let layouts: [(Transposition, Transposition)] = [
                    (.none, .none), (.none, .transposed), (.transposed, .none),
                ]
                for (left, right) in layouts {
                    try factors.check(name) { a, b, c in
                        multiply(
                            left == .none ? a.straight : a.turned, left,
                            right == .none ? b.straight : b.turned, right, into: c,
                            precision: precision)
                    }
                }
                try factors.check(name) { a, b, c in
                    PackedWeights([b.turned], .transposed, precision: precision)
                        .forward(a.straight, into: c)
                }
            }
            try factors.check("int8") { a, b, c in
                QuantizedWeights([b.turned], .transposed).forward(a.straight, into: c)
            }
            let room = FloatBuffer(capacity: SmallFactor.floats(inner: 83, columns: 45))
            try factors.check("small factors") { a, b, c in
                SmallFactor(b.turned, .transposed, in: room.base).multiply(a.straight, into: c)
            }
        }
    }

    /// A matrix as it is and transposed.
    struct Factor {
        let straight: MatrixView
        let turned: MatrixView
    }

    /// Factors of whole numbers whose products are exact in each precision: those of eight bits have a
    /// largest number of 127 wherever one scale is chosen.
    private struct Factors {
        private let memory: [FloatBuffer]
        private let a: Factor
        private let b: Factor
        private let result: MatrixView
        private let expected: [Float]

        init(rows: Int, inner: Int, columns: Int) {
            let buffers = (0..<5).map { _ in FloatBuffer() }
            let a = Factor(
                straight: buffers[0].matrix(rows: rows, columns: inner),
                turned: buffers[1].matrix(rows: inner, columns: rows))
            let b = Factor(
                straight: buffers[2].matrix(rows: inner, columns: columns),
                turned: buffers[3].matrix(rows: columns, columns: inner))
            func number(_ outer: Int, _ k: Int, _ salt: Int) -> Float {
                k % 64 == 5 ? 127 : Float((outer * 59 + k * 23 + salt) % 253 - 126)
            }
            for k in 0..<inner {
                for row in 0..<rows {
                    let value = number(row, k, 0)
                    a.straight.base[row * inner + k] = value
                    a.turned.base[k * rows + row] = value
                }
                for column in 0..<columns {
                    let value = number(column, k, 101)
                    b.straight.base[k * columns + column] = value
                    b.turned.base[column * inner + k] = value
                }
            }
            expected = (0..<rows * columns).map { place in
                (0..<inner).reduce(Float(0)) {
                    $0 + number(place / columns, $1, 0) * number(place % columns, $1, 101)
                }
            }
            (self.a, self.b, memory) = (a, b, buffers)
            result = buffers[4].matrix(rows: rows, columns: columns)
        }

        func check(
            _ product: String, _ compute: (Factor, Factor, MatrixView) -> Void
        ) throws(WrongProduct) {
            result.base.update(repeating: -1, count: expected.count)
            compute(a, b, result)
            try compare(
                UnsafeBufferPointer(start: result.base, count: expected.count), with: expected,
                product)
        }
    }

    /// - Throws: ``WrongProduct`` if two elements differ.
    package static func compare(
        _ got: UnsafeBufferPointer<Float>, with expected: [Float], _ product: String
    ) throws(WrongProduct) {
        for (got, expected) in zip(got, expected) where got != expected {
            throw WrongProduct(product: product, got: got, expected: expected)
        }
    }
}
