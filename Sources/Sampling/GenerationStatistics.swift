/// What a run of generation gave.
public struct GenerationStatistics: Sendable, Hashable {
    /// Outputs that went into records.
    public private(set) var outputs = 0
    /// Their tokens.
    public private(set) var tokens = 0
    /// Outputs that ended at the length limit.
    public private(set) var atLimit = 0

    /// Nothing yet.
    public init() {}

    /// Counts outputs.
    public mutating func count(_ sequences: some Sequence<GeneratedSequence>) {
        for sequence in sequences {
            outputs += 1
            tokens += sequence.ids.count
            if sequence.finish == .length { atLimit += 1 }
        }
    }
}
