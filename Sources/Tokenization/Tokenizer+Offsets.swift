extension Tokenizer {
    /// The bytes of `text[range]` that each of `ids` covers.
    ///
    /// Tokens stand for the bytes that have a token, one after the other; a prefix space covers
    /// nothing of the text.
    func offsets(
        of ids: ArraySlice<Int32>, in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        _ model: BytePairModel
    ) -> [Range<Int>] {
        var spelt = range.filter {
            model.unknownID != nil || model.byteTokens[Int(text[$0])] >= 0
        }.map { $0..<$0 + 1 }
        if model.preTokenizer.addsPrefixSpace && text[range.lowerBound] != UInt8(ascii: " ") {
            spelt.insert(range.lowerBound..<range.lowerBound, at: 0)
        }
        var next = 0
        return ids.map { id in
            let length = id == model.unknownID ? 1 : vocabulary.textLength(id)
            defer { next += length }
            return spelt[next].lowerBound..<spelt[next + length - 1].upperBound
        }
    }
}
