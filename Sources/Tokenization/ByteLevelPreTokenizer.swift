/// Cuts text into the chunks inside which byte-level BPE merges.
///
/// Most vocabularies need one scanner, GPT-2's or a ``WordPattern``, and perhaps numbers apart; what
/// else a file asks for are steps before it. The pieces of GPT-2's pattern
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// are found by a scanner that looks at each character a bounded number of times, whatever the
/// text: no backtracking, no recursion.
struct ByteLevelPreTokenizer: Sendable, Hashable {
    /// What happens to numbers before the pattern is applied.
    enum NumberRule: Sendable {
        /// Nothing: `\p{N}+` of the pattern holds.
        case pattern
        /// Each numeric character is a text of its own (SmolLM). The space before it
        /// therefore does not join it.
        case individual
        /// Each run of numeric characters is a text of its own.
        case runs
    }

    var numbers: NumberRule = .pattern
    /// Whether GPT-2's pattern cuts; else ``words`` does, and without both the whole text is one chunk.
    var usesPattern = true
    /// The pattern in the place of GPT-2's.
    var words: WordPattern?
    /// Whether a text that does not begin with a space gets one.
    var addsPrefixSpace = false
    /// Steps that cut the text before a prefix space and the pattern.
    var earlierSteps: [SplitStep] = []

    /// GPT-2's own rule.
    static let gpt2 = ByteLevelPreTokenizer()
    /// SmolLM's: every number character apart, then GPT-2's.
    static let smolLM = ByteLevelPreTokenizer(numbers: .individual)

    /// Classifies characters as the pattern needs it, for ``chunkEnd(_:from:_:)``.
    var classifier: CharacterClassifier {
        CharacterClassifier(words == nil ? CharacterClass.of : CharacterTraits.of)
    }

    /// The end of the chunk that begins at `start`, the earlier steps left aside.
    @inline(__always)
    func chunkEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ classes: CharacterClassifier
    ) -> Int {
        guard usesPattern else {
            return words?.pieceEnd(text, from: start, classes) ?? text.count
        }
        let first = text[start]
        // Most chunks are a plain word, with or without a space before it.
        let word = first == UInt8(ascii: " ") ? start + 1 : start
        let wordEnd = Self.lettersEnd(text, from: word)
        if wordEnd > word {
            if wordEnd == text.count || text[wordEnd] < 0x80 { return wordEnd }
            return runEnd(text, from: wordEnd, of: CharacterClass.letter, classes)
        }
        if first == UInt8(ascii: "'") {
            let length = contractionLength(text, at: start)
            if length > 0 { return start + length }
        }
        var (kind, length) = classes.classify(text, at: start)
        var position = start
        if first == UInt8(ascii: " ") && start + 1 < text.count {
            let (following, followingLength) = classes.classify(text, at: start + 1)
            let stands = following == CharacterClass.number && numbers != .pattern
            if following != CharacterClass.space && !stands {
                (kind, length, position) = (following, followingLength, start + 1)
            }
        }
        position += length
        if kind == CharacterClass.space {
            return spaceEnd(text, from: start, firstEnd: position, classes)
        }
        if kind == CharacterClass.number && numbers == .individual { return position }
        return runEnd(text, from: position, of: kind, classes)
    }

    /// The end of the ASCII letters that begin at `start`, if any do.
    @inline(__always)
    static func lettersEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = UnsafeRawBufferPointer(text)
        var position = start
        while position + 8 <= text.count {
            let word = UInt64(
                littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let letters = leadingLetters(word)
            position += letters
            if letters < 8 { return position }
        }
        while position < text.count, (text[position] | 0x20) &- UInt8(ascii: "a") < 26 {
            position += 1
        }
        return position
    }

    /// How many of eight bytes are ASCII letters before the first one that is not.
    @inline(__always)
    private static func leadingLetters(_ word: UInt64) -> Int {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        let lowered = (word | 0x2020_2020_2020_2020) & ~highBits
        // Sums of seven-bit values stay within their byte and carry into its high bit.
        let fromA = lowered &+ 0x1F1F_1F1F_1F1F_1F1F
        let beyondZ = lowered &+ 0x0505_0505_0505_0505
        let letters = fromA & ~beyondZ & ~word & highBits
        return (letters ^ highBits).trailingZeroBitCount / 8
    }

    /// The end of the run of characters of class `kind` that goes on at `position`.
    @inline(__always)
    private func runEnd(
        _ text: UnsafeBufferPointer<UInt8>, from position: Int, of kind: UInt8,
        _ classes: CharacterClassifier
    ) -> Int {
        var position = position
        while position < text.count {
            let (next, length) = classes.classify(text, at: position)
            if next != kind { break }
            position += length
        }
        return position
    }

    /// `\s+(?!\S)|\s+`: a run of white space leaves its last character to what follows it,
    /// unless it is the only one or nothing follows.
    private func spaceEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, firstEnd: Int,
        _ classes: CharacterClassifier
    ) -> Int {
        var last = start
        var position = firstEnd
        while position < text.count {
            let (next, length) = classes.classify(text, at: position)
            if next != CharacterClass.space {
                // A number that stands alone ends the text before it.
                if next == CharacterClass.number && numbers != .pattern { return position }
                return last == start ? position : last
            }
            last = position
            position += length
        }
        return position
    }

    /// The length of `'s 't 'm 'd 're 've 'll` at `position`, 0 if none of them is there.
    @inline(__always)
    private func contractionLength(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        guard position + 1 < text.count else { return 0 }
        let second = text[position + 1]
        switch second {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
            guard position + 2 < text.count else { return 0 }
            let third = second == UInt8(ascii: "l") ? UInt8(ascii: "l") : UInt8(ascii: "e")
            return text[position + 2] == third ? 3 : 0
        default: return 0
        }
    }
}
