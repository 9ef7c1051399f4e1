public import ArgumentParser
import Glibc
import StreamIO

/// A tool of the package: parses its flags, logs, does its work, and ends with the right status.
///
/// An executable conforms its `@main` type and implements ``execute(_:)``; everything else is the
/// same for all tools and lives here.
public protocol CommandLineTool: ParsableCommand {
    /// A command line that shows the tool at work; `--help` begins with it.
    static var example: String { get }
    /// Old names of flags and those that they have now, without dashes. The old ones are accepted wherever
    /// the new ones are, with a warning; no help shows them.
    static var renamedFlags: [String: String] { get }
    /// The flags that all tools have.
    var common: CommonOptions { get }
    /// Does the tool's work.
    ///
    /// - Throws: a ``/StreamIO/ReportedError``, a `ValidationError` for flags that contradict each
    ///   other, or an `ExitCode`.
    mutating func execute(_ log: Log) throws
}

extension CommandLineTool {
    /// Most tools have none.
    public static var renamedFlags: [String: String] { [:] }

    /// The tool's name as typed.
    public static var toolName: String { configuration.commandName ?? _commandName }

    /// Runs the tool with the arguments of the process and exits.
    public static func main() {
        StandardDescriptors.fillGaps()
        Interruption.install()
        Log(tool: toolName, level: .error, json: CommandLine.arguments.contains("--log-json"))
            .speakWhenMemoryIsExhausted()
        let status = run(arguments)
        Interruption.waitIfEnding()
        OutputClaim.releaseAll()
        Glibc.exit(status)
    }

    /// The arguments of the process. The names of files among them need not be text.
    private static var arguments: [String] {
        let values = UnsafeBufferPointer(
            start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return values.dropFirst().compactMap { $0.map { String(systemPath: $0) } }
    }

    /// Runs the tool.
    ///
    /// - Returns: the status to exit with.
    static func run(_ arguments: [String]) -> Int32 {
        var log = Log(tool: toolName, level: .info, json: arguments.contains("--log-json"))
        var renamed = RenamedFlags(Self.self)
        do {
            let arguments = try renamed.replace(in: arguments)
            try refuseUnknownFlags(arguments)
            let expanded = try ConfigurationFile.expand(
                arguments, for: Self.self, renamed: &renamed)
            var command = try parseAsRoot(expanded)
            guard var tool = command as? Self else {
                // `--help` is a command of its own, which throws the text that is to be printed.
                try command.run()
                return ExitStatus.success.rawValue
            }
            log = tool.common.log(toolName)
            Notice.deliver { [log] in log.warning($0) }
            Interruption.deliverFaults { [log] in log.error($0.description, hint: $0.hint) }
            log.info("\(Version.package), " + EffectiveConfiguration.description(of: tool))
            renamed.takeWarnings().forEach(log.warning)
            try tool.execute(log)
            return ExitStatus.success.rawValue
        } catch {
            if !exitCode(for: error).isSuccess { renamed.takeWarnings().forEach(log.warning) }
            return report(error, log)
        }
    }

    /// The parser would first complain of what is missing; a mistyped flag explains more.
    private static func refuseUnknownFlags(_ arguments: [String]) throws {
        let known = try FlagNames(Self.self)
        for argument in arguments.prefix(while: { $0 != "--" }) {
            guard let name = FlagNames.name(argument), !known.contains(name),
                !["help-hidden", "generate-completion-script", "experimental-dump-help"]
                    .contains(name)
            else { continue }
            let suggestion = known.nearest(to: name).map { ", did you mean --\($0)?" } ?? ""
            throw ValidationError("unknown flag --\(name)\(suggestion)")
        }
    }

    private static func report(_ error: any Error, _ log: Log) -> Int32 {
        Interruption.waitIfEnding()
        if case .brokenPipe? = error as? StreamError {
            // The reader had enough; that is its business.
            return ExitStatus.success.rawValue
        }
        if let error = error as? any ReportedError {
            log.error(error.description, hint: error.hint)
            return error.exitStatus.rawValue
        }
        let code = exitCode(for: error)
        if code.isSuccess {
            // --help, --version, completion scripts.
            let text = fullMessage(for: error)
            return show(
                text.hasPrefix("OVERVIEW") ? "EXAMPLE:\n\(indented(example))\n\n\(text)" : text, log
            )
        }
        if error is ExitCode { return code.rawValue }
        if error is ValidationError || code == .validationFailure {
            log.error(message(for: error), hint: "\(toolName) --help")
            return ExitStatus.usage.rawValue
        }
        log.error("\(error)", hint: nil)
        return ExitStatus.internalFailure.rawValue
    }

    /// Writes a text to standard output.
    private static func show(_ text: String, _ log: Log) -> Int32 {
        do {
            var output = FileWriter.standardOutput()
            try output.write(Array(text.utf8) + [0x0A])
            try output.flush()
            return ExitStatus.success.rawValue
        } catch {
            return report(error, log)
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }
}

/// The configuration of a tool's command: name, what it does, and `--version`.
///
/// - Parameters:
///   - name: as typed
///   - abstract: one sentence
///   - discussion: what a user should know beyond the flags
///   - libraries: versions of libraries that the tool calls, beside zstd's
public func toolConfiguration(
    _ name: String, abstract: String, discussion: String = "", libraries: [String] = []
) -> CommandConfiguration {
    CommandConfiguration(
        commandName: name, abstract: abstract, discussion: discussion,
        version: Version.description(tool: name, libraries: libraries))
}
