public import StreamIO

/// Reads records from files, one after the other.
public struct RecordReader: ~Copyable {
    /// How records are read.
    public struct Options: Sendable {
        /// The part of the records that is read; nil for all.
        public var shard: Shard?
        /// Whether bad records are dropped instead of ending everything.
        public var skipsBad: Bool
        /// Whether an input without records is legal.
        public var allowsEmpty: Bool
        /// Called with each record that is dropped.
        public var onSkipped: (@Sendable (RecordError) -> Void)?

        /// Options; all records, no tolerance.
        public init(
            shard: Shard? = nil, skipsBad: Bool = false, allowsEmpty: Bool = false,
            onSkipped: (@Sendable (RecordError) -> Void)? = nil
        ) {
            self.shard = shard
            self.skipsBad = skipsBad
            self.allowsEmpty = allowsEmpty
            self.onSkipped = onSkipped
        }
    }

    /// How it reads.
    public let options: Options
    /// How many records it has given out.
    public internal(set) var count = 0
    /// How many bad records were dropped.
    public private(set) var skipped = 0
    /// How many records it has passed: those given out, those dropped because they are no records, and
    /// those of an earlier run.
    public private(set) var position = 0
    /// The records that an earlier run has done, which are passed unread.
    private var done = 0

    private let paths: [String]
    private var nextPath = 0
    private var lines: LineReader?
    /// Lines read from the file at hand, and from those before it.
    private var linesInFile = 0
    private var linesBefore = 0
    /// Records seen in all inputs and shards.
    private var recordNumber = 0
    /// The lines that ``next()`` gives out, and the first of them that it has not.
    private var block: RecordBlock?
    private var nextInBlock = 0

    /// Reads the records of `paths` in their order; `-`, or no path at all, is standard input.
    ///
    /// Fails at once if one of the files cannot be opened.
    public init(paths: [String], options: Options = Options()) throws(StreamError) {
        self.paths = paths.isEmpty ? ["-"] : paths
        self.options = options
        for path in self.paths { try InputFile.check(path: path) }
    }

    /// Has the first `count` records passed unread; to be called before any is read.
    package mutating func pass(_ count: Int) { done = count }

    /// The next record; nil after the last.
    public mutating func next() throws -> Record? {
        guard case .item(let record) = try next(.unlimited) else { return nil }
        return record
    }

    /// The next record, if it comes in time.
    public mutating func next(_ patience: Patience) throws -> Arrival<Record> {
        while true {
            while let block, nextInBlock < block.count {
                nextInBlock += 1
                position += 1
                guard position > done else { continue }
                do throws(RecordError) {
                    let record = try block.record(nextInBlock - 1)
                    count += 1
                    return .item(record)
                } catch {
                    try skip(error)
                }
            }
            switch try nextBlock(patience) {
            case .item(let next): block = next
            case .pending: return .pending
            case .end:
                block = nil
                return .end
            }
            nextInBlock = 0
        }
    }

    /// The next record.
    ///
    /// - Parameters:
    ///   - mayWait: whether to wait for it
    ///   - pause: called before that
    public mutating func next(
        mayWait: Bool, pause: () throws -> Void
    ) throws -> Arrival<Record> {
        let arrival = try next(.none)
        guard case .pending = arrival, mayWait else { return arrival }
        try pause()
        return try next(.unlimited)
    }

    /// Up to `limit` records; empty after the last. Where records come slowly, those of a fifth of a
    /// second.
    ///
    /// - Parameter pause: called before the first record is waited for
    public mutating func nextBatch(
        _ limit: Int, pause: () throws -> Void = {}
    ) throws -> [Record] {
        var batch: [Record] = []
        var deadline: ContinuousClock.Instant?
        while batch.count < limit {
            let arrival: Arrival<Record>
            if let deadline {
                let left = (deadline - .now) / .milliseconds(1)
                arrival = try next(.milliseconds(Int32(max(0, left))))
            } else {
                arrival = try next(mayWait: true, pause: pause)
                deadline = .now + .milliseconds(200)
            }
            guard case .item(let record) = arrival else { break }
            batch.append(record)
        }
        return batch
    }

    /// All records that are left.
    public mutating func all() throws -> [Record] {
        var records: [Record] = []
        while let record = try next() { records.append(record) }
        return records
    }

    /// Drops a bad record if that is allowed, else throws `error`. For errors that show only when
    /// a record is worked on.
    public mutating func skip(_ error: RecordError) throws(RecordError) {
        guard options.skipsBad else { throw error }
        skipped += 1
        options.onSkipped?(error)
    }

    /// The next lines that hold records of this shard, at least one and as many as can be had
    /// without waiting, not parsed yet.
    ///
    /// Not to be mixed with ``next()``.
    mutating func nextBlock(_ patience: Patience) throws -> Arrival<RecordBlock> {
        while true {
            if lines == nil {
                guard nextPath < paths.count else {
                    if recordNumber == 0, !options.allowsEmpty {
                        let name = paths.count == 1 ? paths[0] : "\(paths.count) files"
                        throw RecordError.noRecords(input: name == "-" ? "standard input" : name)
                    }
                    return .end
                }
                // A named pipe keeps whoever opens it waiting for its writer.
                if case .milliseconds = patience, InputFile.isPipe(path: paths[nextPath]) {
                    return .pending
                }
                lines = LineReader(try InputFile(path: paths[nextPath]))
                nextPath += 1
            }
            guard let arrival = try lines?.nextLines(patience), let file = lines?.name else {
                continue
            }
            switch arrival {
            case .pending: return .pending
            case .end:
                linesBefore += linesInFile
                linesInFile = 0
                lines = nil
            case .item(let bytes):
                let block = RecordBlock(
                    bytes, file: file, linesInFile: &linesInFile, linesInOtherFiles: linesBefore,
                    recordNumber: &recordNumber, options.shard)
                if block.count > 0 { return .item(block) }
            }
        }
    }
}
