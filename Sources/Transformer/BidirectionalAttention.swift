import Kernels

// Legend: T rows, H heads, d channels of a head, L rows of one text.

/// Attention of every token to every token of its text, for texts packed without padding.
///
/// One thread works on one (text, head); scores exist for one block of queries at a time.
struct BidirectionalAttention {
    let headCount: Int
    let headWidth: Int

    /// Queries that are worked on together.
    private static let block = 64

    /// Computes the attention output.
    ///
    /// - Parameters:
    ///   - texts: the rows of each text
    ///   - qkv: (T, 3·H·d): queries, keys, values
    ///   - output: (T, H·d)
    func forward(texts: [Range<Int>], qkv: MatrixView, output: MatrixView) {
        let width = headCount * headWidth
        let scale = 1 / Float(headWidth).squareRoot()
        Parallel.forEach(texts.count * headCount) { task in
            let rows = texts[task / headCount]
            let channels = task % headCount * headWidth
            let head = channels..<channels + headWidth
            let text = qkv.rows(rows)
            let queries = text.columns(head)
            let keys = text.columns(head.lowerBound + width..<head.upperBound + width)
            let values = text.columns(head.lowerBound + 2 * width..<head.upperBound + 2 * width)
            let output = output.rows(rows).columns(head)
            let length = rows.count
            let stride = (length + 31) & ~31
            let (turned, straight) = (
                SmallFactor.floats(inner: headWidth, columns: length),
                SmallFactor.floats(inner: length, columns: headWidth)
            )
            let memory = ThreadScratch.floats(
                .attention, count: turned + straight + Self.block * stride)
            let keyFactor = SmallFactor(keys, .transposed, in: memory)
            let valueFactor = SmallFactor(values, .none, in: memory + turned)
            for start in Swift.stride(from: 0, to: length, by: Self.block) {
                let block = start..<min(start + Self.block, length)
                let room = MatrixView(
                    memory + turned + straight, rows: block.count, columns: stride)
                keyFactor.multiply(queries.rows(block), into: room, alpha: scale)
                let scores = room.columns(0..<length)
                softmaxPaddedRows(scores)
                valueFactor.multiply(scores, into: output.rows(block))
            }
        }
    }
}
