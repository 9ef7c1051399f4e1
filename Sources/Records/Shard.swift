/// One of N equal parts of a record stream: every N-th record.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// Which part, from 1 to ``count``; 0 is the same part as ``count``, so that job arrays that
    /// count from 0 work too.
    public let index: Int
    /// The number of parts.
    public let count: Int

    /// Part `index` of `count`; nil unless 0 ≤ index ≤ count and count ≥ 1.
    public init?(index: Int, count: Int) {
        guard count >= 1, (0...count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// Reads `I/N`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else {
            return nil
        }
        self.init(index: index, count: count)
    }

    /// `I/N`.
    public var description: String { "\(index)/\(count)" }

    /// Whether the record with this number, from 1, belongs to the part.
    public func contains(recordNumber: Int) -> Bool {
        recordNumber % count == index % count
    }
}
