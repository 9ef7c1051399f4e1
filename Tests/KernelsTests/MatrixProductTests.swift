import Kernels
import Testing

/// Tiled products against three loops in double precision, on odd sizes.
@Suite struct MatrixProductTests {
    struct Size: Sendable, CustomStringConvertible {
        let m, n, k: Int
        var description: String { "\(m)×\(n)×\(k)" }
    }

    static let sizes = [
        Size(m: 1, n: 1, k: 1), Size(m: 3, n: 5, k: 7), Size(m: 17, n: 31, k: 64),
        Size(m: 259, n: 97, k: 33), Size(m: 301, n: 1601, k: 19), Size(m: 600, n: 770, k: 5),
    ]

    @Test(arguments: sizes)
    func agreesWithThreeLoops(_ size: Size) {
        for transposeA in [Transposition.none, .transposed] {
            for transposeB in [Transposition.none, .transposed] {
                check(size, transposeA, transposeB)
            }
        }
    }

    private func check(_ size: Size, _ transposeA: Transposition, _ transposeB: Transposition) {
        let (m, n, k) = (size.m, size.n, size.k)
        var a = (0..<m * k).map { Float(($0 * 37) % 23) / 23 - 0.4 }
        var b = (0..<k * n).map { Float(($0 * 53) % 29) / 29 - 0.6 }
        var c = (0..<m * n).map { Float($0 % 7) }
        let before = c
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    multiply(
                        transposeA == .none
                            ? MatrixView(a.baseAddress!, rows: m, columns: k)
                            : MatrixView(a.baseAddress!, rows: k, columns: m),
                        transposeA,
                        transposeB == .none
                            ? MatrixView(b.baseAddress!, rows: k, columns: n)
                            : MatrixView(b.baseAddress!, rows: n, columns: k),
                        transposeB, into: MatrixView(c.baseAddress!, rows: m, columns: n),
                        alpha: 0.5, beta: 2)
                }
            }
        }
        var worst = 0.0
        for i in 0..<m {
            for j in 0..<n {
                var total = 0.0
                for l in 0..<k {
                    let x = a[transposeA == .none ? i * k + l : l * m + i]
                    let y = b[transposeB == .none ? l * n + j : j * k + l]
                    total += Double(x) * Double(y)
                }
                let expected = 0.5 * total + 2 * Double(before[i * n + j])
                worst = max(worst, abs(expected - Double(c[i * n + j])))
            }
        }
        #expect(worst < 1e-4, "\(size) \(transposeA) \(transposeB)")
    }
}
