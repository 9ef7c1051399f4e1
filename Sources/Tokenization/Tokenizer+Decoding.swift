extension Tokenizer {
    /// The text of `ids`.
    ///
    /// A sequence cut in the middle of a character decodes with U+FFFD there; ``decodeBytes(_:skipsSpecialTokens:)``
    /// has the bytes.
    /// - Throws: ``TokenizationError/unknownID(got:vocabularySize:)``.
    public func decode(
        _ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true
    ) throws(TokenizationError) -> String {
        String(
            decoding: try decodeBytes(ids, skipsSpecialTokens: skipsSpecialTokens), as: UTF8.self)
    }

    /// The bytes of the text of `ids`: for byte-level BPE exactly what was encoded.
    /// - Throws: ``TokenizationError/unknownID(got:vocabularySize:)``.
    public func decodeBytes(
        _ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true
    ) throws(TokenizationError) -> [UInt8] {
        var kept: [Int32] = []
        for id in ids {
            guard vocabulary.contains(id) else {
                throw .unknownID(got: id, vocabularySize: vocabularySize)
            }
            if skipsSpecialTokens && vocabulary.kinds[Int(id)] == .special { continue }
            kept.append(id)
        }
        switch model {
        case .bytePairs:
            var bytes: [UInt8] = []
            for id in kept { bytes.append(contentsOf: vocabulary.textBytes(id)) }
            return bytes
        case .wordPiece(let model):
            return Array(model.decode(kept.map { vocabulary.spelling($0) }).utf8)
        }
    }
}
