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
    /// Behind reasoning, and words that frame an answer (`Answer: A`), the token that is a letter
    /// decides; where there is none, the first token that is more than white space, quotes, brackets or
    /// emphasis. The probabilities of all spellings of each letter there are added up. A letter that is
    /// not among the candidates has none.
    ///
    /// - Parameters:
    ///   - text: what the judge wrote.
    ///   - tokens: each token of the answer with the most probable ones in its place.
    /// - Throws: if reasoning never ends, or neither letter is among the candidates.
    public init(
        text: String?, tokens: [(text: String, candidates: [Candidate])]
    ) throws(JudgedOrder.Letter.ParsingError) {
        let answer = tokens[try Self.answerStart(tokens.map(\.text))...]
        let framed = answer.drop { token in
            let core = Self.core(token.text)
            if core.isEmpty { return true }
            switch VerdictVocabulary.role(of: core.lowercased()) {
            case .frame?, .noun?: return core != "A"
            case .tie?, nil: return false
            }
        }
        let isLetter = framed.first.map { ["A", "B"].contains(Self.core($0.text)) } ?? false
        let deciding = isLetter ? framed.first : answer.first { !Self.core($0.text).isEmpty }
        let candidates = deciding?.candidates ?? []
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

    /// The first token behind the reasoning.
    private static func answerStart(_ tokens: [String]) throws(JudgedOrder.Letter.ParsingError)
        -> Int
    {
        func visible(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
            scalars.filter { !$0.properties.isWhitespace }
        }
        let whole = VerdictText.folded(tokens.joined())
        guard let answer = ReasoningBlocks.answer(in: whole).map(visible) else {
            throw .openReasoning
        }
        guard answer != visible(whole) else { return 0 }
        // What ends a turn may follow the answer, so that it need not be the end of the text.
        var (length, tries) = (0, 0)
        for index in tokens.indices.reversed() {
            length += visible(VerdictText.folded(tokens[index])).count
            guard length >= answer.count else { continue }
            tries += 1
            guard tries <= 64 else { break }
            let rest = VerdictText.folded(tokens[index...].joined())
            if let left = ReasoningBlocks.answer(in: rest), visible(left) == answer { return index }
        }
        throw .improbable
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

    /// A token without what may surround a letter, in upper case. Some servers show vocabulary entries
    /// (`▁A`, `ĠA`) or bytes (`<0x41>`).
    private static func core(_ token: String) -> String {
        if let letter = ["<0x41>": "A", "<0x42>": "B"][token] { return letter }
        return token.filter { !($0.isWhitespace || "\"'“”‘’`*[]().:▁Ġ".contains($0)) }.uppercased()
    }
}
