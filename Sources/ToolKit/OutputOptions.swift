public import ArgumentParser
public import Records

/// The flags of tools that write records.
public struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Where to write; - or nothing is standard output. Plain if it ends in .jsonl.",
            valueName: "file"))
    package var output: String?

    @Flag(help: "Write plain JSONL instead of zstd.")
    package var plain = false

    @Flag(help: "Input without records is no error.")
    package var allowEmpty = false

    /// For the parser.
    public init() {}

    /// Opens the output; see `RecordWriter` for compression on several threads.
    public func writer(compressionThreads: Int = 0) throws -> RecordWriter {
        try RecordWriter(path: output, plain: plain, compressionThreads: compressionThreads)
    }
}
