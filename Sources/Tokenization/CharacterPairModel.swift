/// Byte-pair encoding of characters, as Gemma's and Llama 2's files have it: a piece starts as its
/// characters' tokens, bytes stand in for characters without one, and pairs merge by rank.
struct CharacterPairModel: Sendable {
    /// How spaces become a visible character.
    struct Metaspace: Sendable {
        /// Which pieces get a space in front unless they have one.
        enum Prefix: String, Sendable { case first, always, never }

        var replacement: [UInt8]
        var prefix: Prefix
    }

    /// Applied before ``steps``; nil leaves spaces to the normalizer.
    var metaspace: Metaspace?
    /// How text is cut into the pieces inside which pairs merge.
    var steps: [SplitStep]
    let merges: MergeTable
    /// The tokens of bytes, -1 where there is none; nil without byte fallback.
    let byteIDs: [Int32]?
    /// Stands for what has no token; without it that is dropped and counted.
    let unknownID: Int32?
    /// Whether one unknown token stands for several in a row.
    let fusesUnknown: Bool
    /// Whether a piece that is a token as a whole is that token.
    let ignoresMerges: Bool
    private let vocabulary: Vocabulary
    /// The tokens of ASCII characters, -1 where there is none.
    private let asciiIDs: [Int32]

    init(
        vocabulary: Vocabulary, merges pairs: [(left: Int32, right: Int32)], results: [Int32],
        metaspace: Metaspace?, steps: [SplitStep], fallsBackToBytes: Bool, unknownID: Int32?,
        fusesUnknown: Bool, ignoresMerges: Bool
    ) {
        self.vocabulary = vocabulary
        self.metaspace = metaspace
        self.steps = steps
        self.unknownID = unknownID
        self.fusesUnknown = fusesUnknown
        self.ignoresMerges = ignoresMerges
        // Data must never turn into a special token, so no merge may make one.
        merges = MergeTable(pairs: pairs, results: results) {
            vocabulary.kinds[Int($0)] == .special
        }
        byteIDs =
            fallsBackToBytes
            ? (UInt8.min ... .max).map { vocabulary.id(ByteToken.spelling($0)) ?? -1 } : nil
        asciiIDs = (UInt8(0)..<128).map { vocabulary.modelID(String(Unicode.Scalar($0))) ?? -1 }
    }

    /// Appends the ids of a normalised text.
    /// - Parameter isFirst: whether it stands at the beginning of all text.
    /// - Returns: how many bytes were dropped for want of a token.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, into ids: inout [Int32]
    ) -> Int {
        if metaspace == nil && steps.isEmpty { return encodePiece(text, into: &ids) }
        let spaced = metaspace.map { Self.spaced(Array(text), $0, isFirst: isFirst) }
        return SplitStep.pieces(spaced ?? Array(text), steps).reduce(0) { dropped, piece in
            dropped + piece.withUnsafeBufferPointer { encodePiece($0, into: &ids) }
        }
    }

    private static func spaced(
        _ text: [UInt8], _ metaspace: Metaspace, isFirst: Bool
    ) -> [UInt8] {
        guard !text.isEmpty else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2)
        let startsWithSpace =
            text[0] == UInt8(ascii: " ") || text.starts(with: metaspace.replacement)
        let isPrefixed =
            metaspace.prefix == .always || metaspace.prefix == .first && isFirst
        if isPrefixed && !startsWithSpace { result += metaspace.replacement }
        for byte in text {
            if byte == UInt8(ascii: " ") {
                result += metaspace.replacement
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private func encodePiece(
        _ piece: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]
    ) -> Int {
        if ignoresMerges, let whole = vocabulary.modelID(piece) {
            ids.append(whole)
            return 0
        }
        var (symbols, dropped) = symbols(of: piece)
        merges.apply(to: &symbols)
        ids.append(contentsOf: symbols)
        return dropped
    }

    /// The tokens of the characters, or of their bytes.
    private func symbols(
        of piece: UnsafeBufferPointer<UInt8>
    ) -> (symbols: [Int32], dropped: Int) {
        var symbols: [Int32] = []
        symbols.reserveCapacity(piece.count)
        var dropped = 0
        var unknowns = 0
        func flush() {
            guard let unknownID, unknowns > 0 else { return }
            symbols.append(unknownID)
            unknowns = 0
        }
        var position = 0
        while position < piece.count {
            let length = min(
                SentencePieceModel.characterLength(piece[position]), piece.count - position)
            let character = UnsafeBufferPointer(rebasing: piece[position..<position + length])
            position += length
            if let id = id(of: character) {
                flush()
                symbols.append(id)
            } else if let byteIDs, character.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                // As in the reference, unknown characters before it follow it.
                for byte in character { symbols.append(byteIDs[Int(byte)]) }
            } else if unknownID != nil {
                if !fusesUnknown { flush() }
                unknowns += 1
            } else {
                dropped += length
            }
        }
        flush()
        return (symbols, dropped)
    }

    private func id(of character: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard character.count == 1, character[0] < 0x80 else {
            return vocabulary.modelID(character)
        }
        let id = asciiIDs[Int(character[0])]
        return id < 0 ? nil : id
    }
}
