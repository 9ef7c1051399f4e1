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
        let ids = Array(ids)
        for id in ids {
            guard id >= 0, Int(id) < vocabularySize else {
                throw .unknownID(got: id, vocabularySize: vocabularySize)
            }
        }
        func kept() -> [Int32] {
            // Ids that no token has stand for nothing.
            ids.filter { id in
                let kind = vocabulary.kinds[Int(id)]
                return kind != .unused && (!skipsSpecialTokens || kind != .special)
            }
        }
        switch model {
        case .bytePairs, .characterPairs:
            if let decoder { return decoder.text(kept().map { vocabulary.spellings[Int($0)] }) }
            var bytes: [UInt8] = []
            for id in kept() { bytes.append(contentsOf: vocabulary.textBytes(id)) }
            return bytes
        case .sentencePiece(let model):
            // Special tokens part what stands on both sides of them even where they are skipped.
            return model.decode(ids, spellsControl: !skipsSpecialTokens)
        case .wordPiece(let model):
            return Array(model.decode(kept().map { vocabulary.spelling($0) }).utf8)
        }
    }
}
