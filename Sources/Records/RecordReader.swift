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
        while true {
            while let block, nextInBlock < block.count {
                nextInBlock += 1
                position += 1
                guard position > done else { continue }
                do throws(RecordError) {
                    let record = try block.record(nextInBlock - 1)
                    count += 1
                    return record
                } catch {
                    try skip(error)
                }
            }
            block = try nextBlock()
            nextInBlock = 0
            if block == nil { return nil }
        }
    }

    /// Up to `limit` records; empty after the last.
    public mutating func nextBatch(_ limit: Int) throws -> [Record] {
        var batch: [Record] = []
        while batch.count < limit, let record = try next() { batch.append(record) }
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
    /// without waiting, not parsed yet; nil after the last.
    ///
    /// Not to be mixed with ``next()``.
    mutating func nextBlock() throws -> RecordBlock? {
        while true {
            if lines == nil {
                guard nextPath < paths.count else {
                    if recordNumber == 0, !options.allowsEmpty {
                        let name = paths.count == 1 ? paths[0] : "\(paths.count) files"
                        throw RecordError.noRecords(input: name == "-" ? "standard input" : name)
                    }
                    return nil
                }
                lines = LineReader(try InputFile(path: paths[nextPath]))
                nextPath += 1
            }
            guard let bytes = try lines?.nextLines(), let file = lines?.name else {
                linesBefore += linesInFile
                linesInFile = 0
                lines = nil
                continue
            }
            let block = RecordBlock(
                bytes, file: file, linesInFile: &linesInFile, linesInOtherFiles: linesBefore,
                recordNumber: &recordNumber, options.shard)
            if block.count > 0 { return block }
        }
    }
}
