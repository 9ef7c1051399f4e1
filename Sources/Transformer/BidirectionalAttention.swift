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
            let stride = paddedWidth(length)
            withUnsafeTemporaryAllocation(
                byteCount: Self.block * stride * MemoryLayout<Float>.stride, alignment: 64
            ) { memory in
                guard let base = memory.bindMemory(to: Float.self).baseAddress else { return }
                for start in Swift.stride(from: 0, to: length, by: Self.block) {
                    let block = start..<min(start + Self.block, length)
                    let scores = MatrixView(
                        base, rows: block.count, columns: length, stride: stride)
                    multiplyTile(
                        queries.rows(block), .none, keys, .transposed, into: scores,
                        inner: headWidth, alpha: scale)
                    softmaxPaddedRows(scores)
                    multiplyTile(
                        scores, .none, values, .none, into: output.rows(block), inner: length)
                }
            }
        }
    }
}
