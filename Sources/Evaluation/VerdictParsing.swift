extension JudgedOrder.Letter {
    /// Why a judge's text holds no verdict.
    public enum ParsingError: Error, Hashable, CustomStringConvertible {
        /// Neither letter stands in the text.
        case noVerdict
        /// The text speaks for both letters, or names both and prefers none.
        case conflict
        /// One letter is named, but not as the better one.
        case unclear
        /// The answer is that neither is better.
        case tie
        /// The text is reasoning that never ends.
        case openReasoning
        /// Neither letter is among the tokens that were probable.
        case improbable

        /// What is wrong, in a few words.
        public var description: String {
            switch self {
            case .noVerdict: "the answer names neither \"A\" nor \"B\""
            case .conflict: "the answer names both \"A\" and \"B\", and decides for none"
            case .unclear: "the answer names \"A\" or \"B\" without a clear preference"
            case .tie: "the answer is a tie, neither \"A\" nor \"B\""
            case .openReasoning: "the answer's reasoning never ends"
            case .improbable: "neither \"A\" nor \"B\" is among the probable tokens"
            }
        }
    }

    /// Finds the verdict in what a judge wrote, by these rules:
    ///
    /// 1. Reasoning is removed (``ReasoningBlocks``). Reasoning that never ends: no verdict.
    /// 2. Labels decide: a line that holds a letter and nothing but words that frame it (`A`, `**(B)**`,
    ///    `Answer: A`, `Response B`, `{"winner": "A"}`, `A > B`), a letter marked as `[[A]]` or `\boxed{A}`
    ///    anywhere, or one that follows a word like "verdict" and a colon. Different ones: no verdict.
    ///    Headings (`Response A:`, or `Response A` where there is `Response B` too) are no labels. `Tie`
    ///    and `C` are labels for neither.
    /// 3. Else sentences that say a preference decide: `I prefer A`, `A is better`, `the winner is B`,
    ///    `A over B`, `Response B gives more detail`, or a letter with which the line begins, set off by
    ///    a mark. Different ones: no verdict; praise for one respect does not count beside "but" or
    ///    "however". Denials, conditions and questions do not count.
    /// 4. Else there is no verdict.
    ///
    /// Where an "A" reads as the English article (`A response should…`) neither letter counts. So
    /// exchanging the letters in a text exchanges its verdict.
    public init(parsing text: String) throws(ParsingError) {
        guard let answer = ReasoningBlocks.answer(in: VerdictText.folded(text)) else {
            throw .openReasoning
        }
        let lines = VerdictText(answer).lines
        let labels = VerdictLabels(lines)
        let votes = labels.isEmpty ? VerdictSentences(lines).votes : labels.letters
        guard votes.count + (labels.hasTie ? 1 : 0) < 2 else { throw .conflict }
        if labels.hasTie { throw .tie }
        if let letter = votes.first {
            self = letter
            return
        }
        var named: Set<Self> = []
        for line in lines {
            for (index, token) in line.tokens.enumerated() where !line.isArticle(at: index) {
                switch token {
                case .both: throw .conflict
                case .letter(let letter, isCapital: true, _): named.insert(letter)
                default: break
                }
            }
        }
        throw named.isEmpty ? .noVerdict : named.count > 1 ? .conflict : .unclear
    }

    /// The other letter.
    var other: Self { self == .first ? .second : .first }
}
