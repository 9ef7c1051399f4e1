public import StreamIO

/// Records that are worked on side by side: read as there is room for them, and kept until what was
/// made of them comes back, in their order.
public struct RecordsInFlight: ~Copyable {
    /// A record, and the reader's position behind it.
    public typealias Place = (record: Record, position: Int)

    /// Where they come from.
    public private(set) var reader: RecordReader
    /// Records that were left out because there is no work in them.
    public private(set) var leftOut = 0
    private var waiting: [Place] = []

    /// None yet.
    public init(from reader: consuming RecordReader) { self.reader = reader }

    /// The work in the next record that has any. Bad records are dropped, if the reader may.
    ///
    /// - Parameters:
    ///   - mayWait: whether to wait for it
    ///   - pause: called before that
    ///   - work: what a record asks for; nil leaves it out
    public mutating func next<Work>(
        mayWait: Bool, pause: () throws -> Void,
        work: (Record) throws(RecordError) -> Work?
    ) throws -> Arrival<Work> {
        while true {
            let record: Record
            switch try reader.next(mayWait: mayWait, pause: pause) {
            case .item(let next): record = next
            case .pending: return .pending
            case .end: return .end
            }
            do throws(RecordError) {
                guard let work = try work(record) else {
                    leftOut += 1
                    continue
                }
                waiting.append((record, reader.position))
                return .item(work)
            } catch {
                try reader.skip(error)
            }
        }
    }

    /// The record whose work was given out first of those that are not done, now done.
    public mutating func done() -> Place { waiting.removeFirst() }
}
