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
    /// Ids beyond the tokenizer that the model has rows for stand for nothing, as unused ones do.
    /// - Throws: ``TokenizationError/unknownID(got:vocabularySize:)``.
    public func decodeBytes(
        _ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true
    ) throws(TokenizationError) -> [UInt8] {
        let size = max(vocabularySize, paddedSize)
        let all = Array(ids)
        for id in all {
            guard id >= 0, Int(id) < size else {
                throw .unknownID(got: id, vocabularySize: size)
            }
        }
        let ids = all.filter { Int($0) < vocabularySize }
        func kept() -> [Int32] {
            // Ids that no token has stand for nothing.
            ids.filter { id in
                let kind = vocabulary.kinds[Int(id)]
                return kind != .unused && (!skipsSpecialTokens || kind != .special)
            }
        }
        switch model {
        case .bytePairs, .characterPairs:
            let normalized = addedTokens.normalizedSpellings
            if let decoder {
                return decoder.text(
                    kept().map { id in
                        normalized[id].map { $0[...] } ?? vocabulary.spellings[Int(id)]
                    })
            }
            var bytes: [UInt8] = []
            for id in kept() {
                if !normalized.isEmpty, let spelling = normalized[id] {
                    bytes += TokenDecoder(steps: [.byteLevel]).text([spelling[...]])
                } else {
                    bytes.append(contentsOf: vocabulary.textBytes(id))
                }
            }
            return bytes
        case .sentencePiece(let model):
            // Special tokens part what stands on both sides of them even where they are skipped.
            return model.decode(ids, spellsControl: !skipsSpecialTokens)
        case .wordPiece(let model):
            return Array(model.decode(kept().map { vocabulary.spelling($0) }).utf8)
        }
    }
}
