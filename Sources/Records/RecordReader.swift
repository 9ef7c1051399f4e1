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
    public private(set) var count = 0
    /// How many bad records were dropped.
    public private(set) var skipped = 0

    private let paths: [String]
    private var nextPath = 0
    private var lines: LineReader?
    private var linesBefore = 0
    /// Records seen in all inputs and shards.
    private var recordNumber = 0

    /// Reads the records of `paths` in their order; `-`, or no path at all, is standard input.
    ///
    /// Fails at once if one of the files cannot be opened.
    public init(paths: [String], options: Options = Options()) throws(StreamError) {
        self.paths = paths.isEmpty ? ["-"] : paths
        self.options = options
        for path in self.paths { try InputFile.check(path: path) }
    }

    /// The next record; nil after the last.
    public mutating func next() throws -> Record? {
        while let line = try nextLine() {
            do throws(RecordError) {
                let record = try line.parse()
                count += 1
                return record
            } catch {
                try skip(error)
            }
        }
        return nil
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

    /// The next line that holds a record of this shard, not parsed yet.
    package mutating func nextLine() throws -> RecordLine? {
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
            guard let line = try takeLine() else {
                linesBefore += lines?.lineNumber ?? 0
                lines = nil
                continue
            }
            if let line = line.bytes { return line }
        }
    }

    private struct Taken { var bytes: RecordLine? }

    /// Nil at the end of a file; nothing inside for a line that is blank or another shard's.
    private mutating func takeLine() throws -> Taken? {
        let shard = options.shard
        var number = recordNumber
        let bytes: [UInt8]?? = try lines?.withNextLine { raw in
            guard raw.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
                return nil
            }
            number += 1
            guard shard?.contains(recordNumber: number) ?? true else { return nil }
            return [UInt8](raw)
        }
        recordNumber = number
        guard let bytes else { return nil }
        guard var bytes, let lineNumber = lines?.lineNumber, let file = lines?.name else {
            return Taken(bytes: nil)
        }
        // Windows programs begin their files with a byte order mark.
        if lineNumber == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return Taken(
            bytes: RecordLine(
                bytes: bytes, location: SourceLocation(file: file, line: lineNumber),
                lineInAll: linesBefore + lineNumber))
    }
}

/// A line of a record stream before it is parsed.
package struct RecordLine: Sendable {
    /// The line without its newline.
    package var bytes: [UInt8]
    /// Where it stands.
    package var location: SourceLocation
    /// Its number in all inputs together, from 1.
    package var lineInAll: Int

    /// The record in it.
    package func parse() throws(RecordError) -> Record {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw .malformed(location: location, reason: error.description)
        }
        guard case .object(let fields) = value else {
            throw .malformed(
                location: location,
                reason: "not a record (got \(value.kind), expected object)")
        }
        return try Record(fields: fields, location: location, defaultID: String(lineInAll))
    }
}
