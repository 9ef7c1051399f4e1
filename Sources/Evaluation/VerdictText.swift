/// What a judge wrote, cut into lines of words and marks: the form in which verdicts are looked for.
package struct VerdictText {
    /// A word, a letter that may name a side, or a mark.
    enum Token: Hashable {
        /// In lower case; digits are words too.
        case word(String)
        /// A lone A or B. A small one counts on lines that hold a label, and behind "response".
        case letter(JudgedOrder.Letter, isCapital: Bool, isPossessive: Bool)
        /// Punctuation of a sentence, or a sign of comparison.
        case mark(Unicode.Scalar)
        /// Both letters in one breath, as in "A or B".
        case both
    }

    /// A line without what decorates it: quotes, emphasis, brackets around letters, bullets.
    struct Line {
        var tokens: [Token]
        /// Whether it is a heading, above text about one side.
        var isHeading: Bool
        /// Whether it has words, none in lower case: an A may be an article there wherever it stands.
        var isAllCapitals: Bool
        /// Letters in doubled square brackets or a box, which mark a verdict anywhere.
        var marked: Set<JudgedOrder.Letter> = []
        /// Whether such a mark holds a word for neither.
        var hasMarkedTie = false
    }

    /// The lines that are not blank.
    let lines: [Line]

    /// Takes an answer that holds no reasoning any more.
    init(_ answer: [Unicode.Scalar]) {
        let text = Self.withoutSpecialTokens(answer)
        lines = text.split(whereSeparator: Self.endsLine).compactMap { line in
            let line = Self.line(line)
            return line.tokens.isEmpty ? nil : line
        }
    }

    private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A...0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    // MARK: - Spelling

    /// Letters that are drawn in another way, by the first of their range: as wide as ideographs, in a
    /// circle, in a box, in brackets.
    private static let drawn: [(first: UInt32, count: UInt32, as: Unicode.Scalar)] = [
        (0xFF01, 94, "!"), (0x24B6, 26, "A"), (0x24D0, 26, "a"), (0x249C, 26, "a"),
        (0x1F110, 26, "A"), (0x1F130, 26, "A"), (0x1F150, 26, "A"), (0x1F170, 26, "A"),
    ]

    /// The text in plain letters, without what has no width, and with the characters that HTML escapes.
    package static func folded(_ text: String) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x80: scalars.append(scalar)
            case 0xAD, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0xFE00...0xFE0F, 0xFEFF,
                0x20DD...0x20E4:
                continue
            case 0x1D400...0x1D6A3:
                // Mathematical alphabets, capitals before small letters.
                let place = (scalar.value - 0x1D400) % 52
                scalars.append(
                    Unicode.Scalar(UInt8(place < 26 ? 0x41 + place : 0x61 + place - 26)))
            default: scalars.append(plain(scalar))
            }
        }
        return unescaped(scalars)
    }

    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        for range in drawn where scalar.value >= range.first {
            let place = scalar.value - range.first
            if place < range.count { return Unicode.Scalar(UInt8(range.as.value + place)) }
        }
        return scalar
    }

    private static func unescaped(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains("&") else { return scalars }
        let escapes: [(name: [Unicode.Scalar], scalar: Unicode.Scalar)] = [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&"), ("&nbsp;", " "),
        ].map { (Array($0.0.unicodeScalars), $0.1) }
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            let escape =
                scalars[index] == "&"
                ? escapes.first { scalars[index...].starts(with: $0.name) } : nil
            result.append(escape?.scalar ?? scalars[index])
            index += escape?.name.count ?? 1
        }
        return result
    }

    /// Ends of turns and of texts become ends of lines; so do breaks in HTML.
    private static func withoutSpecialTokens(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let names: Set<String> = ["s", "/s", "eos", "bos", "pad", "br", "br/", "br /", "p", "/p"]
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < text.count {
            if text[index] == "<" {
                let content = text[(index + 1)...].prefix(40)
                if let end = content.firstIndex(of: ">") {
                    let name = content[..<end]
                    let isSpecial =
                        (name.first == "|" && name.last == "|" && !name.contains(" "))
                        || names.contains(String(String.UnicodeScalarView(name)).lowercased())
                        || [Array("end_of_turn".unicodeScalars)].contains { name.elementsEqual($0) }
                    if isSpecial {
                        result.append("\n")
                        index = end + 1
                        continue
                    }
                }
            }
            result.append(text[index])
            index += 1
        }
        return result
    }

    // MARK: - Tokens

    /// Marks that separate or compare; all other punctuation only decorates.
    private static let meaningful: Set<Unicode.Scalar> = [
        ".", ",", ";", ":", "!", "?", "=", ">", "<", "/", "&", "+", "~", "(", "—", "–", "-", "…",
        "→", "≻", "≺", "≥", "≤", "≈", "≫", "≪", "»", "«", "。", "、", "，", "；", "：", "！", "？",
    ]

    private static let sameAs: [Unicode.Scalar: Unicode.Scalar] = [
        "。": ".", "、": ",", "—": "-", "–": "-", "…": ".", "≫": ">", "≻": ">", "≪": "<", "≺": "<",
    ]

    private enum Class { case letter, digit, ideograph, space, mark }

    private static func kind(_ scalar: Unicode.Scalar) -> Class {
        switch scalar.value {
        case 0x2E80...0x2FFF, 0x3040...0x9FFF, 0xAC00...0xD7AF, 0xF900...0xFAFF: return .ideograph
        case 0x30...0x39: return .digit
        case 0x41...0x5A, 0x61...0x7A: return .letter
        case 0..<0x80: return scalar.properties.isWhitespace ? .space : .mark
        default:
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || scalar.properties.canonicalCombiningClass != .notReordered
            {
                return .letter
            }
            return scalar.properties.isWhitespace ? .space : .mark
        }
    }

    private static func line(_ text: ArraySlice<Unicode.Scalar>) -> Line {
        let content = Array(text.drop { kind($0) == .space || $0 == ">" || $0 == "*" || $0 == "-" })
        var tokens: [Token] = []
        var (hasSmall, hasCapitalWord) = (false, false)
        var index = 0
        while index < content.count {
            let kind = kind(content[index])
            guard kind == .letter || kind == .digit || kind == .ideograph else {
                if kind == .mark, meaningful.contains(content[index]) {
                    let mark = sameAs[content[index]] ?? content[index]
                    if mark == ">", [.mark("-"), .mark("=")].contains(tokens.last) {
                        tokens[tokens.count - 1] = .mark("→")
                    } else {
                        tokens.append(.mark(mark))
                    }
                } else if content[index] == "]", case .word(let word)? = tokens.last,
                    VerdictVocabulary.verdictNouns.contains(word)
                {
                    // "[RESULT] A" announces as "Result: A" does.
                    tokens.append(.mark(":"))
                }
                index += 1
                continue
            }
            let end = wordEnd(in: content, from: index)
            let word = content[index..<end]
            if let letter = letter(in: content, index..<end) {
                tokens.append(letter)
            } else {
                hasSmall = hasSmall || word.contains(where: \.properties.isLowercase)
                hasCapitalWord =
                    hasCapitalWord
                    || word.count > 1 && word.contains(where: \.properties.isUppercase)
                let text = String(String.UnicodeScalarView(word)).lowercased()
                // The A of a grade or a compound is no article either, and says as much as the B.
                tokens.append(.word(text == "b" ? "a" : text))
            }
            index = end
        }
        let plain = content.reversed().drop { "*_` ".unicodeScalars.contains($0) }
        let isHeading = content.first == "#" || plain.first == ":"
        var line = Line(
            tokens: withPairs(tokens), isHeading: isHeading,
            isAllCapitals: hasCapitalWord && !hasSmall)
        for name in markedNames(in: content) {
            switch name {
            case "a": line.marked.insert(.first)
            case "b": line.marked.insert(.second)
            default:
                line.hasMarkedTie = line.hasMarkedTie || VerdictVocabulary.ties.contains(name)
            }
        }
        return line
    }

    /// Where the word that begins at `index` ends. Ideographs are words apart from letters, and an
    /// apostrophe between letters belongs to the word.
    private static func wordEnd(in line: [Unicode.Scalar], from index: Int) -> Int {
        let isIdeograph = kind(line[index]) == .ideograph
        var end = index + 1
        while end < line.count {
            switch kind(line[end]) {
            case .ideograph where isIdeograph: end += 1
            case .letter where !isIdeograph, .digit where !isIdeograph: end += 1
            case .mark
            where (line[end] == "'" || line[end] == "’") && end + 1 < line.count
                && kind(line[end + 1]) == .letter && !isIdeograph:
                end += 1
            default: return end
            }
        }
        return end
    }

    private static func letter(in line: [Unicode.Scalar], _ word: Range<Int>) -> Token? {
        let letters: [Unicode.Scalar: JudgedOrder.Letter] = [
            "A": .first, "B": .second, "a": .first, "b": .second,
        ]
        guard let letter = letters[line[word.lowerBound]] else { return nil }
        let tail = line[(word.lowerBound + 1)..<word.upperBound]
        let isPossessive =
            tail.count == 2 && ["'", "’"].contains(tail.first) && tail.last == "s"
        guard tail.isEmpty || isPossessive else { return nil }
        // Grades, compounds and abbreviations: A+, B-side, e.g. U.S.A., B.C.
        func isWord(_ place: Int) -> Bool {
            line.indices.contains(place) && [.letter, .digit].contains(kind(line[place]))
        }
        func isJoined(by step: Int, from place: Int) -> Bool {
            guard line.indices.contains(place), isWord(place + step) else { return false }
            // "A.It" lacks a space, "A.D." is an abbreviation.
            return line[place] == "-" || line[place] == "." && !isWord(place + 2 * step)
        }
        let (before, after) = (word.lowerBound - 1, word.upperBound)
        if isJoined(by: -1, from: before) || isJoined(by: 1, from: after) { return nil }
        if after < line.count, line[after] == "+" { return nil }
        return .letter(
            letter, isCapital: line[word.lowerBound].properties.isUppercase,
            isPossessive: isPossessive)
    }

    /// Puts ``Token/both`` where two letters are named together.
    private static func withPairs(_ tokens: [Token]) -> [Token] {
        var result: [Token] = []
        for token in tokens {
            result.append(token)
            guard case .letter(let second, _, _) = token else { continue }
            var place = result.count - 2
            while place >= 0, case .word(let word) = result[place],
                VerdictVocabulary.nouns.contains(word)
            { place -= 1 }
            guard place > 0, case .letter(let first, _, _) = result[place - 1], first != second
            else { continue }
            switch result[place] {
            case .word(let word) where VerdictVocabulary.joining.contains(word): break
            case .mark("/"), .mark("&"): break
            default: continue
            }
            result.removeSubrange((place - 1)...)
            result.append(.both)
        }
        return result
    }

    /// What stands alone as in `[[A]]`, `[[Response B]]` and `\boxed{\text{A}}`, in lower case.
    private static func markedNames(in line: [Unicode.Scalar]) -> [String] {
        var found: [String] = []
        for (opening, closing) in [("[[", "]]"), ("boxed{", "}")] {
            let (opening, closing) = (Array(opening.unicodeScalars), Array(closing.unicodeScalars))
            var rest = line[...]
            while let start = rest.firstRange(of: opening) {
                rest = rest[start.upperBound...]
                guard let end = rest.firstRange(of: closing) else { break }
                let words = rest[..<end.lowerBound].split { kind($0) != .letter }.map {
                    String(String.UnicodeScalarView($0)).lowercased()
                }
                let names = words.filter {
                    !VerdictVocabulary.nouns.contains($0) && !VerdictVocabulary.frames.contains($0)
                        || $0 == "a"
                }
                if names.count == 1 { found += names }
                rest = rest[end.upperBound...]
            }
        }
        return found
    }
}
