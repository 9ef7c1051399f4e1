public import ArgumentParser
public import Records
public import ToolKit

/// The flags of tools that read records and write something else.
public struct InputRecordOptions: ParsableArguments {
    @Argument(help: "Records, JSONL or zstd-compressed JSONL; - or nothing is standard input.")
    package var files: [String] = []

    @Flag(help: "Drop bad records, with a warning, instead of stopping.")
    package var skipBad = false

    /// For the parser.
    public init() {}

    /// Opens the input.
    public func reader(_ log: Log) throws -> RecordReader {
        try InputOutputOptions.requireInput(files)
        return try RecordReader(
            paths: files,
            options: RecordReader.Options(
                skipsBad: skipBad,
                onSkipped: { log.warning("dropped: \($0.description)") }))
    }

    /// The same tolerance for another file, e.g. that of `--eval`.
    public func reading(_ path: String) -> InputRecordOptions {
        var options = self
        options.files = [path]
        return options
    }
}
