import Kernels
import Testing

/// Products on one thread with a factor that is laid out once, against plain loops.
@Suite struct SmallFactorTests {
    @Test(
        arguments: [
            (1, 1, 1), (2, 5, 33), (7, 64, 64), (8, 3, 31), (9, 65, 40), (64, 100, 100),
            (17, 64, 16),
        ], [false, true])
    func productsAreThoseOfLoops(_ size: (rows: Int, inner: Int, columns: Int), turned: Bool) {
        let (rows, inner, columns) = size
        let a = TestMatrix(turned ? (inner, rows) : (rows, inner), salt: 1)
        let b = TestMatrix((inner, columns), salt: 2)
        let transposed = TestMatrix((columns, inner), salt: 0)
        for k in 0..<inner {
            for n in 0..<columns { transposed.base[n * inner + k] = b.base[k * columns + n] }
        }
        let room = FloatBuffer(capacity: SmallFactor.floats(inner: inner, columns: columns))
        // The whole, and the first inner indices and columns.
        for (k, n) in [(inner, columns), ((inner + 1) / 2, (columns + 1) / 2)] {
            let left =
                turned ? a.view.rows(0..<k) : a.view.columns(0..<k)
            for isTransposed in [false, true] {
                let factor = SmallFactor(
                    isTransposed ? transposed.view : b.view, isTransposed ? .transposed : .none,
                    in: room.base)
                for accumulating in [false, true] {
                    let c = TestMatrix((rows, columns), salt: 3)
                    let before = c.values
                    factor.multiply(
                        left, turned ? .transposed : .none, into: c.view.columns(0..<n),
                        alpha: 0.25, accumulating: accumulating)
                    for row in 0..<rows {
                        for column in 0..<columns {
                            let place = row * columns + column
                            guard column < n else {
                                #expect(c.base[place] == before[place], "beyond the result")
                                continue
                            }
                            var exact = accumulating ? Double(before[place]) : 0
                            for index in 0..<k {
                                let x =
                                    turned
                                    ? a.base[index * rows + row] : a.base[row * inner + index]
                                exact += 0.25 * Double(x) * Double(b.base[index * columns + column])
                            }
                            #expect(abs(Double(c.base[place]) - exact) < 1e-5)
                        }
                    }
                }
            }
        }
    }

    /// Columns up to the next 32 are zeros where there is room for them.
    @Test func roomBehindTheColumnsIsFilledWithZeros() {
        let a = TestMatrix((5, 9), salt: 1)
        let b = TestMatrix((9, 40), salt: 2)
        let c = TestMatrix((5, 64), salt: 3)
        let room = FloatBuffer(capacity: SmallFactor.floats(inner: 9, columns: 40))
        SmallFactor(b.view, .none, in: room.base).multiply(a.view, into: c.view)
        for row in 0..<5 {
            #expect((40..<64).allSatisfy { c.base[row * 64 + $0] == 0 })
            #expect(c.base[row * 64 + 39] != 0)
        }
    }

    /// The product with many threads gives the same bits.
    @Test func bitsAreThoseOfTheLargeProduct() {
        let a = TestMatrix((37, 90), salt: 1)
        let b = TestMatrix((51, 90), salt: 2)
        let (small, large) = (TestMatrix((37, 51), salt: 0), TestMatrix((37, 51), salt: 0))
        let room = FloatBuffer(capacity: SmallFactor.floats(inner: 90, columns: 51))
        SmallFactor(b.view, .transposed, in: room.base).multiply(a.view, into: small.view)
        multiply(a.view, .none, b.view, .transposed, into: large.view)
        #expect(small.values == large.values)
    }

    @Test func thisProcessorMultipliesRightly() {
        #expect(throws: Never.self) { try ProductCheck.run() }
        #expect(ProductCheck.description.contains("kernels for "))
    }

    @Test func aWrongProductIsNamed() {
        let got: [Float] = [1, 2, 4]
        let error = #expect(throws: WrongProduct.self) {
            try got.withUnsafeBufferPointer {
                try ProductCheck.compare($0, with: [1, 2, 3], "int8")
            }
        }
        #expect(error?.product == "int8" && error?.got == 4 && error?.expected == 3)
        let unordered: [Float] = [.nan]
        #expect(throws: WrongProduct.self) {
            try unordered.withUnsafeBufferPointer {
                try ProductCheck.compare($0, with: [1], "fp32")
            }
        }
    }
}
