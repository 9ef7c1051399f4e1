/// A simple pattern: a text as it stands, or so and so many characters of one class, such as
/// `\p{N}{1,3}`, `[0-9]` or `\s+`.
struct CharacterRun: Sendable, Hashable {
    private indirect enum Member: Sendable, Hashable {
        case scalars(ClosedRange<UInt32>)
        case letter, number, mark, punctuation, symbol, space, decimal
        case not(Member)
    }

    private var members: Set<Member> = []
    private var isNegated = false
    private var minimum = 1
    private var maximum = 1
    /// A text of several characters, where that is the pattern.
    private var text: [UInt8]?

    /// The text itself; nil for an empty one.
    init?(text: String) {
        guard !text.isEmpty else { return nil }
        self.text = Array(text.utf8)
    }

    /// The pattern of a regular expression, if it is a simple one.
    init?(expression: String) {
        var rest = expression.unicodeScalars[...]
        guard let first = rest.popFirst() else { return nil }
        switch first {
        case "[":
            if rest.first == "^" {
                isNegated = true
                rest.removeFirst()
            }
            guard Self.takeMembers(&rest, into: &members) else { return nil }
        default:
            rest = expression.unicodeScalars[...]
            guard let member = Self.takeMember(&rest, isInClass: false) else { return nil }
            members = [member]
        }
        if takeQuantifier(rest) { return }
        guard let plain = Self.plain(expression) else { return nil }
        self = plain
    }

    /// An expression without anything special in it.
    private static func plain(_ expression: String) -> CharacterRun? {
        let special: [Unicode.Scalar] = [
            "\\", "[", "]", "(", ")", "{", "}", "|", "+", "*", "?", ".", "^", "$",
        ]
        guard !expression.unicodeScalars.contains(where: special.contains) else { return nil }
        return CharacterRun(text: expression)
    }

    private static func takeMembers(
        _ rest: inout Substring.UnicodeScalarView, into members: inout Set<Member>
    ) -> Bool {
        while rest.first != "]" {
            guard let member = takeMember(&rest, isInClass: true) else { return false }
            if case .scalars(let low) = member, rest.first == "-", rest.dropFirst().first != "]" {
                rest.removeFirst()
                guard case .scalars(let high)? = takeMember(&rest, isInClass: true),
                    low.lowerBound <= high.upperBound
                else { return false }
                members.insert(.scalars(low.lowerBound...high.upperBound))
            } else {
                members.insert(member)
            }
        }
        rest.removeFirst()
        return !members.isEmpty
    }

    private static func takeMember(
        _ rest: inout Substring.UnicodeScalarView, isInClass: Bool
    ) -> Member? {
        guard let first = rest.popFirst() else { return nil }
        guard first == "\\" else {
            // Inside a class these could begin sets, outside they have a meaning of their own.
            let special: [Unicode.Scalar] =
                isInClass
                ? ["[", "&"] : ["[", "]", "(", ")", "{", "}", "|", "+", "*", "?", ".", "^", "$"]
            return special.contains(first) ? nil : .scalars(first.value...first.value)
        }
        guard let escaped = rest.popFirst() else { return nil }
        switch escaped {
        case "n": return .scalars(0x0A...0x0A)
        case "r": return .scalars(0x0D...0x0D)
        case "t": return .scalars(0x09...0x09)
        case "s": return .space
        case "S": return .not(.space)
        case "d": return .decimal
        case "p", "P":
            let names: [(String, Member)] = [
                ("{L}", .letter), ("{N}", .number), ("{M}", .mark), ("{P}", .punctuation),
                ("{S}", .symbol), ("{Nd}", .decimal),
            ]
            for (name, member) in names where rest.starts(with: name.unicodeScalars) {
                rest.removeFirst(name.unicodeScalars.count)
                return escaped == "p" ? member : .not(member)
            }
            return nil
        default:
            let isPlain = escaped.isASCII && !escaped.properties.isAlphabetic
            return isPlain && !("0"..."9").contains(escaped)
                ? .scalars(escaped.value...escaped.value) : nil
        }
    }

    private mutating func takeQuantifier(_ rest: Substring.UnicodeScalarView) -> Bool {
        let text = String(rest)
        switch text {
        case "": return true
        case "+", "++":
            maximum = .max
            return true
        default: break
        }
        guard text.hasPrefix("{"), text.hasSuffix("}") else { return false }
        let bounds = text.dropFirst().dropLast().split(
            separator: ",", omittingEmptySubsequences: false)
        guard let low = bounds.first.flatMap({ Int($0) }), low >= 1, bounds.count <= 2 else {
            return false
        }
        minimum = low
        maximum = low
        if bounds.count == 2 {
            guard let high = bounds[1].isEmpty ? .max : Int(bounds[1]), high >= low else {
                return false
            }
            maximum = high
        }
        return true
    }

    // MARK: Finding

    /// The length in bytes of what stands at `position`, 0 if the pattern does not match there; and
    /// where the next match may begin, if it does not.
    private func match(
        _ bytes: UnsafeBufferPointer<UInt8>, at start: Int
    ) -> (length: Int, next: Int) {
        if let text {
            let isThere =
                start + text.count <= bytes.count
                && text.elementsEqual(bytes[start..<start + text.count])
            return (isThere ? text.count : 0, start + 1)
        }
        var position = start
        var count = 0
        while position < bytes.count, count < maximum {
            let (scalar, length) = decodeScalar(bytes, at: position)
            guard let scalar, contains(scalar) else {
                if count == 0 { position += length }
                break
            }
            position += length
            count += 1
        }
        // What is too short a run is none from its later characters on either.
        return count >= minimum ? (position - start, position) : (0, position)
    }

    private func contains(_ scalar: Unicode.Scalar) -> Bool {
        members.contains { Self.member($0, contains: scalar) } != isNegated
    }

    private static func member(_ member: Member, contains scalar: Unicode.Scalar) -> Bool {
        switch member {
        case .scalars(let range): return range.contains(scalar.value)
        case .space: return scalar.properties.isWhitespace
        case .not(let member): return !Self.member(member, contains: scalar)
        case .letter, .number, .mark, .punctuation, .symbol, .decimal: break
        }
        switch UnicodeTables.category(scalar) {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return member == .letter
        case .decimalNumber: return member == .number || member == .decimal
        case .letterNumber, .otherNumber: return member == .number
        case .nonspacingMark, .spacingMark, .enclosingMark: return member == .mark
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return member == .punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: return member == .symbol
        default: return false
        }
    }

    /// All of the text in turn: what matches, and what lies between.
    func spans(_ bytes: UnsafeBufferPointer<UInt8>) -> [(range: Range<Int>, isMatch: Bool)] {
        var spans: [(range: Range<Int>, isMatch: Bool)] = []
        var position = 0
        var gap = 0
        while position < bytes.count {
            let (length, next) = match(bytes, at: position)
            guard length > 0 else {
                position = next
                continue
            }
            if gap < position { spans.append((gap..<position, false)) }
            spans.append((position..<position + length, true))
            position += length
            gap = position
        }
        if gap < bytes.count { spans.append((gap..<bytes.count, false)) }
        return spans
    }
}
