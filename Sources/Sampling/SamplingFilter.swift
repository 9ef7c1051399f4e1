import Kernels

/// How logits become the probabilities that tokens are drawn from.
///
/// In this order: division by the temperature, then the `topK` largest (ties with the last of them stay),
/// then the smallest set of most probable tokens whose probabilities reach `topP` — the token that
/// crosses the limit stays — and what remains is normalised. This is what Hugging Face
/// `transformers` does.
public struct SamplingFilter: Sendable, Hashable {
    /// Below this, dividing by the temperature may leave the range of a float.
    public static let leastTemperature: Float = 1e-20

    /// At least ``leastTemperature``; below one sharpens.
    public var temperature: Float
    /// Number of tokens to keep; 0 keeps all.
    public var topK: Int
    /// Probability to keep, in (0, 1]; 1 keeps all.
    public var topP: Double

    /// A filter; the defaults change nothing.
    public init(temperature: Float = 1, topK: Int = 0, topP: Double = 1) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
    }

    /// Draws tokens by inverting the cumulative distribution, tokens in the order of their ids.
    ///
    /// - Parameters:
    ///   - logits: (V), numbers or −∞, at least one a number; overwritten
    ///   - uniforms: one number in 0 ..< 1 for each draw
    public func draw(
        _ logits: UnsafeMutablePointer<Float>, count: Int, uniforms: [Double]
    ) -> [Int32] {
        guard topK > 0 && topK < count || topP < 1 else {
            return drawFromAll(logits, count: count, uniforms: uniforms)
        }
        let kept = candidates(logits, count: count)
        // No token is left if no logit is a number; its probability then says so.
        guard !kept.ids.isEmpty else { return uniforms.map { _ in 0 } }
        return uniforms.map { uniform in
            let aim = uniform * kept.total
            var sum = 0.0
            for (id, weight) in zip(kept.ids, kept.weights) where weight > 0 {
                sum += Double(weight)
                if sum > aim { return id }
            }
            return kept.ids[kept.weights.lastIndex { $0 > 0 } ?? 0]
        }
    }

    /// The probability of every token after the filters.
    public func probabilities(_ logits: [Float]) -> [Double] {
        var logits = logits
        var result = [Double](repeating: 0, count: logits.count)
        guard !logits.isEmpty else { return result }
        let kept = logits.withUnsafeMutableBufferPointer { buffer -> Candidates in
            guard let base = buffer.baseAddress else { return Candidates(ids: [], weights: []) }
            return candidates(base, count: buffer.count)
        }
        for (id, weight) in zip(kept.ids, kept.weights) {
            result[Int(id)] = Double(weight) / kept.total
        }
        return result
    }

    /// Tokens that remain, in ascending order, and e^(logit − largest logit) of each.
    private struct Candidates {
        var ids: [Int32]
        var weights: [Float]
        var total: Double

        init(ids: [Int32], weights: [Float]) {
            self.ids = ids
            self.weights = weights
            total = weights.reduce(0) { $0 + Double($1) }
        }
    }

    /// Divides by the temperature; returns the largest quotient. Where that were too large for a float, all
    /// are lowered by the largest logit first, which changes no probability.
    private func sharpen(_ logits: UnsafeMutablePointer<Float>, count: Int) -> Float {
        guard temperature != 1 else { return maximum(logits, count: count) }
        let top = maximum(logits, count: count)
        let factor = min(1 / temperature, .greatestFiniteMagnitude)
        guard (top * factor).isFinite else {
            for id in 0..<count { logits[id] = (logits[id] - top) * factor }
            return 0
        }
        scale(logits, by: factor, count: count)
        return top * factor
    }

    private func candidates(
        _ logits: UnsafeMutablePointer<Float>, count: Int
    ) -> Candidates {
        let top = sharpen(logits, count: count)
        var threshold = -Float.greatestFiniteMagnitude
        if topK > 0, topK < count {
            threshold = max(threshold, largestElement(logits, rank: topK, count: count))
        }
        guard topP < 1 else { return gather(logits, count: count, top: top, from: threshold) }
        let whole = sumOfExponentials(logits, minus: top, atLeast: threshold, count: count)
        let bound = nucleusBound(
            logits, count: count, top: top, threshold: threshold, whole: whole)
        let kept = gather(logits, count: count, top: top, from: bound)
        return nucleus(kept, limit: topP * Double(whole))
    }

    private func gather(
        _ logits: UnsafePointer<Float>, count: Int, top: Float, from threshold: Float
    ) -> Candidates {
        let ids = indices(of: logits, atLeast: threshold, count: count)
        var weights = ids.map { logits[Int($0)] }
        weights.withUnsafeMutableBufferPointer { weights in
            guard let base = weights.baseAddress else { return }
            _ = exponentiate(base, minus: top, count: weights.count)
        }
        return Candidates(ids: ids, weights: weights)
    }

    /// A threshold above which certainly lies the nucleus, found by widening the gap to the largest logit;
    /// sorting is left for what lies above it.
    private func nucleusBound(
        _ logits: UnsafePointer<Float>, count: Int, top: Float, threshold: Float,
        whole: Float
    ) -> Float {
        var gap: Float = 1
        while gap < 64, top - gap > threshold {
            let mass = sumOfExponentials(
                logits, minus: top, atLeast: top - gap, count: count)
            if Double(mass) > topP * Double(whole) * 1.000_01 { return top - gap }
            gap *= 2
        }
        return threshold
    }

    /// The most probable candidates, while those before them sum to less than `limit`.
    private func nucleus(_ all: Candidates, limit: Double) -> Candidates {
        let (ids, weights) = (all.ids, all.weights)
        let order = ids.indices.sorted {
            weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
        }
        var sum = 0.0
        var kept: [Int] = []
        for index in order {
            guard sum < limit || kept.isEmpty else { break }
            kept.append(index)
            sum += Double(weights[index])
        }
        kept.sort()
        return Candidates(ids: kept.map { ids[$0] }, weights: kept.map { weights[$0] })
    }

    /// Draws without a filter: sums of ranges first, so that a draw looks at one range only.
    private func drawFromAll(
        _ logits: UnsafeMutablePointer<Float>, count: Int, uniforms: [Double]
    ) -> [Int32] {
        let width = 1024
        let top = sharpen(logits, count: count)
        let sums = stride(from: 0, to: count, by: width).map { start in
            Double(exponentiate(logits + start, minus: top, count: min(width, count - start)))
        }
        let total = sums.reduce(0, +)
        return uniforms.map { uniform in
            var rest = uniform * total
            var range = 0
            while range < sums.count - 1, rest >= sums[range] {
                rest -= sums[range]
                range += 1
            }
            // Rounding may leave a remainder behind the last token of the range; that one is meant.
            var chosen = range * width
            for id in range * width..<min(count, (range + 1) * width) where logits[id] > 1e-30 {
                chosen = id
                rest -= Double(logits[id])
                if rest < 0 { break }
            }
            return Int32(chosen)
        }
    }
}
