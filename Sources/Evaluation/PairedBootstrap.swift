import Kernels

/// The difference of two systems' win rates against the same opponent on the same records, with a
/// 95 % percentile interval from resampling records (Efron and Tibshirani 1993; Koehn 2004).
///
/// Pairing removes what records have in common, so that a difference shows with far fewer of them
/// than two separate intervals would need.
public struct PairedBootstrap: Sendable, Hashable {
    /// Records judged for both systems.
    public let count: Int
    /// Win rate of the first system minus that of the second, ties counting one half.
    public let difference: Double
    /// 95 % interval of the difference.
    public let interval: Interval
    /// The share of resamples in which the first system is not better, ties of rates counting half.
    public let notBetter: Double
    /// Number of resamples.
    public let resamples: Int

    /// Compares two sets of verdicts about the same records.
    ///
    /// - Parameters:
    ///   - first: verdicts whose side a is the first system; joined with `second` by id.
    ///   - second: verdicts whose side a is the second system.
    ///   - seed: equal seeds give equal intervals.
    /// - Throws: ``EvaluationError/join(problem:ids:)`` unless both hold the same ids, each once.
    public init(
        _ first: [Verdict], _ second: [Verdict], seed: UInt64 = 0, resamples: Int = 10_000
    ) throws(EvaluationError) {
        guard resamples >= 1 else {
            throw .invalidOption(name: "resamples", got: "\(resamples)", expected: "at least 1")
        }
        let pairs = try joinByID(first, second, id: \.id, names: ("first", "second"))
        let gaps = pairs.compactMap { pair in
            pair.0.winner.score.flatMap { a in pair.1.winner.score.map { a - $0 } }
        }
        guard !gaps.isEmpty else { throw .empty(what: "set of records judged for both systems") }
        count = gaps.count
        // In half points, so that sums are exact and resamples can be compared with zero.
        let total = gaps.reduce(0, +)
        difference = Double(total) / Double(2 * gaps.count)
        var random = RandomStream(seed: seed, name: "paired-bootstrap")
        var sums: [Int] = []
        sums.reserveCapacity(resamples)
        for _ in 0..<resamples {
            var sum = 0
            for _ in gaps.indices { sum += gaps[random.integer(below: gaps.count)] }
            sums.append(sum)
        }
        sums.sort()
        let scale = 1 / Double(2 * gaps.count)
        let low = Int((0.025 * Double(resamples - 1)).rounded(.down))
        let high = Int((0.975 * Double(resamples - 1)).rounded(.up))
        interval = Interval(lower: Double(sums[low]) * scale, upper: Double(sums[high]) * scale)
        let worse = sums.count { $0 < 0 }
        let level = sums.count { $0 == 0 }
        notBetter = (Double(worse) + Double(level) / 2) / Double(resamples)
        self.resamples = resamples
    }
}

extension Winner {
    /// Half points for side a; nil for an error.
    fileprivate var score: Int? {
        switch self {
        case .a: 2
        case .tie: 1
        case .b: 0
        case .error: nil
        }
    }
}
