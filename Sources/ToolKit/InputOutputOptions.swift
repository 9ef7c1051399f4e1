public import ArgumentParser
import Glibc
public import Records
import StreamIO

/// The flags of tools that read records and write records.
public struct InputOutputOptions: ParsableArguments {
    @OptionGroup package var input: InputRecordOptions

    @OptionGroup package var destination: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Take every N-th record, beginning with the I-th; N/N is 0/N.", valueName: "i/n"))
    package var shard: String?

    @Flag(
        help: """
            Keep what is done in FILE.partial until -o FILE is whole, and go on from there after a stop. \
            The same bytes as without.
            """)
    package var resume = false

    /// For the parser.
    public init() {}

    /// Refuses shards that are none, and to resume what cannot be.
    public func validate() throws {
        if resume { try checkResumable() }
        if let shard, Shard(shard) == nil {
            throw ValidationError("--shard (got \(shard), expected I/N with 0 <= I <= N)")
        }
    }

    /// Refuses at once what would fail after much work: input that is not there, an output that
    /// cannot be written or that another run writes.
    public func prepare() throws {
        try checkInput()
        try OutputClaim.file(output)
    }

    /// Refuses input that is not there.
    package func checkInput() throws {
        try input.check()
    }

    /// Where to write, if not to standard output.
    package var output: String? { destination.output }

    /// Opens the input.
    public func reader(_ log: Log) throws -> RecordReader {
        try input.reader(
            log, shard: shard.flatMap { Shard($0) }, allowsEmpty: destination.allowEmpty)
    }

    /// Opens the output of a tool that can go on where an earlier run stopped.
    ///
    /// - Parameters:
    ///   - work: everything beside input and shard that decides what is written
    ///   - alignment: go on behind a multiple of so many output records only
    ///   - reader: passes the records that are done already
    public func writer(
        _ log: Log, work: () throws -> [String: String], alignment: Int = 1,
        reader: inout RecordReader
    ) throws -> RecordWriter {
        guard resume, let output else { return try destination.writer() }
        var work = try work()
        work["tool"] = log.tool
        work["version"] = Version.package
        work["shard"] = shard.map { Shard($0)?.description ?? $0 } ?? "all"
        work["bad records"] = input.skipBad ? "dropped" : "an error"
        for (index, file) in input.files.enumerated() {
            work["input \(index + 1)"] = try SHA256Digest.hex(ofFile: file)
        }
        let writer = try RecordWriter(
            path: output, plain: destination.plain, work: work, alignment: alignment,
            reader: &reader)
        if writer.count > 0 {
            log.info("\(writer.count) records are done already; the last line is about the rest")
        }
        return writer
    }

    private func checkResumable() throws {
        func isFile(_ path: String) -> Bool {
            var status = stat()
            return stat(path.systemPath, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
        guard let output, output != "-", isFile(output) || !FileTree.exists(output) else {
            throw ValidationError(
                "--resume needs -o FILE: what went to a pipe cannot be found again")
        }
        guard !input.files.isEmpty, input.files.allSatisfy({ isFile($0) || !FileTree.exists($0) })
        else {
            throw ValidationError(
                "--resume needs named input files: a stream cannot be known again")
        }
    }
}

extension InputOutputOptions {
    /// Reads all records in batches, hands each batch to `transform` and writes what comes back, in
    /// order.
    ///
    /// - Parameters:
    ///   - limit: records handed over at a time
    ///   - work: everything beside input and shard that decides what is written
    /// - Returns: numbers of records read, written and dropped.
    @discardableResult
    public func transform(
        atOnce limit: Int, _ log: Log, work: () throws -> [String: String],
        _ transform: ([Record]) throws -> [Record]
    ) throws -> (read: Int, written: Int, dropped: Int) {
        var reader = try reader(log)
        var writer = try writer(log, work: work, reader: &reader)
        var progress = Progress(unit: "records", log: log)
        while true {
            let batch = try reader.nextBatch(limit) { try writer.passOn() }
            guard !batch.isEmpty else { break }
            let done = try apply(transform, to: batch, &reader)
            for (index, record) in done.enumerated() {
                let isLast = index + 1 == done.count
                try writer.write(record, inputs: isLast ? reader.position : nil)
            }
            progress.update(reader.count)
        }
        progress.finish()
        try writer.finish()
        reader.reportDropped(log)
        return (reader.count, writer.count, reader.skipped)
    }

    /// Works on all records, each for itself, on several threads and writes what comes back, in
    /// order.
    ///
    /// - Parameters:
    ///   - threads: how many
    ///   - work: works on the records of a block, on any thread
    ///   - count: called with the counts of each block, in order, on this thread
    /// - Returns: numbers of records read, written and dropped.
    @discardableResult
    package func transform<Counts: Sendable>(
        threads: Int, _ log: Log, _ work: @Sendable (RecordBlock) -> WorkedBlock<Counts>,
        count: (Counts) -> Void = { _ in }
    ) throws -> (read: Int, written: Int, dropped: Int) {
        var reader = try reader(log)
        var writer = try destination.writer(compressionThreads: threads)
        var progress = Progress(unit: "records", log: log)
        try reader.forEachBlock(threads: threads, work) { reader, block in
            for failure in block.failures { try reader.skip(failure) }
            try writer.write(lines: block.lines, records: block.written)
            count(block.counts)
            progress.update(reader.count)
        } pause: {
            try writer.passOn()
        }
        progress.finish()
        try writer.finish()
        reader.reportDropped(log)
        return (reader.count, writer.count, reader.skipped)
    }

    /// With `--skip-bad`, a batch with a bad record is done again record by record.
    private func apply(
        _ transform: ([Record]) throws -> [Record], to batch: [Record], _ reader: inout RecordReader
    ) throws -> [Record] {
        do {
            return try transform(batch)
        } catch let error as RecordError where input.skipBad {
            guard batch.count > 1 else {
                try reader.skip(error)
                return []
            }
        }
        return try batch.flatMap { try apply(transform, to: [$0], &reader) }
    }
}
