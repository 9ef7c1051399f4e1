/// How long texts are, in tokens.
public struct LengthSummary: Sendable, Hashable {
    /// The mean; 0 without texts.
    public let mean: Double
    /// The shortest, the lower quartile, the median, the upper quartile and the longest.
    public let quantiles: [Int]

    /// Sums up lengths.
    public init(_ lengths: some Collection<Int>) {
        let sorted = lengths.sorted()
        mean = sorted.isEmpty ? 0 : Double(sorted.reduce(0, +)) / Double(sorted.count)
        quantiles = sorted.isEmpty ? [] : (0...4).map { sorted[(sorted.count - 1) * $0 / 4] }
    }
}

/// Two sets of texts whose pairs were cut to the same length.
///
/// MAUVE tells short texts from long ones whatever they say, so that a system whose outputs have
/// another length than the human texts scores next to nothing. Cutting both texts of a pair to the
/// length of the shorter one takes that away: both sides then have the same lengths, text by text.
public struct LengthMatch: Sendable, Hashable {
    /// Number of pairs.
    public let pairs: Int
    /// Texts of p that lost something.
    public let cutP: Int
    /// Texts of q that lost something.
    public let cutQ: Int
    /// Lengths of p before.
    public let lengthsP: LengthSummary
    /// Lengths of q before.
    public let lengthsQ: LengthSummary
    /// Lengths of both after.
    public let lengths: LengthSummary

    /// Cuts both texts of each pair.
    ///
    /// - Parameters:
    ///   - p: tokens of the first text of each pair
    ///   - q: tokens of the second, as many texts
    /// - Throws: ``EvaluationError/sizeMismatch(what:got:expected:)`` if there are not as many.
    public init(
        cutting p: inout [[Int32]], _ q: inout [[Int32]]
    ) throws(EvaluationError) {
        guard p.count == q.count else {
            throw .sizeMismatch(what: "texts of q to pair", got: q.count, expected: p.count)
        }
        lengthsP = LengthSummary(p.map(\.count))
        lengthsQ = LengthSummary(q.map(\.count))
        var (cutP, cutQ) = (0, 0)
        for index in p.indices {
            let length = min(p[index].count, q[index].count)
            if p[index].count > length { cutP += 1 }
            if q[index].count > length { cutQ += 1 }
            p[index].removeLast(p[index].count - length)
            q[index].removeLast(q[index].count - length)
        }
        (self.cutP, self.cutQ) = (cutP, cutQ)
        lengths = LengthSummary(p.map(\.count))
        pairs = p.count
    }
}
