/// Recognises the patterns of pre-tokenizers in their regular expressions, however these are spelt.
///
/// An expression is taken apart into its alternatives, and each of them into a form that the usual
/// spellings share: possessive quantifiers, the order inside a class, and how contractions are
/// written make no difference.
enum PatternSpelling {
    /// The pattern of an expression, and whether every character is part of a match; nil for one that
    /// is not known.
    static func pattern(_ expression: String) -> (SplitStep.Pattern, coversAll: Bool)? {
        let all = alternatives(expression)
        if let coversAll = gpt2(all) { return (.gpt2, coversAll) }
        if let words = words(all) { return (.words(words), true) }
        return CharacterRun(expression: expression).map { (.run($0), false) }
    }

    private static let contractions: Set<String> = ["s", "t", "re", "ve", "m", "ll", "d"]

    /// Whether the alternatives are those of GPT-2's pattern, and then whether they cover all: some
    /// files leave out the last one, and single characters of white space lie between matches.
    private static func gpt2(_ all: [String]) -> Bool? {
        var rest = all[...]
        guard takeContractions(&rest) == .exact else { return nil }
        let expected = [#" ?\p{L}+"#, #" ?\p{N}+"#, #" ?[^\s\p{L}\p{N}]+"#, #"\s+(?!\S)"#]
        let forms = rest.map(canonical)
        guard forms.prefix(4) == expected.map(canonical)[...] else { return nil }
        switch forms.count {
        case 4: return false
        case 5 where forms[4] == #"\s+"# || forms[4] == #"\s"#: return true
        default: return nil
        }
    }

    private static func words(_ all: [String]) -> WordPattern? {
        var rest = all[...]
        let contracted = takeContractions(&rest)
        let forms = rest.map(canonical)
        // Alternatives after the words: numbers, punctuation, then white space.
        guard forms.count == 6 || forms.count == 7 else { return nil }
        var pattern = WordPattern()
        let count = forms.count - 5
        guard let kind = wordForm(Array(rest.prefix(count))) else { return nil }
        pattern.words = kind.words
        if kind.hasContractions {
            guard contracted == nil else { return nil }
            pattern.contractions = .afterWords
        } else {
            pattern.contractions = contracted == nil ? .nowhere : .apart
            pattern.contractionsIgnoreCase = contracted != .exact
        }
        let tail = Array(forms.dropFirst(count))
        guard let longest = longestNumbers[tail[0]] else { return nil }
        pattern.longestNumber = longest
        let marks = pattern.words == .lettersAndMarks ? #"\p{M}"# : ""
        let punctuation = canonical(#" ?[^\s\p{L}\p{N}"# + marks + "]+")
        switch tail[1] {
        case punctuation + canonical(#"[\r\n]*"#): break
        case punctuation + canonical(#"[\r\n/]*"#): pattern.punctuationTakesSlashes = true
        default: return nil
        }
        let newlines = [#"\s*[\r\n]+"#, #"\s*[\r\n]"#].map(canonical)
        let spaces = [#"\s+"#, #"\s"#]
        guard newlines.contains(tail[2]), tail[3] == #"\s+(?!\S)"#, spaces.contains(tail[4]) else {
            return nil
        }
        // A single \s at the end takes what \s+ would: a run of two leaves one to \s+(?!\S).
        return pattern
    }

    private static let longestNumbers: [String: Int] = {
        var lengths = [#"\p{N}"#: 1, #"\p{N}+"#: Int.max]
        for length in 1...9 { lengths["\\p{N}{1,\(length)}"] = length }
        return lengths
    }()

    private static func wordForm(
        _ alternatives: [String]
    ) -> (words: WordPattern.Words, hasContractions: Bool)? {
        let prefix = canonical(#"[^\r\n\p{L}\p{N}]?"#)
        if alternatives.count == 1 {
            switch canonical(alternatives[0]) {
            case prefix + #"\p{L}+"#: return (.letters, false)
            case prefix + canonical(#"[\p{L}\p{M}]+"#): return (.lettersAndMarks, false)
            default: return nil
            }
        }
        let head = canonical(#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#)
        let tail = canonical(#"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
        let expected = [prefix + head + "*" + tail + "+", prefix + head + "+" + tail + "*"]
        var withContractions = 0
        for (alternative, form) in zip(alternatives, expected) {
            var alternative = alternative
            let group = alternative.indices.first {
                ["(?i:", "'(?i:"].contains(where: alternative[$0...].hasPrefix)
            }
            if let group {
                guard alternative.hasSuffix(")?"),
                    contractionForm(String(alternative[group...].dropLast())) == .withoutCase
                else { return nil }
                alternative = String(alternative[..<group])
                withContractions += 1
            }
            guard canonical(alternative) == form else { return nil }
        }
        switch withContractions {
        case 0: return (.cased, false)
        case 2: return (.cased, true)
        default: return nil
        }
    }

    // MARK: Contractions

    private enum Contractions { case exact, withoutCase }

    /// Takes the contractions off the alternatives, one group or seven alternatives.
    private static func takeContractions(_ rest: inout ArraySlice<String>) -> Contractions? {
        if let first = rest.first, let form = contractionForm(first) {
            rest.removeFirst()
            return form
        }
        let single = rest.prefix(contractions.count)
        guard Set(single) == Set(contractions.map { "'" + $0 }) else { return nil }
        rest.removeFirst(contractions.count)
        return .exact
    }

    /// A group of all contractions, with the apostrophe in front of it or in each of them.
    private static func contractionForm(_ alternative: String) -> Contractions? {
        var text = alternative[...]
        let hasApostrophe = text.hasPrefix("'")
        if hasApostrophe { text.removeFirst() }
        var ignoresCase = false
        if text.hasPrefix("(?i:") {
            ignoresCase = true
            text.removeFirst(4)
        } else if text.hasPrefix("(?:") {
            text.removeFirst(3)
        } else {
            return nil
        }
        guard text.last == ")" else { return nil }
        text.removeLast()
        var found: Set<String> = []
        for part in alternatives(String(text)) {
            var part = part[...]
            if !hasApostrophe {
                guard part.hasPrefix("'") else { return nil }
                part.removeFirst()
            }
            if part.hasPrefix("["), part.hasSuffix("]") {
                for letter in part.dropFirst().dropLast() { found.insert(String(letter)) }
            } else {
                found.insert(String(part))
            }
        }
        guard found == contractions else { return nil }
        return ignoresCase ? .withoutCase : .exact
    }

    // MARK: Spelling

    /// The alternatives of an expression, those inside groups left alone.
    private static func alternatives(_ expression: String) -> [String] {
        var result = [""]
        var depth = 0
        var isInClass = false
        var isEscaped = false
        for scalar in expression.unicodeScalars {
            if scalar == "|", depth == 0, !isInClass, !isEscaped {
                result.append("")
                continue
            }
            result[result.count - 1].unicodeScalars.append(scalar)
            if isEscaped {
                isEscaped = false
                continue
            }
            switch scalar {
            case "\\": isEscaped = true
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass: depth += 1
            case ")" where !isInClass: depth -= 1
            default: break
            }
        }
        return result
    }

    /// One spelling for all: no possessive quantifiers, which make no difference where nothing is
    /// given back; classes in the order of their members' spellings.
    private static func canonical(_ alternative: String) -> String {
        var result = ""
        var members: [String]?
        for atom in atoms(alternative) {
            if atom == "[" {
                members = []
            } else if atom == "]", let inside = members {
                let isNegated = inside.first == "^"
                result += "[" + (isNegated ? "^" : "")
                result += Set(isNegated ? inside.dropFirst() : inside[...]).sorted().joined()
                result += "]"
                members = nil
            } else if members != nil {
                members?.append(atom)
            } else if atom == "+", let last = result.last, ["+", "?", "*"].contains(last) {
                continue
            } else {
                result += atom
            }
        }
        return result
    }

    /// Characters, escapes and `\p{…}`.
    private static func atoms(_ text: String) -> [String] {
        var atoms: [String] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.popFirst() {
            switch first {
            case "\n": atoms.append(#"\n"#)
            case "\r": atoms.append(#"\r"#)
            case "\\":
                guard let next = rest.popFirst() else { return atoms + ["\\"] }
                if next == "p" || next == "P", rest.first == "{",
                    let end = rest.firstIndex(of: "}")
                {
                    atoms.append("\\\(next)" + String(rest[...end]))
                    rest = rest[rest.index(after: end)...]
                } else {
                    atoms.append(next == "/" || next == "'" ? String(next) : "\\\(next)")
                }
            default: atoms.append(String(first))
            }
        }
        return atoms
    }
}
