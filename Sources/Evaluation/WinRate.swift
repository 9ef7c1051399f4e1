import Glibc

/// A share with the bounds of its confidence interval.
public struct Interval: Sendable, Hashable {
    /// Lower bound.
    public let lower: Double
    /// Upper bound.
    public let upper: Double

    /// Wilson's score interval of a binomial share (Wilson 1927).
    ///
    /// - Parameters:
    ///   - successes: may be fractional, a tie being half a success; 0 … count.
    ///   - count: number of trials; the interval of none is 0 … 1.
    ///   - z: normal quantile; 1.96 for 95 %.
    public init(successes: Double, count: Int, z: Double = 1.959_963_984_540_054) {
        guard count > 0 else {
            (lower, upper) = (0, 1)
            return
        }
        let n = Double(count)
        let share = successes / n
        let centre = share + z * z / (2 * n)
        let margin = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        lower = max(0, (centre - margin) / scale)
        upper = min(1, (centre + margin) / scale)
    }

    init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
}

/// Outcomes counted, seen from side a.
public struct Tally: Sendable, Hashable {
    /// Comparisons that a won.
    public private(set) var wins = 0
    /// Comparisons that b won.
    public private(set) var losses = 0
    /// Comparisons that nobody won.
    public private(set) var ties = 0
    /// Comparisons without a usable verdict; they enter no rate.
    public private(set) var errors = 0

    /// Nothing counted yet.
    public init() {}

    /// Counts outcomes.
    public init(_ winners: some Sequence<Winner>) {
        for winner in winners { count(winner) }
    }

    /// Counts one more outcome.
    public mutating func count(_ winner: Winner) {
        switch winner {
        case .a: wins += 1
        case .b: losses += 1
        case .tie: ties += 1
        case .error: errors += 1
        }
    }

    /// Comparisons with a usable verdict.
    public var judged: Int { wins + losses + ties }

    /// (wins + ties / 2) / judged; nil if nothing was judged.
    public var winRate: Double? {
        judged == 0 ? nil : (Double(wins) + Double(ties) / 2) / Double(judged)
    }

    /// wins / (wins + losses); nil if there are only ties.
    public var winRateWithoutTies: Double? {
        wins + losses == 0 ? nil : Double(wins) / Double(wins + losses)
    }

    /// Wilson's 95 % interval of the win rate.
    public var interval: Interval {
        Interval(successes: Double(wins) + Double(ties) / 2, count: judged)
    }

    /// The share of comparisons that failed.
    public var errorRate: Double {
        judged + errors == 0 ? 0 : Double(errors) / Double(judged + errors)
    }
}

/// What a set of verdicts says about side a against side b.
public struct WinRateSummary: Sendable, Hashable {
    /// All comparisons.
    public let all: Tally
    /// Comparisons in which a's output is the longer one.
    public let whenLonger: Tally
    /// Comparisons in which a's output is the shorter one.
    public let whenShorter: Tally
    /// Of the comparisons judged in both orders, the share in which both chose the same side; nil if
    /// there are none.
    public let consistency: Double?
    /// The share of all answers that chose what was shown first; 0.5 in a judge without position
    /// bias; nil without orders.
    public let firstPositionRate: Double?
    /// Mean length of a's outputs.
    public let meanLengthA: Double
    /// Mean length of b's outputs.
    public let meanLengthB: Double
    /// What lengths are counted in.
    public let lengthUnit: LengthUnit
    /// Why questions brought no answer, the most frequent reasons first.
    public let failures: [Failure]

    /// A reason for missing answers.
    public struct Failure: Sendable, Hashable {
        /// What went wrong.
        public let reason: String
        /// How often.
        public let count: Int
    }

    /// Units of length.
    public enum LengthUnit: String, Sendable, Hashable {
        /// Token ids of the records.
        case tokens
        /// Words between white space, where not all records have ids on both sides.
        case words
    }

    /// Summarises verdicts.
    public init(_ verdicts: [Verdict]) {
        all = Tally(verdicts.map(\.winner))
        let inTokens =
            !verdicts.isEmpty && verdicts.allSatisfy { $0.aTokens != nil && $0.bTokens != nil }
        lengthUnit = inTokens ? .tokens : .words
        let lengths = verdicts.map { verdict in
            (
                a: inTokens ? verdict.aTokens ?? 0 : verdict.aWords,
                b: inTokens ? verdict.bTokens ?? 0 : verdict.bWords
            )
        }
        let compared = zip(verdicts, lengths)
        whenLonger = Tally(compared.filter { $1.a > $1.b }.map(\.0.winner))
        whenShorter = Tally(compared.filter { $1.a < $1.b }.map(\.0.winner))
        let count = Double(max(1, verdicts.count))
        meanLengthA = lengths.reduce(0) { $0 + Double($1.a) } / count
        meanLengthB = lengths.reduce(0) { $0 + Double($1.b) } / count

        let twice = verdicts.filter {
            $0.orders.count == 2 && $0.orders.allSatisfy { $0.choice != nil }
        }
        let agreeing = twice.count { $0.orders[0].choice == $0.orders[1].choice }
        consistency = twice.isEmpty ? nil : Double(agreeing) / Double(twice.count)
        let orders = verdicts.flatMap(\.orders)
        let answers = orders.compactMap(\.answer)
        let first = answers.count { $0 == .first }
        firstPositionRate = answers.isEmpty ? nil : Double(first) / Double(answers.count)
        let reasons = orders.compactMap(\.failure).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        failures = reasons.map { Failure(reason: $0.key, count: $0.value) }.sorted {
            ($1.count, $0.reason) < ($0.count, $1.reason)
        }
    }
}
