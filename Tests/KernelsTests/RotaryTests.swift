import Glibc
import Kernels
import Testing

@Suite struct RotaryTests {
    private static let positions: [Int32] = [0, 1, 2, 17, 95, 1000, 4095, 5]

    @Test(arguments: [2, 4, 6, 30, 32, 34, 64, 66, 128], [1, 3])
    func turnsPairsByTheirAngles(_ width: Int, _ heads: Int) {
        let theta: Float = 10_000
        let rows = Self.positions.count
        let x = SpacedMatrix(rows, heads * width, padding: 3, random: "rotary", scale: 2)
        let original = SpacedMatrix(rows, heads * width, random: "rotary", scale: 2)
        let rotary = RotaryEmbedding(
            headWidth: width, inverseFrequencies: rotaryFrequencies(width: width, theta: theta))
        rotary.rotate(x.view, positions: Self.positions)
        #expect(x.marksStand)
        for row in 0..<rows {
            // Angles are products of single precision.
            let rounding = 2e-6 + Double(Self.positions[row]) * 2.5e-7
            for head in 0..<heads {
                for j in 0..<width / 2 {
                    let angle =
                        Double(Self.positions[row])
                        * pow(Double(theta), -2 * Double(j) / Double(width))
                    let (low, high) = (head * width + j, head * width + width / 2 + j)
                    let (a, b) = (original[row, low], original[row, high])
                    let size = (a * a + b * b).squareRoot()
                    #expect(
                        abs(x[row, low] - (a * cos(angle) - b * sin(angle))) < rounding * size)
                    #expect(
                        abs(x[row, high] - (b * cos(angle) + a * sin(angle))) < rounding * size)
                }
            }
        }
    }

    /// Of a head of ten channels the first six turn, times a magnitude; the others stay.
    @Test func turnsAPartOfAHead() {
        let x = SpacedMatrix(Self.positions.count, 20, padding: 3, random: "part")
        let whole = SpacedMatrix(Self.positions.count, 12) { row, column in
            Float(x[row, column / 6 * 10 + column % 6])
        }
        let before = SpacedMatrix(Self.positions.count, 20, random: "part")
        let frequencies = rotaryFrequencies(width: 6, theta: 500)
        RotaryEmbedding(headWidth: 10, inverseFrequencies: frequencies, magnitude: 2)
            .rotate(x.view, positions: Self.positions)
        RotaryEmbedding(headWidth: 6, inverseFrequencies: frequencies)
            .rotate(whole.view, positions: Self.positions)
        #expect(x.marksStand)
        for row in Self.positions.indices {
            for column in 0..<20 {
                let (head, channel) = (column / 10, column % 10)
                let expected =
                    channel < 6 ? 2 * whole[row, head * 6 + channel] : before[row, column]
                #expect(abs(x[row, column] - expected) < 1e-5)
            }
        }
    }

    /// The transpose of a rotation is the rotation back: ⟨R·x, y⟩ = ⟨x, Rᵀ·y⟩.
    @Test(arguments: [2, 6, 34, 64])
    func theInverseIsTheBackwardPass(_ width: Int) {
        let rows = Self.positions.count
        let x = SpacedMatrix(rows, 2 * width, random: "x")
        let y = SpacedMatrix(rows, 2 * width, random: "y")
        let turned = SpacedMatrix(rows, 2 * width, random: "x")
        let back = SpacedMatrix(rows, 2 * width, random: "y")
        let rotary = RotaryEmbedding(
            headWidth: width, inverseFrequencies: rotaryFrequencies(width: width, theta: 500))
        rotary.rotate(turned.view, positions: Self.positions)
        rotary.rotate(back.view, positions: Self.positions, inverse: true)
        for row in 0..<rows {
            let one = zip(turned.doubles(row), y.doubles(row)).reduce(0.0) { $0 + $1.0 * $1.1 }
            let other = zip(x.doubles(row), back.doubles(row)).reduce(0.0) { $0 + $1.0 * $1.1 }
            #expect(abs(one - other) < 1e-5)
        }
        rotary.rotate(turned.view, positions: Self.positions, inverse: true)
        for row in 0..<rows {
            for column in 0..<2 * width {
                #expect(abs(turned[row, column] - x[row, column]) < 1e-6)
            }
        }
    }
}
