/// A discrete distribution over buckets.
public struct Histogram: Sendable, Hashable {
    /// The share of each bucket; shares sum to 1.
    public let shares: [Double]

    /// Makes shares of weights, which need not sum to 1.
    ///
    /// - Parameters:
    ///   - weights: one for each bucket
    ///   - name: what messages call it
    /// - Throws: ``EvaluationError/notAHistogram(what:)`` unless all weights are finite, none is
    ///   negative and one is positive.
    public init(weights: [Double], name: String = "histogram") throws(EvaluationError) {
        guard weights.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw .notAHistogram(what: name)
        }
        let total = weights.reduce(0, +)
        guard total > 0, total.isFinite else { throw .notAHistogram(what: name) }
        shares = weights.map { $0 / total }
    }

    /// The shares of counted buckets, each count raised by `prior` (1/2 is Krichevsky and
    /// Trofimov's estimator).
    init(counts: [Int], prior: Double = 0) {
        let total = Double(counts.reduce(0, +)) + prior * Double(counts.count)
        shares = counts.map { (Double($0) + prior) / total }
    }
}

/// KL(p ‖ r) in nats for a mixture r that is positive wherever p is.
func relativeEntropy(_ p: [Double], _ r: [Double]) -> Double {
    var sum = 0.0
    for (pShare, rShare) in zip(p, r) where pShare > 0 {
        guard rShare > 0 else { return .infinity }
        sum += pShare * (pShare / rShare).logarithm
    }
    return sum
}
