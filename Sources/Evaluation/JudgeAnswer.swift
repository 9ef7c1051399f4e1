import Glibc

/// What a judge that was asked by its template answered, whichever side stood first.
public struct JudgeAnswer: Sendable, Hashable {
    /// The letter that it chose.
    public let letter: JudgedOrder.Letter
    /// The probability that it gave to what was shown first, if known.
    public let probabilityOfFirst: Double?
    /// What it wrote.
    public let text: String?

    /// A token with its log-probability.
    public typealias Candidate = (text: String, logProbability: Double)

    /// Reads the answer out of what a judge wrote.
    ///
    /// - Throws: if there is no verdict in it, or there are two.
    public init(text: String) throws(JudgedOrder.Letter.ParsingError) {
        letter = try JudgedOrder.Letter(parsing: text)
        probabilityOfFirst = nil
        self.text = text
    }

    /// Reads the answer out of the probabilities with which a judge wrote its tokens.
    ///
    /// The first token that is more than white space, quotes, brackets or emphasis decides: the
    /// probabilities of all spellings of each letter there are added up. A letter that is not among
    /// the candidates has none.
    ///
    /// - Parameters:
    ///   - text: what the judge wrote.
    ///   - tokens: each token of the answer with the most probable ones in its place.
    /// - Throws: if neither letter is among the candidates.
    public init(
        text: String?, tokens: [(text: String, candidates: [Candidate])]
    ) throws(JudgedOrder.Letter.ParsingError) {
        let candidates = tokens.first { !Self.core($0.text).isEmpty }?.candidates ?? []
        func logProbability(of letter: JudgedOrder.Letter) -> Double {
            let spellings = candidates.filter {
                Self.core($0.text) == letter.rawValue && $0.logProbability > Self.absent
            }
            return logSum(spellings.map(\.logProbability))
        }
        let gap = logProbability(of: .first) - logProbability(of: .second)
        guard !gap.isNaN else { throw .improbable }
        letter = gap >= 0 ? .first : .second
        probabilityOfFirst = 1 / (1 + exp(-gap))
        self.text = text
    }

    /// The answer as one about two sides, `first` being the one that was shown first.
    public func order(first: Side) -> JudgedOrder {
        var order = JudgedOrder(
            first: first, answer: letter,
            probabilityOfA: probabilityOfFirst.map { first == .a ? $0 : 1 - $0 })
        order.text = text
        return order
    }

    /// Servers write this, or less, for "very unlikely".
    private static let absent = -9999.0

    /// A token without what may surround a letter, in upper case.
    private static func core(_ token: String) -> String {
        token.filter { !($0.isWhitespace || "\"'“”‘’`*[]().:".contains($0)) }.uppercased()
    }
}
