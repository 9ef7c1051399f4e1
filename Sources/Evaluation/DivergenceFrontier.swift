import Glibc

extension Double {
    /// The natural logarithm.
    var logarithm: Double { log(self) }
}

/// The trade-off between the two kinds of error of a model distribution q against the data
/// distribution p, and its summaries (Pillutla et al. 2021, section 2; Liu et al. 2021).
///
/// For each weight w of the grid, with the mixture r = w·p + (1 − w)·q, the curve has the point
/// (exp(−c·KL(q‖r)), exp(−c·KL(p‖r))), c being the scaling factor; it starts at (1, 0) and ends at
/// (0, 1).
public struct DivergenceFrontier: Sendable, Hashable {
    /// One point of the curve.
    public struct Point: Sendable, Hashable {
        /// exp(−c·KL(q‖r)): falls where the model puts mass that the data lack.
        public var x: Double
        /// exp(−c·KL(p‖r)): falls where the model lacks mass that the data have.
        public var y: Double
    }

    /// The curve from (1, 0) to (0, 1).
    public let curve: [Point]
    /// MAUVE: the area under the curve, in (0, 1]; the mean of integrating over x and over y.
    public let mauve: Double
    /// The frontier integral, in [0, 1]; 0 means equal distributions.
    public let frontierIntegral: Double

    /// Computes the curve of two distributions and its summaries.
    ///
    /// - Parameters:
    ///   - p: the data's histogram.
    ///   - q: the model's histogram, over the same buckets.
    ///   - scalingFactor: c > 0; 5 in all published numbers.
    ///   - points: mixture weights between the two end points; 25 in all published numbers.
    public init(
        p: Histogram, q: Histogram, scalingFactor: Double = 5, points: Int = 25
    ) throws(EvaluationError) {
        guard p.shares.count == q.shares.count else {
            throw .sizeMismatch(
                what: "number of buckets of p and q", got: q.shares.count,
                expected: p.shares.count)
        }
        guard scalingFactor > 0, scalingFactor.isFinite else {
            throw .invalidOption(
                name: "scaling factor", got: "\(scalingFactor)", expected: "a number > 0")
        }
        guard points >= 2 else {
            throw .invalidOption(name: "curve points", got: "\(points)", expected: "at least 2")
        }
        // The weights keep off 0 and 1, where a divergence may be infinite.
        let margin = 1e-6
        var curve = [Point(x: 1, y: 0)]
        curve.reserveCapacity(points + 2)
        var mixture = [Double](repeating: 0, count: p.shares.count)
        for index in 0..<points {
            let weight = margin + (1 - 2 * margin) * Double(index) / Double(points - 1)
            for bucket in mixture.indices {
                mixture[bucket] = weight * p.shares[bucket] + (1 - weight) * q.shares[bucket]
            }
            curve.append(
                Point(
                    x: exp(-scalingFactor * relativeEntropy(q.shares, mixture)),
                    y: exp(-scalingFactor * relativeEntropy(p.shares, mixture))))
        }
        curve.append(Point(x: 0, y: 1))
        self.curve = curve
        mauve = Self.area(under: curve)
        frontierIntegral = Self.frontierIntegral(p.shares, q.shares)
    }

    /// The mean of the trapezoid areas over the two axes. Points that share one coordinate are
    /// taken in the order in which the falling curve meets them.
    private static func area(under curve: [Point]) -> Double {
        let overX = curve.sorted { $0.x != $1.x ? $0.x < $1.x : $0.y > $1.y }
        let overY = curve.sorted { $0.y != $1.y ? $0.y < $1.y : $0.x > $1.x }
        var area = 0.0
        for (first, second) in zip(overX, overX.dropFirst()) {
            area += (second.x - first.x) * (first.y + second.y) / 2
        }
        for (first, second) in zip(overY, overY.dropFirst()) {
            area += (second.y - first.y) * (first.x + second.x) / 2
        }
        return area / 2
    }

    /// 2 ∫₀¹ [w·KL(p‖r_w) + (1 − w)·KL(q‖r_w)] dw, in closed form bucket by bucket.
    private static func frontierIntegral(_ p: [Double], _ q: [Double]) -> Double {
        var total = 0.0
        for (pShare, qShare) in zip(p, q) {
            let sum = pShare + qShare
            if pShare == 0 || qShare == 0 {
                total += sum / 4
            } else if abs(pShare - qShare) > 1e-8 {
                let logarithmicMean =
                    pShare * qShare * (pShare.logarithm - qShare.logarithm) / (pShare - qShare)
                total += sum / 4 - logarithmicMean / 2
            }
        }
        return 2 * total
    }
}
