import Kernels
import Testing

@Suite struct RotaryScaleTests {
    /// Linear scaling by 4: position 8 turns as position 2 does without it.
    @Test func scalingDividesPositions() {
        func rotated(at position: Int32, scale: Float) -> [Float] {
            var values = (0..<24).map { Float($0) - 7.5 }
            values.withUnsafeMutableBufferPointer { values in
                guard let base = values.baseAddress else { return }
                let matrix = MatrixView(base, rows: 1, columns: 24, stride: 24)
                withUnsafePointer(to: position) {
                    RotaryEmbedding(
                        headWidth: 12,
                        inverseFrequencies: rotaryFrequencies(width: 12, theta: 500)
                            .map { $0 / scale }
                    ).rotate(matrix, positions: $0)
                }
            }
            return values
        }
        #expect(rotated(at: 8, scale: 4) == rotated(at: 2, scale: 1))
        #expect(rotated(at: 8, scale: 4) != rotated(at: 8, scale: 1))
    }
}
