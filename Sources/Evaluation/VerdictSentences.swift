/// The preferences that the sentences of an answer state.
struct VerdictSentences {
    /// The letters that are preferred: one, if the answer decides.
    let votes: Set<JudgedOrder.Letter>

    private typealias Vocabulary = VerdictVocabulary

    init(_ lines: [VerdictText.Line]) {
        var (strong, weak): (Set<JudgedOrder.Letter>, Set<JudgedOrder.Letter>) = ([], [])
        // Lines about each side in turn are no verdict.
        let isList = Set(lines.compactMap(\.leader)).count > 1
        for line in lines {
            for (index, token) in line.tokens.enumerated() {
                guard case .letter(let letter, let isCapital, _) = token,
                    isCapital || line.hasNoun(before: index), !line.isArticle(at: index)
                else { continue }
                switch Self.statement(of: line, at: index, isList: isList) {
                case .strong(let isFor): strong.insert(isFor ? letter : letter.other)
                case .weak: weak.insert(letter)
                case nil: break
                }
            }
        }
        let words = lines.flatMap(\.words)
        if words.contains(where: Vocabulary.undecided.contains) {
            votes = []
        } else if words.contains(where: Vocabulary.contrast.contains), Self.namesBoth(lines) {
            votes = strong
        } else {
            votes = strong.union(weak)
        }
    }

    private static func namesBoth(_ lines: [VerdictText.Line]) -> Bool {
        let named = lines.flatMap(\.tokens).compactMap { token -> JudgedOrder.Letter? in
            if case .letter(let letter, isCapital: true, _) = token { letter } else { nil }
        }
        return Set(named).count > 1
    }

    private enum Statement {
        /// On the whole, for the letter or for the other one.
        case strong(isFor: Bool)
        /// In some respect.
        case weak
    }

    /// What the clause around a letter says about it.
    private static func statement(
        of line: VerdictText.Line, at index: Int, isList: Bool
    ) -> Statement? {
        if let isFor = line.comparison(index) {
            return line.isSpoiled(before: index) || line.isDoubtful(index)
                ? nil : .strong(isFor: isFor)
        }
        guard !line.isCompared(index) else { return nil }
        if line.isDenied(index) {
            return line.isReplaced(index) ? .strong(isFor: false) : nil
        }
        if line.isChosen(index) || line.isNamedWinner(index)
            || !isList && line.leads(index)
        {
            return .strong(isFor: true)
        }
        return predicate(of: line, at: index)
    }

    /// What is said of a letter that is the subject of its clause.
    private static func predicate(of line: VerdictText.Line, at index: Int) -> Statement? {
        guard line.isSubject(index) else { return nil }
        let clause = line.clause(from: index + 1)
        guard let verbPlace = clause.firstIndex(where: { !Vocabulary.nouns.contains($0) }) else {
            return nil
        }
        var rest = clause[verbPlace...].drop(while: Vocabulary.adverbs.contains)
        guard let verb = rest.first, Vocabulary.verbs.contains(verb) else { return nil }
        rest = rest.dropFirst()
        let isThan = rest.firstIndex(of: "than") ?? rest.endIndex
        guard !rest[..<isThan].contains(where: Vocabulary.spoils),
            !line.isDoubtful(index), !line.isSpoiled(before: index)
        else { return nil }
        if verb == "wins" { return .strong(isFor: true) }
        if Vocabulary.linking.contains(verb) {
            let said = rest.drop(while: Vocabulary.adverbs.contains)
            let head = said.first == "more" || said.first == "most" ? said.dropFirst() : said
            if let word = head.first, Vocabulary.superior.contains(word),
                word != "helpful" || head.count < said.count
            {
                let next = head.dropFirst().first
                return next.map(Vocabulary.onTheWhole.contains) ?? true
                    ? .strong(isFor: true) : .weak
            }
        }
        return rest.contains(where: Vocabulary.comparatives.contains) ? .weak : nil
    }
}
