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
    var batches: [[Int]] = []
    var size = 0
    for index in order {
        if batches.isEmpty || size + lengths[index] > tokens {
            batches.append([])
            size = 0
        }
        batches[batches.count - 1].append(index)
        size += lengths[index]
    }
    return batches
}
