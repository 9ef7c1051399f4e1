public import ArgumentParser

/// The flag of tools that work on batches of records.
public struct RecordBatchOptions: ParsableArguments {
    @Option(help: "Records that are worked on at a time. Changes no result.")
    package var recordsAtOnce = 64

    /// For the parser.
    public init() {}

    /// Refuses numbers below one.
    public func validate() throws {
        try require("--records-at-once", recordsAtOnce, atLeast: 1)
    }
}
