/// Where a negative continuation comes from.
public enum NegativeKind: String, Sendable, CaseIterable {
    /// Sampled from the model (autoregressive).
    case an
    /// The response of another record of the batch.
    case bn
    /// The response with some tokens drawn anew from their teacher-forced distributions (mean field).
    case mn
    /// The response cut short, with EOS behind the cut (truncation).
    case tn
    /// Taken from the record.
    case given
    /// An unhelpful answer that a server was asked for (the DPO baseline's negatives).
    case unhelpful
}

/// How many negatives of which kinds a record gets, e.g. `bn:2,mn:2,tn:1`.
public struct NegativeMix: Sendable, Hashable, CustomStringConvertible {
    /// One part of a mix.
    public struct Entry: Sendable, Hashable {
        /// The kind.
        public var kind: NegativeKind
        /// How many, at least 1.
        public var count: Int
    }

    /// The parts in the order in which they were named, each kind once.
    public var entries: [Entry]

    /// Reads `kind:count,kind:count,…`; a kind without a count is meant once.
    public init(parsing text: String) throws(SamplingError) {
        entries = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
            guard let name = pieces.first, let kind = NegativeKind(rawValue: String(name)) else {
                throw .unreadableMix(
                    text, reason: "'\(part)' does not begin with an, bn, mn, tn, given or unhelpful"
                )
            }
            guard pieces.count <= 2, let count = pieces.count == 2 ? Int(pieces[1]) : 1, count > 0
            else { throw .unreadableMix(text, reason: "'\(part)' has no count above zero") }
            guard !entries.contains(where: { $0.kind == kind }) else {
                throw .unreadableMix(text, reason: "'\(kind.rawValue)' is named twice")
            }
            guard kind != .given || count == 1 else {
                throw .unreadableMix(text, reason: "a record holds one given negative at most")
            }
            entries.append(Entry(kind: kind, count: count))
        }
    }

    /// How many of a kind.
    public subscript(kind: NegativeKind) -> Int {
        entries.first { $0.kind == kind }?.count ?? 0
    }

    /// The mix as it is written on a command line.
    public var description: String {
        entries.map { "\($0.kind.rawValue):\($0.count)" }.joined(separator: ",")
    }
}
