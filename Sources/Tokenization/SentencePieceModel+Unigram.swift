extension SentencePieceModel {
    /// The best way to spell the text up to some place.
    private struct Path {
        /// Where its last piece begins; -1 if no way was found yet.
        var start: Int32 = -1
        var id: Int32 = 0
        var score: Float = 0
    }

    /// Spells text with the pieces whose scores have the highest sum (Viterbi's algorithm).
    ///
    /// Sums are rounded to single precision after each piece, as in SentencePiece 0.2.2 and later,
    /// since that decides between ways that are all but equal; earlier releases decide otherwise in
    /// a few texts of a thousand. Of equal ways the one that was found first
    /// stays: last pieces that begin earlier come first.
    func encodeByScore(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        var best = [Path](repeating: Path(), count: text.count + 1)
        var start = 0
        while start < text.count {
            let scoreSoFar = best[start].score
            let length = min(Self.characterLength(text[start]), text.count - start)
            var isSpelt = false
            var node = ByteTrie.root
            var end = start
            while end < text.count {
                let next = trie.child(of: node, text[end])
                if next == ByteTrie.none { break }
                node = Int(next)
                end += 1
                let id = trie.value(of: node)
                if id == ByteTrie.none || types[Int(id)] == .unused { continue }
                let sum = scores[Int(id)] + scoreSoFar
                if best[end].start < 0 || sum > best[end].score {
                    best[end] = Path(start: Int32(start), id: id, score: sum)
                }
                if end - start == length { isSpelt = true }
            }
            if !isSpelt {
                let sum = unknownScore + scoreSoFar
                let end = start + length
                if best[end].start < 0 || sum > best[end].score {
                    best[end] = Path(start: Int32(start), id: unknownID, score: sum)
                }
            }
            start += length
        }
        var ends: [Int] = []
        var end = text.count
        while end > 0 {
            ends.append(end)
            end = Int(best[end].start)
        }
        let first = ids.count
        for end in ends.reversed() {
            append(best[end].id, text, Int(best[end].start)..<end, to: &ids, after: first)
        }
    }
}
