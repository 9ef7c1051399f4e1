import Transformer

/// Cuts sequences into batches of about equal numbers of tokens.
///
/// Sequences of similar length come together, which evens out the work of threads; no padding
/// depends on it.
///
/// - Parameters:
///   - lengths: of the sequences, in tokens
///   - tokens: most tokens of a batch; a longer sequence is a batch of its own
/// - Returns: the sequences' indices, batch by batch, longest sequences first.
func microBatches(lengths: [Int], tokens: Int) -> [[Int]] {
    let order = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
    return rowRuns(order.map { lengths[$0] }, limit: tokens).map { Array(order[$0]) }
}
