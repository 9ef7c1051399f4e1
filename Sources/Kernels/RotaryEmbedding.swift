import Glibc

/// Rotary position embedding (Su et al. 2021) in the rotate-half form of Hugging Face's Llama:
/// channel j of a head pairs with channel j + d/2 and turns by position / scale · θ^(−2j/d).
public struct RotaryEmbedding: Sendable {
    /// Channels of a head, d.
    public let headWidth: Int
    private let inverseFrequencies: [Float]

    /// Prepares the frequencies of a head of `headWidth` channels with base `theta`.
    ///
    /// - Parameter scale: what positions are divided by, linear scaling (Chen et al. 2023)
    public init(headWidth: Int, theta: Float, scale: Float = 1) {
        self.headWidth = headWidth
        let half = headWidth / 2
        // In single precision, as the reference implementations compute them.
        inverseFrequencies = (0..<half).map {
            1 / powf(theta, Float(2 * $0) / Float(headWidth)) / scale
        }
    }

    /// Turns every head of every row in place; `inverse` turns back, which is the backward pass.
    ///
    /// - Parameters:
    ///   - x: (T, heads · d)
    ///   - positions: (T)
    public func rotate(_ x: MatrixView, positions: UnsafePointer<Int32>, inverse: Bool = false) {
        StageClock.measure(.pointwise) { turn(x, positions, inverse) }
    }

    private func turn(_ x: MatrixView, _ positions: UnsafePointer<Int32>, _ inverse: Bool) {
        let half = headWidth / 2
        let heads = x.columns / headWidth
        Parallel.forEachRange(x.rows, grain: rowGrain) { rows in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: headWidth) { buffer in
                guard let cosines = buffer.baseAddress else { return }
                let sines = cosines + half
                for row in rows {
                    for j in 0..<half {
                        let angle = Float(positions[row]) * inverseFrequencies[j]
                        cosines[j] = cosf(angle)
                        sines[j] = inverse ? -sinf(angle) : sinf(angle)
                    }
                    for head in 0..<heads {
                        let low = x.base + row * x.stride + head * headWidth
                        rotatePairs(low, low + half, cosines, sines, count: half)
                    }
                }
            }
        }
    }
}

@inline(__always)
private func rotatePairs(
    _ low: UnsafeMutablePointer<Float>, _ high: UnsafeMutablePointer<Float>,
    _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>, count: Int
) {
    var j = 0
    while j + 16 <= count {
        let a = low.vector(at: j)
        let b = high.vector(at: j)
        let c = cosines.vector(at: j)
        let s = sines.vector(at: j)
        low.store(a * c - b * s, at: j)
        high.store(b * c + a * s, at: j)
        j += 16
    }
    while j < count {
        let a = low[j]
        let b = high[j]
        low[j] = a * cosines[j] - b * sines[j]
        high[j] = b * cosines[j] + a * sines[j]
        j += 1
    }
}
