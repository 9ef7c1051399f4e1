import Foundation

/// The text clean-up of uncased BERT: control characters go, white space becomes a space,
/// Chinese characters stand alone, accents and case are dropped.
struct BERTNormalizer: Sendable, Equatable {
    var cleansText = true
    var separatesChinese = true
    var stripsAccents = true
    var lowercases = true

    /// What word-splitting makes of a character.
    enum Role {
        /// Part of a word.
        case word
        /// Between words.
        case space
        /// A word of its own.
        case punctuation
        /// Removed.
        case nothing
    }

    /// The words of `text`, normalised, in order.
    func words(_ text: UnsafeBufferPointer<UInt8>) -> [[Unicode.Scalar]] {
        Self.words(normalized(text))
    }

    /// The clean text as UTF-8.
    func normalizedBytes(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in normalized(text) {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return bytes
    }

    /// The words of a text that is normalised already, in order.
    static func words(_ text: some Sequence<Unicode.Scalar>) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        func endWord() {
            if !word.isEmpty { words.append(word) }
            word.removeAll(keepingCapacity: true)
        }
        for scalar in text {
            switch role(scalar) {
            case .space: endWord()
            case .punctuation:
                endWord()
                words.append([scalar])
            case .word, .nothing: word.append(scalar)
            }
        }
        endWord()
        return words
    }

    /// The clean text. Decomposition comes before the stripping of marks and before lowering, as
    /// in the reference.
    func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [Unicode.Scalar] {
        var cleaned = String.UnicodeScalarView()
        var isASCII = true
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if cleansText && Self.isRemoved(scalar) { continue }
            if cleansText && Self.role(scalar) == .space {
                cleaned.append(" ")
            } else if separatesChinese && Self.isChinese(scalar) {
                cleaned.append(contentsOf: [" ", scalar, " "])
                isASCII = false
            } else {
                cleaned.append(scalar)
                isASCII = isASCII && scalar.isASCII
            }
        }
        if stripsAccents && !isASCII {
            cleaned = String(cleaned).decomposedStringWithCanonicalMapping.unicodeScalars
        }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(cleaned.count)
        for scalar in cleaned {
            if stripsAccents && Self.category(scalar) == .nonspacingMark { continue }
            if !lowercases {
                result.append(scalar)
            } else if scalar.isASCII {
                let isCapital = (65...90).contains(scalar.value)
                result.append(isCapital ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return result
    }

    static func role(_ scalar: Unicode.Scalar) -> Role {
        if scalar.isASCII {
            switch scalar.value {
            case 9...13, 32: return .space
            case 33...47, 58...64, 91...96, 123...126: return .punctuation
            default: return .word
            }
        }
        if scalar.properties.isWhitespace { return .space }
        switch category(scalar) {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return .punctuation
        default: return .word
        }
    }

    /// U+0000, U+FFFD and control, format and private-use characters, but not tab,
    /// line feed and carriage return.
    private static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar.value {
            case 9, 10, 13: return false
            case 0...31, 127: return true
            default: return false
            }
        }
        if scalar.value == 0xFFFD { return true }
        switch category(scalar) {
        case .control, .format, .privateUse: return true
        default: return false
        }
    }

    /// The general category as of Unicode 8, which is what the reference implementation's tables
    /// hold: characters that came later are unassigned (and kept), and those that changed their
    /// category since have the old one.
    private static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        if scalar.isASCII { return scalar.properties.generalCategory }
        guard let age = scalar.properties.age, age.major <= 8 else { return .unassigned }
        switch scalar.value {
        case 0x166D, 0x111C9: return .otherPunctuation
        case 0x1734, 0x1171E: return .nonspacingMark
        case 0x1885, 0x1886: return .otherLetter
        case 0xA9BD: return .spacingMark
        default: return scalar.properties.generalCategory
        }
    }

    /// The CJK ideograph blocks, with the bounds that the reference has.
    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
            0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
