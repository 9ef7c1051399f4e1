import Glibc

/// θ^(−2j/d) for every pair of channels j < d/2.
///
/// - Parameters:
///   - width: d, the channels that rotate; if it is odd, one more does
///   - theta: θ, the base
public func rotaryFrequencies(width: Int, theta: Float) -> [Float] {
    // In single precision, as the reference implementations compute them.
    (0..<(width + 1) / 2).map { 1 / powf(theta, Float(2 * $0) / Float(width)) }
}

/// Rotary position embedding (Su et al. 2021) in the rotate-half form of Hugging Face's Llama: of the
/// first d channels of a head, channel j pairs with channel j + d/2 and turns by position times the
/// pair's frequency. Channels behind them stay.
public struct RotaryEmbedding: Sendable {
    /// Channels of a head.
    public let headWidth: Int
    private let inverseFrequencies: [Float]
    private let magnitude: Float

    /// Prepares the rotation of heads.
    ///
    /// - Parameters:
    ///   - headWidth: channels of a head
    ///   - inverseFrequencies: (d/2), radians by position; d is at most `headWidth`
    ///   - magnitude: what cosines and sines are multiplied by
    public init(headWidth: Int, inverseFrequencies: [Float], magnitude: Float = 1) {
        precondition(2 * inverseFrequencies.count <= headWidth, "more pairs than channels")
        self.headWidth = headWidth
        self.inverseFrequencies = inverseFrequencies
        self.magnitude = magnitude
    }

    /// Turns every head of every row in place; `inverse` turns the other way, which is the backward pass.
    ///
    /// - Parameters:
    ///   - x: (T, heads · d)
    ///   - positions: (T)
    public func rotate(_ x: MatrixView, positions: UnsafePointer<Int32>, inverse: Bool = false) {
        StageClock.measure(.pointwise) { turn(x, positions, inverse) }
    }

    private func turn(_ x: MatrixView, _ positions: UnsafePointer<Int32>, _ inverse: Bool) {
        let half = inverseFrequencies.count
        let heads = x.columns / headWidth
        Parallel.forEachRange(x.rows, grain: rowGrain) { rows in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, 2 * half)) { buffer in
                guard let cosines = buffer.baseAddress else { return }
                let sines = cosines + half
                for row in rows {
                    for j in 0..<half {
                        let angle = Float(positions[row]) * inverseFrequencies[j]
                        cosines[j] = magnitude * cosf(angle)
                        sines[j] = magnitude * (inverse ? -sinf(angle) : sinf(angle))
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
