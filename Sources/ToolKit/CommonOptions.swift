public import ArgumentParser
import Kernels

/// The flags that all tools have.
public struct CommonOptions: ParsableArguments {
    @Option(help: "Seed of everything random. Same seed, same bytes.")
    package var seed: UInt64 = 0

    @Option(
        help: """
            Threads; without it one for each processor that affinity and control groups leave. Changes no \
            result.
            """)
    package var threads: Int?

    @Option(
        help: ArgumentHelp(
            "JSON object of flags without their dashes; the command line wins.", valueName: "file"))
    package var config: String?

    @Flag(name: .shortAndLong, help: "Only warnings and errors.")
    package var quiet = false

    @Flag(name: .shortAndLong, help: "Say more.")
    package var verbose = false

    @Flag(help: "Messages as JSON objects, one a line.")
    package var logJson = false

    /// For the parser.
    public init() {}

    /// Refuses a number of threads below one.
    public func validate() throws {
        try require("--threads", threads, atLeast: 1)
    }

    /// The number of threads to use.
    public var threadCount: Int { threads ?? MachineLimits.current.processors }

    /// Sets the number of threads of all kernels, and checks that those compute what they should. Tools
    /// call it before their first one.
    ///
    /// - Throws: a ``/StreamIO/ReportedError`` that names the kernels that are wrong.
    public func configureKernels() throws {
        do {
            try ProductCheck.run()
        } catch {
            throw ProcessorFault(fault: error)
        }
        configureThreads()
    }

    /// Sets the number of threads, for tools that convert numbers and multiply none.
    public func configureThreads() {
        Parallel.configure(
            threads: threadCount, processors: MachineLimits.current.processors)
    }

    func log(_ tool: String) -> Log {
        Log(
            tool: tool, level: quiet ? .warning : verbose ? .debug : .info, json: logJson)
    }
}
