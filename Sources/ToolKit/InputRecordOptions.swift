public import ArgumentParser
import Glibc
public import Records
import StreamIO

/// The flags of tools that read records.
public struct InputRecordOptions: ParsableArguments {
    @Argument(help: "Records, JSONL or zstd-compressed JSONL; - or nothing is standard input.")
    package var files: [String] = []

    @Flag(help: "Drop bad records, with a warning, instead of stopping.")
    package var skipBad = false

    /// For the parser.
    public init() {}

    /// Opens the input.
    ///
    /// - Parameters:
    ///   - shard: the records to take; nil takes all
    ///   - allowsEmpty: whether input without records is no error
    public func reader(
        _ log: Log, shard: Shard? = nil, allowsEmpty: Bool = false
    ) throws -> RecordReader {
        try requireInput()
        return try RecordReader(
            paths: files,
            options: RecordReader.Options(
                shard: shard, skipsBad: skipBad, allowsEmpty: allowsEmpty,
                onSkipped: { log.warning("dropped: \($0.description)") }))
    }

    /// The same tolerance for another file, e.g. that of `--eval`.
    public func reading(_ path: String) -> InputRecordOptions {
        var options = self
        options.files = [path]
        return options
    }

    /// Refuses input that is not there.
    func check() throws {
        try requireInput()
        for path in files.isEmpty ? ["-"] : files { try InputFile.check(path: path) }
    }

    /// Refuses to wait for records that someone would have to type.
    private func requireInput() throws {
        if files.isEmpty, isatty(STDIN_FILENO) == 1 {
            throw ValidationError("no input: name a file or pipe records in")
        }
    }
}
