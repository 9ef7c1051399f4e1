/// A prompt made from a template and a record, in pieces that remember which of them came from
/// the record. Only the template's own text may contain special tokens.
public struct PromptText: Sendable, Equatable {
    /// A run of text from one origin.
    public struct Piece: Sendable, Equatable {
        /// The text.
        public var text: String
        /// Whether it came from the record; otherwise from the template.
        public var isData: Bool
    }

    /// The pieces in order.
    public var pieces: [Piece]

    /// The prompt as plain text.
    public var text: String { pieces.map(\.text).joined() }

    init(_ pieces: [Piece]) { self.pieces = pieces }

    init(_ prompt: PromptBytes) {
        pieces = []
        var start = 0
        func append(_ end: Int, isData: Bool) {
            guard end > start else { return }
            pieces.append(
                Piece(
                    text: String(decoding: prompt.utf8[start..<end], as: UTF8.self), isData: isData)
            )
            start = end
        }
        for literal in prompt.literals {
            append(literal.lowerBound, isData: true)
            append(literal.upperBound, isData: false)
        }
        append(prompt.utf8.count, isData: true)
    }

    /// Text of the template.
    static func literal(_ text: String) -> PromptText {
        PromptText([Piece(text: text, isData: false)])
    }

    /// Text of the record.
    static func data(_ text: String) -> PromptText { PromptText([Piece(text: text, isData: true)]) }
}

/// A prompt as UTF-8, with the places that are the template's own text.
struct PromptBytes {
    private(set) var utf8: [UInt8] = []
    private(set) var literals: [Range<Int>] = []

    init() {}

    init(_ prompt: PromptText) {
        for piece in prompt.pieces {
            if piece.isData {
                utf8 += piece.text.utf8
            } else {
                append(literal: piece.text)
            }
        }
    }

    mutating func append(literal text: String) {
        let start = utf8.count
        utf8 += text.utf8
        literals.append(start..<utf8.count)
    }

    mutating func append(data text: UnsafeBufferPointer<UInt8>) { utf8 += text }
}

extension Tokenizer {
    /// The ids of a prompt. Special tokens in the template's own text are special tokens; in the
    /// record's text they are what `policy` says. Everything between special tokens is encoded
    /// in one go, whichever it came from.
    /// - Throws: as ``encoding(of:_:)-(String,_)``.
    public func encoding(
        of prompt: PromptText, specialTokens policy: SpecialTokenPolicy = .asText
    ) throws(TokenizationError) -> Encoding {
        try encoding(of: PromptBytes(prompt), specialTokens: policy)
    }

    func encoding(
        of prompt: PromptBytes, specialTokens policy: SpecialTokenPolicy
    ) throws(TokenizationError) -> Encoding {
        let options = EncodingOptions(specialTokens: policy)
        return try prompt.utf8.withUnsafeBufferPointer { bytes throws(TokenizationError) in
            var result = Encoding()
            var start = 0
            for literal in prompt.literals {
                var position = literal.lowerBound
                while let (token, range) = addedTokens.firstSpecial(
                    in: UnsafeBufferPointer(rebasing: bytes[..<literal.upperBound]),
                    from: position)
                {
                    let extent = AddedTokens.extent(of: token, range, in: bytes, from: start)
                    try append(bytes[start..<max(start, extent.low)], options, to: &result)
                    result.ids.append(token.id)
                    position = range.upperBound
                    start = max(start, extent.high)
                }
            }
            try append(bytes[start...], options, to: &result)
            return result
        }
    }

    private func append(
        _ text: Slice<UnsafeBufferPointer<UInt8>>, _ options: EncodingOptions,
        to result: inout Encoding
    ) throws(TokenizationError) {
        if text.isEmpty { return }
        let part = try encoding(of: UnsafeBufferPointer(rebasing: text), options)
        if result.ids.isEmpty {
            result.ids = part.ids
        } else {
            result.ids += part.ids
        }
        result.specialTokenOccurrences += part.specialTokenOccurrences
        result.droppedBytes += part.droppedBytes
    }
}
