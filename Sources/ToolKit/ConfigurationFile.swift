import ArgumentParser
import StreamIO

/// `--config FILE`: a JSON object of flags without their dashes.
package enum ConfigurationFile {
    /// What can be wrong with it.
    struct Fault: ReportedError {
        let path: String
        let reason: String
        var description: String { "\(path): \(reason)" }
        var exitStatus: ExitStatus { .usage }
    }

    private static let maximumBytes = 1 << 20

    /// Puts the flags of the file before the command line, but for those that stand there too.
    ///
    /// - Parameter renamed: gives keys that are old names of flags their names of today
    package static func expand(
        _ arguments: [String], for tool: any CommandLineTool.Type, renamed: inout RenamedFlags
    ) throws -> [String] {
        let typed = arguments.prefix { $0 != "--" }
        guard let path = path(in: typed) else { return arguments }
        var file = LineReader(try InputFile(path: path))
        var text: [UInt8] = []
        while let line = try file.next() {
            text += line + [0x0a]
            guard text.count <= maximumBytes else {
                throw Fault(path: path, reason: "more than \(maximumBytes) bytes of flags")
            }
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch {
            throw Fault(path: path, reason: error.description)
        }
        guard let flags = value.object else {
            throw Fault(path: path, reason: "not a JSON object")
        }
        let known = try FlagNames(tool)
        let typedNames = Set(typed.compactMap(FlagNames.name))
        if let conflict = renamed.conflict(in: Set(flags.keys.map(Self.name))) {
            throw Fault(path: path, reason: conflict)
        }
        var expanded: [String] = []
        for (key, value) in flags.sorted(by: { $0.key < $1.key }) {
            let name = renamed.current(Self.name(key))
            guard known.contains(name) else {
                let suggestion = known.nearest(to: name).map { " (did you mean \"\($0)\"?)" }
                throw Fault(path: path, reason: "unknown key \"\(key)\"" + (suggestion ?? ""))
            }
            if typedNames.contains(name) || typedNames.contains("no-\(name)") { continue }
            expanded += try flag(name, value, known, path)
        }
        return expanded + arguments
    }

    /// The flag that a key stands for, which may be written with underscores.
    private static func name(_ key: String) -> String { key.replacing("_", with: "-") }

    private static func path(in arguments: ArraySlice<String>) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == "--config", index + 1 < arguments.count { return arguments[index + 1] }
            if argument.hasPrefix("--config=") { return String(argument.dropFirst(9)) }
        }
        return nil
    }

    private static func flag(
        _ name: String, _ value: JSONValue, _ known: FlagNames, _ path: String
    ) throws -> [String] {
        switch value {
        case .bool(true): return ["--\(name)"]
        case .bool(false): return known.contains("no-\(name)") ? ["--no-\(name)"] : []
        case .null: return []
        case .string(let text): return ["--\(name)", text]
        case .integer(let number): return ["--\(name)", String(number)]
        case .number(let number): return ["--\(name)", String(number)]
        case .integers(let numbers): return numbers.flatMap { ["--\(name)", String($0)] }
        case .array(let values): return try values.flatMap { try flag(name, $0, known, path) }
        case .object: throw Fault(path: path, reason: "key \"\(name)\" holds an object")
        }
    }
}
