import Glibc
import Kernels
import StreamIO

/// Messages for people (or, as JSON, for programs) on standard error.
public struct Log: Sendable {
    /// How much is said.
    public enum Level: Int, Sendable, Comparable {
        case error, warning, info, debug

        /// By importance, errors first.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var name: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .info: "info"
            case .debug: "debug"
            }
        }
    }

    /// The tool that speaks.
    public let tool: String
    /// What is said at all.
    public let level: Level
    /// Whether each line is a JSON object.
    public let json: Bool

    /// A log of a tool.
    public init(tool: String, level: Level, json: Bool) {
        self.tool = tool
        self.level = level
        self.json = json
    }

    /// Something that ends the tool, with what to do about it.
    public func error(_ message: String, hint: String? = nil) {
        write(.error, message, hint: hint)
    }

    /// Something that the user should know.
    public func warning(_ message: String) { write(.warning, "warning: \(message)") }

    /// Several such things.
    public func warnings(_ messages: [String]) { messages.forEach(warning) }

    /// What is going on.
    public func info(_ message: String) { write(.info, message) }

    /// What went on; the last line of a run.
    public func summary(_ message: String) { write(.info, message) }

    /// Details.
    public func debug(_ message: String) { write(.debug, message) }

    /// Whether progress may be drawn: on a terminal, unless asked to be quiet.
    var drawsProgress: Bool { level >= .info && !json && isatty(STDERR_FILENO) == 1 }

    /// Prepares the message of a process that ends for want of memory, when there is none to make one.
    func speakWhenMemoryIsExhausted() {
        let mark = "#"
        let text = text(
            .error, "out of memory (\(mark) MiB more are needed)",
            hint: "a smaller batch or model, or --memory-budget for training")
        let parts = text.split(separator: mark, maxSplits: 1)
        PageMemory.endWhenExhausted(
            before: String(parts[0]), after: String(parts[1]),
            status: ExitStatus.internalFailure.rawValue)
    }

    private func write(_ level: Level, _ message: String, hint: String? = nil) {
        guard level <= self.level else { return }
        Self.emit(text(level, message.printable, hint: hint))
    }

    private func text(_ level: Level, _ message: String, hint: String?) -> String {
        var text: String
        if json {
            var fields: JSONObject = [
                "tool": .string(tool), "level": .string(level.name), "message": .string(message),
            ]
            if let hint { fields["hint"] = .string(hint) }
            let bytes = (try? JSONValue.object(fields).serialized()) ?? []
            text = String(decoding: bytes, as: UTF8.self) + "\n"
        } else {
            // A progress line that is being drawn gives way.
            text = (drawsProgress ? "\r\u{1b}[K" : "") + "\(tool): \(message)\n"
            if let hint { text += "hint: \(hint)\n" }
        }
        return text
    }

    /// One write a message, so that lines of tools that run side by side do not mix.
    static func emit(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
