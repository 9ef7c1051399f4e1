import Glibc
public import StreamIO

/// Writes records, one a line, keys sorted.
public struct RecordWriter: ~Copyable {
    /// How many records were written.
    public private(set) var count = 0

    private var output: OutputFile
    private var journal: OutputJournal?
    private var serializer = JSONSerializer()
    private let flushes: Bool
    private var lastFlush = 0.0

    /// Opens an output.
    ///
    /// - Parameters:
    ///   - path: a file, which appears when ``finish()`` has returned; nil or `-` is standard
    ///     output.
    ///   - plain: whether to write plain JSONL. Also plain are terminals and names that end in
    ///     `.jsonl`; anything else is compressed with zstd.
    ///   - compressionThreads: as for `OutputFile`.
    public init(
        path: String?, plain: Bool = false, compressionThreads: Int = 0
    ) throws(StreamError) {
        output = try OutputFile(
            path: path, format: plain ? .plain : nil, compressionThreads: compressionThreads)
        flushes = output.format == .plain && (path ?? "-") == "-"
    }

    /// Opens a file that is written to `PATH.partial` first, from which a later run of the same work
    /// goes on; see ``/StreamIO/OutputJournal``. The file itself is the same as without.
    ///
    /// - Parameters:
    ///   - path: a file
    ///   - plain: as for ``init(path:plain:compressionThreads:)``
    ///   - work: names what is done and to what
    ///   - alignment: go on behind a multiple of so many records only
    ///   - reader: passes the records that are done already
    package init(
        path: String, plain: Bool, work: [String: String], alignment: Int,
        reader: inout RecordReader
    ) throws {
        let journal = try OutputJournal(output: path, work: work, alignment: alignment)
        try self.init(path: path, plain: plain)
        reader.pass(journal.inputs)
        count = journal.outputs
        self.journal = consume journal
    }

    /// Writes a record.
    ///
    /// - Parameter inputs: `RecordReader.position` behind the input that is done with it; nil if more
    ///   is to come of that. Matters only to runs that can be resumed.
    public mutating func write(_ record: Record, inputs: Int? = nil) throws {
        serializer.truncate(to: 0)
        try serializer.write(.object(record.fields), record.location)
        if journal != nil {
            try journal?.append(serializer.bytes, inputs: inputs)
            count += 1
            return
        }
        serializer.append(0x0A)
        try output.write(serializer.bytes)
        try wrote(1)
    }

    /// Writes lines that are ready, newlines included.
    package mutating func write(lines: [UInt8], records: Int) throws {
        try output.write(lines)
        try wrote(records)
    }

    private mutating func wrote(_ records: Int) throws {
        count += records
        guard flushes else { return }
        // Somebody who watches a slow tool should see each record when it is done.
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let seconds = Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
        if output.isTerminal || seconds - lastFlush > 0.2 {
            try output.flush()
            lastFlush = seconds
        }
    }

    /// Hands what was written so far to whoever reads along.
    public mutating func passOn() throws { try output.passOn() }

    /// Ends the output and checks that everything is written. Without this a file never appears.
    public mutating func finish() throws {
        if journal != nil {
            try journal?.move(to: &output)
        } else {
            try output.finish()
        }
    }
}
