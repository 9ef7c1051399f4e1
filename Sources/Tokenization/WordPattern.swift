/// The patterns that newer byte-level vocabularies cut text by, cl100k's (Llama 3, Qwen, OLMo 2,
/// Phi-4) and o200k's (Phi-4-mini, Mistral's tekken), which differ in a few traits:
///
///     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
///     | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
///
/// A scanner finds the pieces, and looks at each character a bounded number of times.
struct WordPattern: Sendable, Hashable {
    /// What a word is.
    enum Words: Sendable, Hashable {
        /// `\p{L}+`
        case letters
        /// `[\p{L}\p{M}]+`; marks are no punctuation then.
        case lettersAndMarks
        /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, else
        /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`: cut where case rises.
        case cased
    }

    /// Where `'s 't 're 've 'm 'll 'd` are looked for.
    enum Contractions: Sendable, Hashable {
        case nowhere
        /// They are pieces.
        case apart
        /// They end a word.
        case afterWords
    }

    var words = Words.letters
    var contractions = Contractions.apart
    var contractionsIgnoreCase = true
    /// The most numeric characters in a piece.
    var longestNumber = 3
    /// Whether slashes after punctuation stay with it, as newlines do.
    var punctuationTakesSlashes = false

    /// The end of the piece that begins at `start`.
    /// - Parameter traits: classifies by ``CharacterTraits``.
    func pieceEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ traits: CharacterClassifier
    ) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'"), contractions == .apart {
            let length = contractionLength(text, at: start)
            if length > 0 { return start + length }
        }
        let (kind, length) = traits.classify(text, at: start)
        if let end = wordEnd(text, from: start, kind, length, traits) { return end }
        if kind & CharacterTraits.number != 0 {
            return numberEnd(text, from: start + length, traits)
        }
        let begin = first == UInt8(ascii: " ") ? start + 1 : start
        if let end = punctuationEnd(text, from: begin, traits) { return end }
        return spaceEnd(text, from: start, traits)
    }

    // MARK: Words

    private func wordEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ kind: UInt8, _ length: Int,
        _ traits: CharacterClassifier
    ) -> Int? {
        let excluded = CharacterTraits.letter | CharacterTraits.number | CharacterTraits.newline
        let mayPrefix = kind & excluded == 0
        switch words {
        case .letters, .lettersAndMarks:
            let members =
                words == .letters
                ? CharacterTraits.letter : CharacterTraits.letter | CharacterTraits.mark
            var position = start
            if kind & members == 0 {
                guard mayPrefix, start + length < text.count else { return nil }
                position += length
                guard traits.classify(text, at: position).0 & members != 0 else { return nil }
            }
            return runEnd(text, from: position, of: members, traits)
        case .cased:
            let next = start + length
            let end =
                (mayPrefix ? risingEnd(text, from: next, traits) : nil)
                ?? risingEnd(text, from: start, traits)
                ?? (mayPrefix ? headsEnd(text, from: next, traits) : nil)
                ?? headsEnd(text, from: start, traits)
            guard let end, contractions == .afterWords else { return end }
            return end + contractionLength(text, at: end)
        }
    }

    /// `head* tail+`
    private func risingEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ traits: CharacterClassifier
    ) -> Int? {
        var position = start
        // Where the last character ends that may stand for the tail.
        var lastTail: Int?
        while position < text.count {
            let (kind, length) = traits.classify(text, at: position)
            guard kind & CharacterTraits.head != 0 else {
                guard kind & CharacterTraits.tail != 0 else { return lastTail }
                return runEnd(text, from: position, of: CharacterTraits.tail, traits)
            }
            position += length
            if kind & CharacterTraits.tail != 0 { lastTail = position }
        }
        return lastTail
    }

    /// `head+ tail*`, tried where ``risingEnd(_:from:_:)`` found nothing, so that no tail follows.
    private func headsEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ traits: CharacterClassifier
    ) -> Int? {
        let end = runEnd(text, from: start, of: CharacterTraits.head, traits)
        return end > start ? end : nil
    }

    // MARK: Everything else

    private func numberEnd(
        _ text: UnsafeBufferPointer<UInt8>, from firstEnd: Int, _ traits: CharacterClassifier
    ) -> Int {
        var position = firstEnd
        var count = 1
        while count < longestNumber, position < text.count {
            let (kind, length) = traits.classify(text, at: position)
            guard kind & CharacterTraits.number != 0 else { break }
            position += length
            count += 1
        }
        return position
    }

    /// ` ?[^\s\p{L}\p{N}]+[\r\n]*`, the space left aside.
    private func punctuationEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ traits: CharacterClassifier
    ) -> Int? {
        var excluded = CharacterTraits.space | CharacterTraits.letter | CharacterTraits.number
        if words == .lettersAndMarks { excluded |= CharacterTraits.mark }
        var position = start
        while position < text.count {
            let (kind, length) = traits.classify(text, at: position)
            guard kind & excluded == 0 else { break }
            position += length
        }
        guard position > start else { return nil }
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"): position += 1
            case UInt8(ascii: "/") where punctuationTakesSlashes: position += 1
            default: return position
            }
        }
        return position
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`, and what no alternative takes, one character.
    private func spaceEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ traits: CharacterClassifier
    ) -> Int {
        var position = start
        var last = start
        var newlineEnd: Int?
        while position < text.count {
            let (kind, length) = traits.classify(text, at: position)
            guard kind & CharacterTraits.space != 0 else { break }
            last = position
            position += length
            if kind & CharacterTraits.newline != 0 { newlineEnd = position }
        }
        if let newlineEnd { return newlineEnd }
        if position == text.count || last == start { return max(position, start + 1) }
        return last
    }

    /// The end of the run of characters with one of the traits that begins at `start`.
    private func runEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, of members: UInt8,
        _ traits: CharacterClassifier
    ) -> Int {
        var position = start
        while position < text.count {
            let (kind, length) = traits.classify(text, at: position)
            guard kind & members != 0 else { break }
            position += length
        }
        return position
    }

    /// The length of a contraction at `position`, 0 if none is there. Without regard to case the
    /// long s is an s.
    private func contractionLength(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        func byte(_ offset: Int) -> UInt8 {
            guard position + offset < text.count else { return 0 }
            let byte = text[position + offset]
            let isCapital = contractionsIgnoreCase && (65...90).contains(byte)
            return isCapital ? byte | 0x20 : byte
        }
        guard byte(0) == UInt8(ascii: "'") else { return 0 }
        switch (byte(1), byte(2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
            (UInt8(ascii: "d"), _):
            return 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return 3
        case (0xC5, 0xBF): return contractionsIgnoreCase ? 3 : 0
        default: return 0
        }
    }
}
