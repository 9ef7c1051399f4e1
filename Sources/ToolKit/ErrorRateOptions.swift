public import ArgumentParser
import StreamIO

/// The flag of tools that go on where single answers fail, up to a point.
public struct ErrorRateOptions: ParsableArguments {
    @Option(help: "Share of failures above which the tool fails.")
    package var maxErrorRate = 0.1

    /// For the parser.
    public init() {}

    /// Refuses what is no share.
    public func validate() throws {
        try require("--max-error-rate", maxErrorRate, in: 0...1)
    }

    /// Ends the tool if too much has failed.
    ///
    /// - Parameters:
    ///   - failed: how many of `count` have
    ///   - what: what was tried, in the plural
    public func check(_ failed: Int, of count: Int, _ what: String, _ log: Log) throws {
        guard count > 0, Double(failed) / Double(count) > maxErrorRate else { return }
        log.error(
            "\(failed) of \(count) \(what) failed (expected a share of at most \(maxErrorRate))")
        throw ExitCode(ExitStatus.internalFailure.rawValue)
    }
}
