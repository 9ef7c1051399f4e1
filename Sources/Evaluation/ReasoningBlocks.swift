/// What a judge wrote to itself before its answer, in the spellings that models use.
///
/// - Tags in angle brackets, bars, square brackets or triangles whose name says so: `<think>…</think>`,
///   `<seed:think>`, `<reasoning>`, `<|begin_of_thought|>…<|end_of_thought|>`,
///   `<|START_THINKING|>…<|END_THINKING|>`, `[THINK]…[/THINK]`, `◁think▷…◁/think▷`.
/// - Channels other than `final`: `<|channel|>analysis<|message|>…<|end|>`,
///   `<|channel>thought…<channel|>`, and `analysis…assistantfinal`, which is left of them when special
///   tokens are dropped.
/// - Phrases and fences: `Here is my thought process:…Here is my response:`, ` ```thinking `.
///
/// Upper and lower case are the same. Where a block ends without having begun, a template has written
/// its beginning: all that precedes is part of it.
enum ReasoningBlocks {
    /// What is left of a text without its blocks; nil if one of them never ends.
    static func answer(in text: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        guard let spoken = withoutChannels(text) else { return nil }
        var answer: [Unicode.Scalar] = []
        var name: String?
        var index = 0
        while index < spoken.count {
            guard let marker = marker(in: spoken, at: index) else {
                if name == nil { answer.append(spoken[index]) }
                index += 1
                continue
            }
            switch (marker.kind, name) {
            case (.open, nil): name = marker.name
            case (.close, marker.name): name = nil
            case (.close, nil): if marker.endsWhatIsBefore { answer = [] }
            default: break
            }
            if name == nil { answer.append("\n") }
            index = marker.end
        }
        return name == nil ? answer : nil
    }

    // MARK: - Blocks with a name

    private struct Marker {
        enum Kind { case open, close }

        var name: String
        var kind: Kind
        /// Index behind it.
        var end: Int
        /// Whether it ends a block even where none has begun.
        var endsWhatIsBefore = true
    }

    /// Parts of names that only a block of this kind has.
    private static let stems = [
        "think", "thought", "reason", "analysis", "scratch", "monologue", "reflect", "rationale",
        "deliberat", "explanation",
    ]

    /// Words around a name that say whether a block begins or ends.
    private static let affixes: [(prefix: String, suffix: String, kind: Marker.Kind)] = [
        ("/", "", .close), ("end_of_", "", .close), ("end_", "", .close), ("", "_end", .close),
        ("begin_of_", "", .open), ("begin_", "", .open), ("start_of_", "", .open),
        ("start_", "", .open), ("", "_begin", .open), ("", "_start", .open),
    ]

    /// Blocks without a name of their own.
    private static let phrases: [(open: String, close: String, endsWhatIsBefore: Bool)] = [
        ("here is my thought process:", "here is my response:", true),
        ("here's my thought process:", "here's my response:", true),
        ("thinking...\n", "...done thinking.", true),
        ("<unused94>", "<unused95>", true),
        ("<details", "</details>", true),
        ("```thinking", "```", false), ("```think", "```", false), ("```reasoning", "```", false),
        ("```thought", "```", false),
    ]

    /// The first characters that a marker may have.
    private static let initials: Set<Unicode.Scalar> = [
        "<", "[", "◁", "h", "H", "t", "T", ".", "`", "a", "A",
    ]

    private static func marker(in text: [Unicode.Scalar], at index: Int) -> Marker? {
        guard initials.contains(text[index]) else { return nil }
        return tag(in: text, at: index) ?? phrase(in: text, at: index)
            ?? bareChannel(in: text, at: index)
    }

    private static func phrase(in text: [Unicode.Scalar], at index: Int) -> Marker? {
        for (open, close, endsWhatIsBefore) in phrases {
            if let end = text.end(of: open, at: index) {
                return Marker(name: close, kind: .open, end: end)
            }
            if let end = text.end(of: close, at: index) {
                return Marker(
                    name: close, kind: .close, end: end, endsWhatIsBefore: endsWhatIsBefore)
            }
        }
        return nil
    }

    /// Channels whose special tokens were dropped: the names remain, glued to what follows.
    private static func bareChannel(in text: [Unicode.Scalar], at index: Int) -> Marker? {
        let name = "assistantfinal"
        if let end = text.end(of: name, at: index) {
            return Marker(name: name, kind: .close, end: end)
        }
        guard index < 16, text[index] == "a", let end = text.end(of: "analysis", at: index),
            end < text.count,
            text[end].properties.isUppercase,
            text[..<index].allSatisfy(\.properties.isWhitespace)
        else { return nil }
        return Marker(name: name, kind: .open, end: end)
    }

    private static func tag(in text: [Unicode.Scalar], at index: Int) -> Marker? {
        let closing: Unicode.Scalar
        switch text[index] {
        case "<": closing = ">"
        case "[": closing = "]"
        case "◁": closing = "▷"
        default: return nil
        }
        let longest = 120
        let content = text[(index + 1)...].prefix(longest)
        guard
            let last = content.firstIndex(where: {
                $0 == closing || $0 == text[index] || $0 == "\n"
            }), text[last] == closing
        else { return nil }
        // What follows the name are attributes.
        let words = content[..<last].split { $0 == " " || $0 == "|" }
        guard var name = words.first.map(lowercased) else { return nil }
        if name == "/", words.count > 1 { name += lowercased(words[1]) }
        let isEmpty = content[..<last].last == "/"
        if name.hasSuffix("/") { name.removeLast() }
        var kind = Marker.Kind.open
        for affix in affixes where name.hasPrefix(affix.prefix) && name.hasSuffix(affix.suffix) {
            kind = affix.kind
            name = String(name.dropFirst(affix.prefix.count).dropLast(affix.suffix.count))
            break
        }
        // Headings stand in square brackets too.
        let isReasoning =
            closing == "]"
            ? ["think", "thinking", "thought"].contains(name)
            : stems.contains { name.firstRange(of: $0) != nil }
        guard isReasoning else { return nil }
        return Marker(
            name: name, kind: isEmpty ? .close : kind, end: last + 1, endsWhatIsBefore: !isEmpty)
    }

    // MARK: - Channels

    private enum Part { case outside, reasoning, final }

    /// The text of the channel `final` if there is one, else what is outside the other channels; nil
    /// if one of these never ends.
    private static func withoutChannels(_ text: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        var (outside, final): ([Unicode.Scalar], [Unicode.Scalar]) = ([], [])
        var (part, hasFinal, index) = (Part.outside, false, 0)
        while index < text.count {
            guard let (token, end) = channelToken(in: text, at: index) else {
                switch part {
                case .outside: outside.append(text[index])
                case .final: final.append(text[index])
                case .reasoning: break
                }
                index += 1
                continue
            }
            index = end
            switch token {
            case "<|channel|>", "<|channel>":
                let name = text[index...].drop(while: \.properties.isWhitespace).prefix {
                    $0.properties.isAlphabetic && $0.isASCII
                }
                part = lowercased(name) == "final" ? .final : .reasoning
                index = name.endIndex
                // The header may go on, with the format of the content.
                let header = text[index...].prefix(60).prefix { $0 != "\n" }
                for place in header.indices where text.end(of: "<|message|>", at: place) != nil {
                    index = place
                    break
                }
            case "<|message|>", "<|message>":
                if part == .outside { part = .final }
            case "<|start|>", "<|start>", "<|turn>":
                part = .outside
                index = text[index...].prefix { $0.properties.isAlphabetic }.endIndex
            case "<channel|>":
                if part == .outside { outside = [] }
                part = .outside
            default: part = .outside
            }
            if part == .final {
                hasFinal = true
                final.append("\n")
            } else {
                outside.append("\n")
            }
        }
        guard part != .reasoning else { return nil }
        return hasFinal ? final : outside
    }

    private static let channelTokens = [
        "<|channel|>", "<|channel>", "<channel|>", "<|message|>", "<|message>", "<|start|>",
        "<|start>", "<|end|>", "<|end>", "<|return|>", "<|return>", "<|call|>", "<|turn>",
        "<turn|>",
    ]

    private static func channelToken(
        in text: [Unicode.Scalar], at index: Int
    ) -> (token: String, end: Int)? {
        guard text[index] == "<" else { return nil }
        for token in channelTokens {
            if let end = text.end(of: token, at: index) { return (token, end) }
        }
        return nil
    }
}

extension [Unicode.Scalar] {
    /// Where `phrase`, given in lower case, ends if it stands at `index` in any case.
    fileprivate func end(of phrase: String, at index: Int) -> Int? {
        var position = index
        for scalar in phrase.unicodeScalars {
            guard position < count, self[position].lowercasedASCII == scalar else { return nil }
            position += 1
        }
        return position
    }
}

extension Unicode.Scalar {
    /// ASCII letters in lower case, all else as it is.
    var lowercasedASCII: Unicode.Scalar {
        ("A"..."Z").contains(self) ? Unicode.Scalar(UInt8(value) | 0x20) : self
    }
}

private func lowercased(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars.lazy.map(\.lowercasedASCII))
    return String(text)
}
