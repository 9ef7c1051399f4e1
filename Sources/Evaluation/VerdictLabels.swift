/// The labels of an answer: lines that are nothing but a verdict, and verdicts that are marked as such.
struct VerdictLabels {
    /// The letters that are named.
    private(set) var letters: Set<JudgedOrder.Letter> = []
    /// Whether a label says that there is no winner.
    private(set) var hasTie = false

    /// Whether there are none.
    var isEmpty: Bool { letters.isEmpty && !hasTie }

    /// Finds the labels of all lines.
    init(_ lines: [VerdictText.Line]) {
        var (names, headings): (Set<JudgedOrder.Letter>, Set<JudgedOrder.Letter>) = ([], [])
        for line in lines {
            letters.formUnion(line.marked)
            hasTie = hasTie || line.hasMarkedTie
            switch Self.whole(line) {
            case .verdict(let letter)?: letters.insert(letter)
            case .name(let letter)?: names.insert(letter)
            case .heading(let letter)?: headings.insert(letter)
            case .tie?: hasTie = true
            case nil:
                let announced = Self.announced(in: line)
                letters.formUnion(announced.letters)
                hasTie = hasTie || announced.isTie
            }
        }
        // Where both sides have such a line, text about each stands below it.
        if names.count == 1 { letters.formUnion(names) }
        if letters.isEmpty, headings.count == 1 { letters = headings }
    }

    private enum Label {
        /// `A`, `Verdict: A`.
        case verdict(JudgedOrder.Letter)
        /// `Response A`.
        case name(JudgedOrder.Letter)
        /// `### A`.
        case heading(JudgedOrder.Letter)
        case tie
    }

    /// What a line that is only a label says.
    private static func whole(_ line: VerdictText.Line) -> Label? {
        var letters: [JudgedOrder.Letter] = []
        var relation: Unicode.Scalar?
        var (ties, frames, framesBehind, nouns) = (0, 0, 0, 0)
        for (index, token) in line.tokens.enumerated() {
            switch token {
            case .both,
                .mark("→") where !letters.isEmpty:
                return nil
            case .letter(let letter, _, _):
                if line.isArticle(at: index) { continue }
                letters.append(letter)
                framesBehind = 0
            case .mark("?"): return nil
            case .mark(let mark):
                guard relations.contains(mark), !letters.isEmpty else { continue }
                relation = relation == nil || relation == mark ? mark : "≥"
            case .word(let word):
                switch VerdictVocabulary.role(of: word) {
                case .tie: ties += 1
                case .frame:
                    frames += 1
                    // "A is better" is a sentence.
                    if !letters.isEmpty, word.utf8.allSatisfy({ $0 < 0x80 }) { framesBehind += 1 }
                case .noun: nouns += 1
                // A number at the front counts the lines.
                case nil: if index > 0 || Int(word) == nil { return nil }
                }
            }
        }
        guard let letter = letters.first else {
            return ties == 1 && !line.isHeading ? .tie : nil
        }
        guard ties == 0, framesBehind == 0 else { return nil }
        if Set(letters).count == 1 {
            if frames > 0 { return .verdict(letter) }
            if nouns > 0 { return line.isHeading ? nil : .name(letter) }
            return line.isHeading ? line.endsInColon ? nil : .heading(letter) : .verdict(letter)
        }
        guard letters.count == 2 else { return nil }
        switch relation {
        case ">"?: return .verdict(letters[0])
        case "<"?: return .verdict(letters[1])
        case "="?, "~"?, "≈"?: return .tie
        default: return nil
        }
    }

    private static let relations: Set<Unicode.Scalar> = [">", "<", "=", "~", "≈", "≥", "≤"]

    /// What follows the name of a verdict and a mark: `Verdict: A, because…`.
    private static func announced(
        in line: VerdictText.Line
    ) -> (letters: Set<JudgedOrder.Letter>, isTie: Bool) {
        var letters: Set<JudgedOrder.Letter> = []
        var isTie = false
        for (index, token) in line.tokens.enumerated() {
            var letter: JudgedOrder.Letter?
            switch token {
            case .letter(let named, true, false) where !line.isArticle(at: index): letter = named
            case .word(let word) where VerdictVocabulary.role(of: word) == .tie: break
            default: continue
            }
            let start = line.nameStart(index)
            guard start > 0, case .mark(let mark) = line.tokens[start - 1],
                [":", "=", ">", "→"].contains(mark)
            else { continue }
            let words = line.words(before: start - 1)
            guard words.contains(where: VerdictVocabulary.verdictNouns.contains),
                !words.contains(where: VerdictVocabulary.spoils), !line.isCompared(index)
            else { continue }
            if let letter { letters.insert(letter) } else { isTie = true }
        }
        return (letters, isTie)
    }
}

extension VerdictVocabulary {
    /// What a word may be on a line that is a label.
    enum Role { case tie, frame, noun }

    /// The role of a word; nil where it makes the line a sentence. Ideographs come without spaces.
    static func role(of word: String) -> Role? {
        if ties.contains(word) { return .tie }
        if frames.contains(word) { return .frame }
        if nouns.contains(word) { return .noun }
        guard let first = word.unicodeScalars.first, first.value >= 0x2E80 else { return nil }
        var (rest, role) = (Substring(word), Role.noun)
        while !rest.isEmpty {
            let length = (1...min(6, rest.count)).last { count in
                let part = String(rest.prefix(count))
                return frames.contains(part) || nouns.contains(part)
            }
            guard let length else { return nil }
            if frames.contains(String(rest.prefix(length))) { role = .frame }
            rest = rest.dropFirst(length)
        }
        return role
    }

    /// Whether a word turns praise around, or makes it doubtful.
    static func spoils(_ word: String) -> Bool {
        spoiling.contains(word) || word.hasSuffix("n't") || word.hasSuffix("n’t")
    }
}
