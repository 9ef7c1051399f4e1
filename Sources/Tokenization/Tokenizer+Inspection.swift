extension Tokenizer {
    /// Whether decoding may give a text back with other white space: an added token takes away what is
    /// beside it, or text gets a space before it.
    package var changesSpace: Bool {
        if case .bytePairs(let model) = model, model.preTokenizer.addsPrefixSpace { return true }
        return addedTokens.tokens.contains { $0.stripsLeft || $0.stripsRight }
    }

    /// The chunks of `text` inside which byte-level BPE merges; the text itself for other kinds.
    package func chunks(of text: String) -> [String] {
        guard case .bytePairs(let model) = model else { return [text] }
        let classes = model.preTokenizer.classifier
        let pieces = SplitStep.pieces(Array(text.utf8), model.preTokenizer.earlierSteps)
        return pieces.flatMap { bytes in
            bytes.withUnsafeBufferPointer { bytes in
                var chunks: [String] = []
                var start = 0
                while start < bytes.count {
                    let end = model.preTokenizer.chunkEnd(bytes, from: start, classes)
                    chunks.append(String(decoding: bytes[start..<end], as: UTF8.self))
                    start = end
                }
                return chunks
            }
        }
    }

    /// The ids of `text` taken as one chunk, merged by scanning or with the heap.
    package func mergeOneChunk(_ text: String, byScanning: Bool) -> [Int32] {
        guard case .bytePairs(let model) = model else { return encode(text) }
        var symbols = Array(text.utf8).withUnsafeBufferPointer { model.symbols(of: $0) }
        guard byScanning else {
            model.merges.applyWithHeap(to: &symbols)
            return symbols
        }
        var ranks = [UInt32](repeating: 0, count: symbols.count)
        let count = symbols.withUnsafeMutableBufferPointer { symbols in
            ranks.withUnsafeMutableBufferPointer { ranks in
                guard let first = symbols.baseAddress, let rank = ranks.baseAddress else {
                    return 0
                }
                return model.merges.applyByScanning(to: first, symbols.count, rank)
            }
        }
        return Array(symbols[..<count])
    }
}
