/// The merges that spell as SentencePiece's BPE does, which knows scores of pieces only.
enum ScoredMerges {
    /// Every way to put a piece together of two others, the best piece first.
    ///
    /// SentencePiece merges the neighbours that make the best piece, and the leftmost of equals; no two
    /// pieces of the published vocabularies have the same score.
    /// - Parameters:
    ///   - pieces: the pieces by id
    ///   - isMade: whether merging may make a piece, or start from it
    /// - Returns: left and right pieces in turn
    static func merges(
        _ pieces: ByteStringTable, scores: [Float], isMade: (Int) -> Bool
    ) -> ByteStrings {
        let ranked = scores.indices.filter(isMade).sorted {
            (scores[$1], $0) < (scores[$0], $1)
        }
        var merges = ByteStrings()
        for id in ranked {
            let piece = Array(pieces[id])
            piece.withUnsafeBufferPointer { piece in
                for split in 1..<max(1, piece.count) {
                    let left = UnsafeBufferPointer(rebasing: piece[..<split])
                    let right = UnsafeBufferPointer(rebasing: piece[split...])
                    guard let leftID = pieces.index(of: left), isMade(leftID),
                        let rightID = pieces.index(of: right), isMade(rightID)
                    else { continue }
                    merges.append(left)
                    merges.append(right)
                }
            }
        }
        return merges
    }
}
