import ArgumentParser
import StreamIO

/// `--config FILE`: a JSON object of flags without their dashes.
enum ConfigurationFile {
    /// What can be wrong with it.
    struct Fault: ReportedError {
        let path: String
        let reason: String
        var description: String { "\(path): \(reason)" }
        var exitStatus: ExitStatus { .usage }
    }

    /// Puts the flags of the file before those of the command line, where later ones win.
    static func expand(
        _ arguments: [String], for tool: any CommandLineTool.Type
    ) throws -> [String] {
        guard let path = path(in: arguments) else { return arguments }
        var file = LineReader(try InputFile(path: path))
        var text: [UInt8] = []
        while let line = try file.next() { text += line + [0x0a] }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch {
            throw Fault(path: path, reason: error.description)
        }
        guard case .object(let flags) = value else {
            throw Fault(path: path, reason: "not a JSON object")
        }
        let help = tool.helpMessage(includeHidden: true)
        var expanded: [String] = []
        for (key, value) in flags.sorted(by: { $0.key < $1.key }) {
            let name = key.replacing("_", with: "-")
            guard help.contains("--\(name)") else {
                let suggestion = nearest(name, in: help).map { " (did you mean \"\($0)\"?)" }
                throw Fault(path: path, reason: "unknown key \"\(key)\"" + (suggestion ?? ""))
            }
            expanded += try flag(name, value, help, path)
        }
        return expanded + arguments
    }

    private static func path(in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == "--config", index + 1 < arguments.count { return arguments[index + 1] }
            if argument.hasPrefix("--config=") { return String(argument.dropFirst(9)) }
        }
        return nil
    }

    private static func flag(
        _ name: String, _ value: JSONValue, _ help: String, _ path: String
    ) throws -> [String] {
        switch value {
        case .bool(true): return ["--\(name)"]
        case .bool(false): return help.contains("--no-\(name)") ? ["--no-\(name)"] : []
        case .null: return []
        case .string(let text): return ["--\(name)", text]
        case .integer(let number): return ["--\(name)", String(number)]
        case .number(let number): return ["--\(name)", String(number)]
        case .integers(let numbers): return numbers.flatMap { ["--\(name)", String($0)] }
        case .array(let values): return try values.flatMap { try flag(name, $0, help, path) }
        case .object: throw Fault(path: path, reason: "key \"\(name)\" holds an object")
        }
    }

    /// The flag in the help text that is most like `name`, if one is alike at all.
    private static func nearest(_ name: String, in help: String) -> String? {
        let flags = help.split { " \n,/()[]<>=".contains($0) }.filter { $0.hasPrefix("--") }
            .map { String($0.dropFirst(2)) }
        return flags.map { ($0, distance($0, name)) }.min { $0.1 < $1.1 }
            .flatMap { $0.1 <= max(2, name.count / 3) ? $0.0 : nil }
    }

    /// Levenshtein distance.
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b.utf8)
        var row = Array(0...b.count)
        for (i, x) in a.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let substitution = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
