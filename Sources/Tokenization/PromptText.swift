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

    /// Text of the template.
    static func literal(_ text: String) -> PromptText {
        PromptText([Piece(text: text, isData: false)])
    }

    /// Text of the record.
    static func data(_ text: String) -> PromptText { PromptText([Piece(text: text, isData: true)]) }
}

extension Tokenizer {
    /// The ids of a prompt. Special tokens in the template's own text are special tokens; in the
    /// record's text they are what `policy` says. Everything between special tokens is encoded
    /// in one go, whichever it came from.
    /// - Throws: as ``encoding(of:_:)-(String,_)``.
    public func encoding(
        of prompt: PromptText, specialTokens policy: SpecialTokenPolicy = .asText
    ) throws(TokenizationError) -> Encoding {
        var result = Encoding()
        var pending: [UInt8] = []
        for piece in prompt.pieces {
            let bytes = Array(piece.text.utf8)
            var start = 0
            while !piece.isData,
                let found = bytes.withUnsafeBufferPointer({
                    addedTokens.first(in: $0, from: start, .special)
                })
            {
                pending += bytes[start..<found.range.lowerBound]
                try append(pending, policy, to: &result)
                pending.removeAll(keepingCapacity: true)
                result.ids.append(found.token.id)
                start = found.range.upperBound
            }
            pending += bytes[start...]
        }
        try append(pending, policy, to: &result)
        return result
    }

    private func append(
        _ text: [UInt8], _ policy: SpecialTokenPolicy, to result: inout Encoding
    ) throws(TokenizationError) {
        if text.isEmpty { return }
        let part = try encoding(of: text, EncodingOptions(specialTokens: policy))
        result.ids += part.ids
        result.specialTokenOccurrences += part.specialTokenOccurrences
        result.droppedBytes += part.droppedBytes
    }
}
