import Glibc
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

    /// What is going on.
    public func info(_ message: String) { write(.info, message) }

    /// What went on; the last line of a run.
    public func summary(_ message: String) { write(.info, message) }

    /// Details.
    public func debug(_ message: String) { write(.debug, message) }

    /// Whether progress may be drawn: on a terminal, unless asked to be quiet.
    var drawsProgress: Bool { level >= .info && !json && isatty(STDERR_FILENO) == 1 }

    private func write(_ level: Level, _ message: String, hint: String? = nil) {
        guard level <= self.level else { return }
        let message = message.printable
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
        Self.emit(text)
    }

    /// One write a message, so that lines of tools that run side by side do not mix.
    static func emit(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
