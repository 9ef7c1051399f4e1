extension JudgedOrder.Letter {
    /// Why a judge's text holds no verdict.
    public enum ParsingError: Error, Hashable, CustomStringConvertible {
        /// Neither letter stands in the text.
        case noVerdict
        /// The line that decides names both letters.
        case conflict
        /// Neither letter is among the tokens that were probable.
        case improbable

        /// What is wrong, in a few words.
        public var description: String {
            switch self {
            case .noVerdict: "the answer names neither \"A\" nor \"B\""
            case .conflict: "the answer names both \"A\" and \"B\""
            case .improbable: "neither \"A\" nor \"B\" is among the probable tokens"
            }
        }
    }

    /// Finds the verdict in what a judge wrote.
    ///
    /// The last line that holds a verdict decides. A verdict is a capital A or B that stands alone:
    /// not part of a word, and for an A not the article, that is, not before a word in lower case
    /// unless marked by quotes, brackets or emphasis, or preceded by a colon or by "response",
    /// "continuation", "answer" or "option", or followed by "is" or "because". A line that names
    /// both letters is a conflict.
    public init(parsing text: String) throws(ParsingError) {
        let lines = text.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        for line in lines.reversed() {
            let letters = Self.verdicts(in: Array(line))
            if letters.count > 1 { throw .conflict }
            if let letter = letters.first {
                self = letter
                return
            }
        }
        throw .noVerdict
    }

    private static func verdicts(in line: [UInt8]) -> Set<Self> {
        var found: Set<Self> = []
        for (index, byte) in line.enumerated() {
            guard byte == UInt8(ascii: "A") || byte == UInt8(ascii: "B") else { continue }
            guard index == 0 || !isWordByte(line[index - 1]) else { continue }
            guard index + 1 == line.count || !isWordByte(line[index + 1]) else { continue }
            if byte == UInt8(ascii: "B") {
                found.insert(.second)
            } else if !isArticle(at: index, in: line) {
                found.insert(.first)
            }
        }
        return found
    }

    /// Whether the lone A at `index` reads as the article "A" before a word.
    private static func isArticle(at index: Int, in line: [UInt8]) -> Bool {
        let rest = line[(index + 1)...]
        guard rest.first == UInt8(ascii: " ") else { return false }
        let nextWord = rest.dropFirst().prefix(while: isWordByte)
        guard let initial = nextWord.first, initial >= UInt8(ascii: "a"),
            initial <= UInt8(ascii: "z")
        else { return false }
        if ["is", "because", "and", "or", "over", "than"].contains(where: {
            nextWord.elementsEqual($0.utf8)
        }) {
            return false
        }
        let before = line[..<index].reversed().drop { $0 == UInt8(ascii: " ") }
        guard let previous = before.first else { return true }
        if previous == UInt8(ascii: ":") { return false }
        let previousWord = before.prefix(while: isWordByte).reversed().map { $0 | 0x20 }
        return !["response", "continuation", "answer", "option"].contains {
            previousWord.elementsEqual($0.utf8)
        }
    }

    /// ASCII letters, digits and the underscore. Bytes beyond ASCII end a word: typographic quotes do.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
