/// What SentencePiece does to text before it looks for pieces.
struct SentencePieceNormalizer: Sendable {
    /// The settings of a model.
    struct Options: Sendable {
        /// Rules of replacement: size of the trie, trie, replacements that end in a zero byte. Empty
        /// for none.
        var rules: [UInt8] = []
        /// Whether a space is added at one end of the text.
        var addsSpace = true
        /// Whether the space stands at the end of words, so that it is added at the end.
        var spaceIsSuffix = false
        /// Whether spaces at the ends go, and of several in a row all but one.
        var removesExtraSpaces = true
        /// Whether spaces become ``spaceSymbol``.
        var escapesSpaces = true
    }

    /// U+2581, ▁
    static let spaceSymbol: [UInt8] = [0xE2, 0x96, 0x81]
    private static let replacementCharacter: [UInt8] = [0xEF, 0xBF, 0xBD]

    let options: Options
    private let trie: DoubleArray?
    private let replacements: [UInt8]
    /// Symbols that are left as they are.
    private let userSymbols: ByteTrie
    private let space: [UInt8]
    /// Whether only spaces and broken characters change.
    private var isIdentity: Bool { trie == nil && userSymbols.isEmpty }

    /// - Throws: ``TokenizationError/malformed(source:what:)`` if the rules cannot be read.
    init(
        _ options: Options, userSymbols: ByteTrie, source: String
    ) throws(TokenizationError) {
        self.options = options
        self.userSymbols = userSymbols
        space = options.escapesSpaces ? Self.spaceSymbol : [UInt8(ascii: " ")]
        if options.rules.isEmpty {
            trie = nil
            replacements = []
            return
        }
        let rules = options.rules
        guard rules.count > 4 else {
            throw .malformed(source: source, what: "normalisation rules of \(rules.count) bytes")
        }
        let size = rules[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard size < rules.count - 4, let trie = DoubleArray(rules[4..<4 + size]),
            rules.last == 0
        else {
            throw .malformed(
                source: source, what: "normalisation rules whose sizes do not fit each other")
        }
        self.trie = trie
        replacements = Array(rules[(4 + size)...])
    }

    /// The normalised text, in place of what `output` holds.
    func normalize(_ text: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        var position = 0
        if options.removesExtraSpaces {
            while position < text.count {
                let (length, source) = next(text, position)
                guard isSpace(text, position, length, source) else { break }
                position += length
            }
        }
        guard position < text.count else { return }
        output.reserveCapacity(text.count + text.count / 2 + 8)
        if options.addsSpace && !options.spaceIsSuffix { output += space }
        var followsSpace = options.removesExtraSpaces
        while position < text.count {
            if isIdentity {
                // Nothing can happen to letters.
                let end = text[position...].firstIndex { $0 == UInt8(ascii: " ") || $0 >= 0x80 }
                if (end ?? text.count) > position {
                    output += text[position..<(end ?? text.count)]
                    position = end ?? text.count
                    followsSpace = false
                    continue
                }
            }
            let (length, source) = next(text, position)
            switch source {
            case .text:
                append(text[position..<position + length], &followsSpace, to: &output)
            case .replacement(let range):
                append(replacements[range], &followsSpace, to: &output)
            case .invalid:
                append(Self.replacementCharacter[...], &followsSpace, to: &output)
            }
            position += length
        }
        if options.removesExtraSpaces {
            while output.count >= space.count, output.suffix(space.count).elementsEqual(space) {
                output.removeLast(space.count)
            }
        }
        if options.addsSpace && options.spaceIsSuffix { output += space }
    }

    private enum Source {
        case text
        case replacement(Range<Int>)
        case invalid
    }

    /// How much of the text comes next, and what takes its place.
    private func next(
        _ text: UnsafeBufferPointer<UInt8>, _ position: Int
    ) -> (length: Int, Source) {
        if !userSymbols.isEmpty, let symbol = userSymbols.longestPrefix(text, from: position) {
            return (symbol.length, .text)
        }
        if let found = trie?.longestPrefix(text, from: position), found.value < replacements.count,
            let end = replacements[found.value...].firstIndex(of: 0)
        {
            return (found.length, .replacement(found.value..<end))
        }
        let (scalar, length) = decodeScalar(text, at: position)
        return (length, scalar == nil ? .invalid : .text)
    }

    private func isSpace(
        _ text: UnsafeBufferPointer<UInt8>, _ position: Int, _ length: Int, _ source: Source
    ) -> Bool {
        switch source {
        case .text: length == 1 && text[position] == UInt8(ascii: " ")
        case .replacement(let range):
            range.count == 1 && replacements[range.lowerBound] == UInt8(ascii: " ")
        case .invalid: false
        }
    }

    private func append(
        _ bytes: some BidirectionalCollection<UInt8>, _ followsSpace: inout Bool,
        to output: inout [UInt8]
    ) {
        let blank = UInt8(ascii: " ")
        let kept = followsSpace ? bytes.drop { $0 == blank } : bytes[bytes.startIndex...]
        guard let last = kept.last else { return }
        for byte in kept {
            if byte == blank && options.escapesSpaces {
                output += Self.spaceSymbol
            } else {
                output.append(byte)
            }
        }
        followsSpace = options.removesExtraSpaces && last == blank
    }
}
