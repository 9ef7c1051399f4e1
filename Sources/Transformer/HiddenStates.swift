import Kernels

/// Hidden states of several sequences, one matrix without padding.
///
/// A view of the model's memory: valid until the model runs again.
public struct HiddenStates {
    /// (rows of all sequences, C)
    public let matrix: MatrixView
    /// For each sequence its rows.
    public let ranges: [Range<Int>]
}

/// Which of a sequence's rows are wanted.
public enum HiddenStateRows: Sendable {
    /// All of them.
    case all
    /// The last token's.
    case last
}

extension Decoder {
    /// Calls `body` with the hidden states behind the final norm, what the vocabulary projection
    /// sees.
    ///
    /// - Parameters:
    ///   - sequences: token ids, at least one each
    ///   - rows: whether every token's state is wanted or only the last one's
    public func withHiddenStates<Result>(
        of sequences: [[Int32]], rows: HiddenStateRows,
        _ body: (HiddenStates) throws -> Result
    ) rethrows -> Result {
        // A tree with one continuation has a row for all its tokens but the last.
        let batch = PackedBatch(sequences.map { TokenTree(prompt: $0, continuations: [[0]]) })
        let final = forward(batch, keeping: false)
        var wanted: [Int] = []
        var ranges: [Range<Int>] = []
        var start = 0
        for sequence in sequences {
            let all = start..<start + sequence.count
            let chosen = rows == .all ? all : all.suffix(1)
            ranges.append(wanted.count..<wanted.count + chosen.count)
            wanted.append(contentsOf: chosen)
            start = all.upperBound
        }
        return try body(HiddenStates(matrix: hidden(wanted, of: final), ranges: ranges))
    }
}
