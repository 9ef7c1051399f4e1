// What stands around a letter.

extension VerdictText.Line {
    private typealias Token = VerdictText.Token

    /// Its words.
    var words: [String] { tokens.compactMap(Self.word) }

    /// Whether it ends in a colon: what it is about follows.
    var endsInColon: Bool { tokens.last == .mark(":") }

    private static func word(_ token: Token) -> String? {
        if case .word(let word) = token { word } else { nil }
    }

    /// A small letter is a word, either of them the article, unless "response" or the like precedes it.
    private func word(at index: Int) -> String? {
        guard tokens.indices.contains(index) else { return nil }
        if case .letter(_, isCapital: false, _) = tokens[index], !hasNoun(before: index) {
            return "a"
        }
        return Self.word(tokens[index])
    }

    private func letter(at index: Int) -> JudgedOrder.Letter? {
        guard tokens.indices.contains(index),
            case .letter(let letter, let isCapital, _) = tokens[index],
            isCapital || hasNoun(before: index)
        else { return nil }
        return letter
    }

    private func isMark(_ index: Int, _ marks: String) -> Bool {
        guard tokens.indices.contains(index), case .mark(let mark) = tokens[index] else {
            return false
        }
        return marks.unicodeScalars.contains(mark)
    }

    /// Where the name begins that a letter ends: at "the" in "the response A".
    func nameStart(_ index: Int) -> Int {
        var start = index
        while let word = word(at: start - 1), VerdictVocabulary.nouns.contains(word) { start -= 1 }
        while word(at: start - 1) == "the" { start -= 1 }
        return start
    }

    /// Whether a letter belongs to "response" or the like.
    func hasNoun(before index: Int) -> Bool {
        index > 0 && Self.word(tokens[index - 1]).map(VerdictVocabulary.nouns.contains) ?? false
    }

    /// Whether the letter at `index` stands where an A reads as the article: it begins a sentence (or is
    /// small, or among capitals only), and an English word follows that is no verb. The same holds for
    /// a B, so that no text means more about one side than about the other.
    func isArticle(at index: Int) -> Bool {
        guard case .letter(_, let isCapital, false) = tokens[index] else { return false }
        let beginsSentence = index == 0 || isMark(index - 1, ".:;!?,-(>=") || isNumber(index - 1)
        guard beginsSentence || !isCapital || isAllCapitals else { return false }
        var next = index + 1
        while let word = word(at: next),
            VerdictVocabulary.adverbs.contains(word) || word.hasSuffix("ly")
        { next += 1 }
        guard let word = word(at: next) else { return next > index + 1 }
        return word.utf8.allSatisfy { $0 < 0x80 } && !VerdictVocabulary.verbs.contains(word)
    }

    private func isNumber(_ index: Int) -> Bool { word(at: index).flatMap { Int($0) } != nil }

    // MARK: - Clauses

    /// Tokens on each side of a letter that are looked at. It keeps the work in proportion to the text.
    private static let sight = 60

    /// The words of the clause before `index`.
    func words(before index: Int) -> [String] {
        var words: [String] = []
        var place = index - 1
        while place >= max(0, index - Self.sight), !isMark(place, ".,;!?:") {
            if let word = word(at: place) {
                if VerdictVocabulary.clauseEnds.contains(word) { break }
                words.append(word)
            }
            place -= 1
        }
        return words.reversed()
    }

    /// The words of the clause that goes on at `index`, up to the next letter.
    func clause(from index: Int) -> [String] {
        var words: [String] = []
        var place = index
        while place < min(tokens.count, index + Self.sight), !isMark(place, ".,;!?:-"),
            letter(at: place) == nil,
            tokens[place] != .both
        {
            if let word = word(at: place) {
                if place > index, VerdictVocabulary.clauseEnds.contains(word) { break }
                words.append(word)
            }
            place += 1
        }
        return words
    }

    /// Whether the sentence around `index` asks, or sets a condition.
    func isDoubtful(_ index: Int) -> Bool {
        let end = sentenceEnd(index)
        var start = index
        while start > max(0, index - Self.sight), !isMark(start - 1, ".!?") { start -= 1 }
        return isMark(end, "?")
            || tokens[start..<end].compactMap(Self.word).contains {
                VerdictVocabulary.conditions.contains($0)
            }
    }

    /// Where the sentence ends that holds `index`.
    private func sentenceEnd(_ index: Int) -> Int {
        var end = min(index, tokens.count)
        while end < min(tokens.count, index + Self.sight), !isMark(end, ".!?") { end += 1 }
        return end
    }

    /// Whether the clause before the name that ends at `index` denies or doubts.
    func isSpoiled(before index: Int) -> Bool {
        words(before: nameStart(index)).contains(where: VerdictVocabulary.spoils)
    }

    // MARK: - Two letters

    /// Whether the letter at `index` is preferred to the other one, or that to it, as what stands
    /// between the two says; nil if nothing does.
    func comparison(_ index: Int) -> Bool? {
        if isMark(index + 1, "><"), let other = named(from: index + 2), other != letter(at: index),
            !isMark(otherPlace(from: index + 2) + 1, "><="), !isMark(nameStart(index) - 1, "><=")
        {
            return isMark(index + 1, ">")
        }
        var place = index + 1
        if isMark(place, ",;-(") { place += 1 }
        if word(at: place) == "and" { place += 1 }
        if word(at: place) == "not", let other = named(from: place + 1), other != letter(at: index)
        {
            return true
        }
        place = index + 1
        while let word = word(at: place), VerdictVocabulary.adverbs.contains(word) { place += 1 }
        for (phrases, isFor) in [
            (VerdictVocabulary.beating, true), (VerdictVocabulary.losing, false),
        ] {
            for phrase in phrases {
                guard let end = self.end(of: phrase, at: place), let other = named(from: end),
                    other != letter(at: index)
                else { continue }
                return isFor
            }
        }
        return nil
    }

    /// Where a phrase ends that stands at `index`, adverbs apart.
    private func end(of phrase: [String], at index: Int) -> Int? {
        var place = index
        for part in phrase {
            while let word = word(at: place), word != part,
                VerdictVocabulary.adverbs.contains(word)
            { place += 1 }
            guard word(at: place) == part else { return nil }
            place += 1
        }
        return place
    }

    private func otherPlace(from index: Int) -> Int {
        var place = index
        while let word = word(at: place), VerdictVocabulary.nouns.contains(word) || word == "the" {
            place += 1
        }
        return place
    }

    /// The letter of the name that begins at `index`.
    private func named(from index: Int) -> JudgedOrder.Letter? {
        letter(at: otherPlace(from: index))
    }

    /// Whether the letter at `index` is one of two that a sign puts beside each other.
    func isCompared(_ index: Int) -> Bool {
        let start = nameStart(index)
        if start > 1, isMark(start - 1, ",<>=/&~+≈≥≤"), letter(at: start - 2) != nil { return true }
        return isMark(index + 1, ",<>=/&~+≈≥≤") && named(from: index + 2) != nil
    }

    /// Whether "not" stands before the name that ends at `index`.
    func isDenied(_ index: Int) -> Bool { word(at: nameStart(index) - 1) == "not" }

    /// Whether the other letter takes its place: "not A but B".
    func isReplaced(_ index: Int) -> Bool {
        var place = index + 1
        if isMark(place, ",;-") { place += 1 }
        if word(at: place) == "but" { place += 1 }
        return place > index + 1 && named(from: place) != nil
            && named(from: place) != letter(at: index)
    }

    // MARK: - What is said of a letter

    /// Whether it is the object of "prefer" or the like.
    func isChosen(_ index: Int) -> Bool {
        var start = nameStart(index)
        if isMark(start - 1, ":") { start -= 1 }
        let before = words(before: start)
        guard
            before.last.map(VerdictVocabulary.choosing.contains) ?? false
                || VerdictVocabulary.choosingPhrases.contains(where: { before.ends(with: $0) })
        else { return false }
        return !before.contains(where: VerdictVocabulary.spoils) && !isDoubtful(index)
            && !clause(from: index + 1).contains("less")
    }

    /// Whether the winner, the better response or the like is said to be this.
    func isNamedWinner(_ index: Int) -> Bool {
        guard case .letter(_, _, isPossessive: false) = tokens[index] else { return false }
        let before = words(before: nameStart(index))
        guard !before.contains(where: VerdictVocabulary.spoils), !isDoubtful(index) else {
            return false
        }
        let rest = before.reversed().drop(while: VerdictVocabulary.copulas.contains)
        return rest.count < before.count
            && rest.contains(where: VerdictVocabulary.verdictNouns.contains)
    }

    /// The letter that begins the line, set off by a mark.
    var leader: JudgedOrder.Letter? { isMark(1, ".:;-=") ? letter(at: 0) : nil }

    /// Whether it begins the line and a reason follows: `A. It gives more detail`.
    func leads(_ index: Int) -> Bool {
        let start = nameStart(index)
        guard start == 0, letter(at: index) != nil, !isDoubtful(index) else { return false }
        if let reason = word(at: index + 1) { return VerdictVocabulary.reasons.contains(reason) }
        if isMark(index + 1, ","), let reason = word(at: index + 2) {
            return VerdictVocabulary.reasons.contains(reason)
        }
        guard start == index, isMark(index + 1, ".:;-"), index + 2 < tokens.count,
            !isOtherLeading(index)
        else {
            return false
        }
        // What is bad must be the other one.
        let said = tokens[min(index + 2, tokens.count)..<sentenceEnd(index + 2)]
        guard said.compactMap(Self.word).contains(where: VerdictVocabulary.spoils) else {
            return true
        }
        let names = said.compactMap { token -> JudgedOrder.Letter? in
            if case .letter(let letter, _, _) = token { letter } else { nil }
        }
        return !names.isEmpty && !names.contains { $0 == letter(at: index) }
    }

    /// Whether the other letter begins a part of the line too, as in a list of both.
    private func isOtherLeading(_ index: Int) -> Bool {
        tokens.indices.contains { place in
            letter(at: place).map { $0 != letter(at: index) } ?? false
                && isMark(place - 1, ".,;:!?-") && isMark(place + 1, ".,;:-=")
        }
    }

    /// Whether it can be what a sentence is about: nothing precedes that would make it part of
    /// something else, as in "vitamin B".
    func isSubject(_ index: Int) -> Bool {
        let start = nameStart(index)
        guard start > 0 else { return true }
        if let word = word(at: start - 1) { return VerdictVocabulary.leads.contains(word) }
        return letter(at: start - 1) == nil && tokens[start - 1] != .both
    }
}

extension [String] {
    fileprivate func ends(with other: [String]) -> Bool { suffix(other.count).elementsEqual(other) }
}
