import Kernels
import Testing

/// Products against three loops in double precision, on odd sizes.
@Suite struct MatrixProductTests {
    struct Size: Sendable, CustomStringConvertible {
        let m, n, k: Int
        var description: String { "\(m)×\(n)×\(k)" }
    }

    /// On both sides of tiles of 8 by 32, of what a task takes, and of chunks of inner indices.
    static let sizes = [
        Size(m: 1, n: 1, k: 1), Size(m: 2, n: 33, k: 17), Size(m: 3, n: 5, k: 7),
        Size(m: 17, n: 31, k: 64), Size(m: 259, n: 97, k: 33), Size(m: 301, n: 1601, k: 19),
        Size(m: 600, n: 770, k: 5), Size(m: 9, n: 40, k: 1603), Size(m: 4105, n: 7, k: 3),
    ]

    @Test(arguments: sizes, MatrixPrecision.allCases)
    func agreesWithThreeLoops(_ size: Size, _ precision: MatrixPrecision) {
        for transposeA in [Transposition.none, .transposed] {
            for transposeB in [Transposition.none, .transposed] {
                for accumulating in [false, true] {
                    check(size, transposeA, transposeB, accumulating, precision)
                }
            }
        }
    }

    private func check(
        _ size: Size, _ transposeA: Transposition, _ transposeB: Transposition,
        _ accumulating: Bool, _ precision: MatrixPrecision
    ) {
        let (m, n, k) = (size.m, size.n, size.k)
        let a = TestMatrix(transposeA == .none ? (m, k) : (k, m), salt: 1)
        let b = TestMatrix(transposeB == .none ? (k, n) : (n, k), salt: 2)
        // A column more than the product fills, which must stay as it is.
        let c = TestMatrix((m, n + 1), salt: 3)
        let before = c.values
        multiply(
            a.view, transposeA, b.view, transposeB, into: c.view.columns(0..<n),
            accumulating: accumulating, precision: precision)
        let x = a.values.map { precision == .float32 ? Double($0) : roundedToBFloat16($0) }
        let y = b.values.map { precision == .float32 ? Double($0) : roundedToBFloat16($0) }
        let after = c.values
        var worst = 0.0
        for i in 0..<m {
            for j in 0..<n {
                var total = accumulating ? Double(before[i * (n + 1) + j]) : 0
                for l in 0..<k {
                    total +=
                        x[transposeA == .none ? i * k + l : l * m + i]
                        * y[transposeB == .none ? l * n + j : j * k + l]
                }
                worst = max(worst, abs(total - Double(after[i * (n + 1) + j])))
            }
            #expect(after[i * (n + 1) + n] == before[i * (n + 1) + n])
        }
        // Sums of K products between −1 and 1, each addition rounded to 24 bits.
        #expect(
            worst < 2e-6 * Double(k + 1),
            "\(size) \(transposeA) \(transposeB) \(precision)")
    }

    @Test func noInnerIndicesGiveZeros() {
        let c = TestMatrix((3, 5), salt: 1)
        let empty = TestMatrix((0, 0), salt: 1).view
        multiply(
            MatrixView(empty.base, rows: 3, columns: 0), .none,
            MatrixView(empty.base, rows: 0, columns: 5), .none, into: c.view)
        #expect(c.values.allSatisfy { $0 == 0 })
    }

    /// What generation and scores rest on: neither the other rows nor a layout of weights in advance
    /// change a bit.
    @Test(arguments: MatrixPrecision.allCases, [Transposition.none, .transposed])
    func aRowDoesNotDependOnTheOthersToTheBit(
        _ precision: MatrixPrecision, _ transposition: Transposition
    ) {
        let (rows, inputs, outputs) = (291, 1700, 70)
        let x = TestMatrix((rows, inputs), salt: 5)
        let weight = TestMatrix(
            transposition == .none ? (inputs, outputs) : (outputs, inputs), salt: 6)
        let together = TestMatrix((rows, outputs), salt: 0)
        multiply(
            x.view, .none, weight.view, transposition, into: together.view, precision: precision)
        let packed = PackedWeights([weight.view], transposition, precision: precision)
        let laidOut = TestMatrix((rows, outputs), salt: 0)
        packed.forward(x.view, into: laidOut.view)
        #expect(laidOut.values == together.values)
        for (first, count) in [(0, 1), (3, 2), (17, 9), (100, 130), (290, 1)] {
            let alone = TestMatrix((count, outputs), salt: 0)
            multiply(
                x.view.rows(first..<first + count), .none, weight.view, transposition,
                into: alone.view, precision: precision)
            #expect(
                alone.values
                    == Array(together.values[first * outputs..<(first + count) * outputs]))
            packed.forward(x.view.rows(first..<first + count), into: laidOut.view.rows(0..<count))
            #expect(Array(laidOut.values[0..<count * outputs]) == alone.values)
        }
    }

    @Test func stackedWeightsGiveTheBitsOfEach() {
        let x = TestMatrix((9, 50), salt: 1)
        let weights = [(64, 2), (32, 3), (41, 4)].map { TestMatrix(($0, 50), salt: $1) }
        let stacked = PackedWeights(weights.map(\.view), .transposed)
        let y = TestMatrix((9, 137), salt: 0)
        stacked.forward(x.view, into: y.view)
        var first = 0
        for weight in weights {
            let count = weight.view.rows
            let alone = TestMatrix((9, count), salt: 0)
            multiply(x.view, .none, weight.view, .transposed, into: alone.view)
            for row in 0..<9 {
                let line = y.values[row * 137 + first..<row * 137 + first + count]
                #expect(Array(line) == Array(alone.values[row * count..<(row + 1) * count]))
            }
            first += count
        }
        #expect(!PackedWeights.canStack([64, 41, 32]))
    }

    @Test(arguments: MatrixPrecision.allCases)
    func aNaNStaysOne(_ precision: MatrixPrecision) {
        let x = TestMatrix((40, 33), salt: 1)
        let weight = TestMatrix((33, 40), salt: 2)
        x.base[7 * 33 + 32] = Float(bitPattern: 0x7fff_ffff)
        weight.base[3 * 40 + 39] = -.nan
        let y = TestMatrix((40, 40), salt: 3)
        multiply(x.view, .none, weight.view, .none, into: y.view, precision: precision)
        let values = y.values
        for row in 0..<40 {
            for column in 0..<40 {
                #expect(values[row * 40 + column].isNaN == (row == 7 || column == 39))
            }
        }
    }

    private func roundedToBFloat16(_ x: Float) -> Double {
        let bits = x.bitPattern
        return Double(Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
    }
}

/// A matrix of numbers between −1 and 1 that look random.
final class TestMatrix {
    private let memory: FloatBuffer
    let view: MatrixView

    init(_ shape: (rows: Int, columns: Int), salt: Int) {
        memory = FloatBuffer(capacity: shape.rows * shape.columns)
        view = MatrixView(memory.base, rows: shape.rows, columns: shape.columns)
        for index in 0..<shape.rows * shape.columns {
            memory.base[index] = Float((index * 7919 + salt * 104_729) % 20_011) / 10_005.5 - 1
        }
    }

    var base: UnsafeMutablePointer<Float> { view.base }
    var values: [Float] {
        Array(UnsafeBufferPointer(start: view.base, count: view.rows * view.columns))
    }
}
