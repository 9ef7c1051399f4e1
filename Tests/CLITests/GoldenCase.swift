import Foundation
import Testing

/// One golden case, a directory `Cases/<tool>/<case>`; `Cases/README.md` describes its files.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    /// The directory.
    let directory: URL
    /// `<tool>/<case>`.
    let name: String

    var testDescription: String { name }

    /// Files with a meaning of their own; all others are copied to where the script runs.
    private static let special: Set<String> = ["cmd", "stdin", "expout", "experr", "exit"]

    /// All cases, sorted by name.
    static let all: [GoldenCase] = {
        var cases: [GoldenCase] = []
        for tool in entries(of: Workspace.cases) {
            for entry in entries(of: tool)
            where FileManager.default.fileExists(
                atPath: entry.appending(path: "cmd").path(percentEncoded: false))
            {
                cases.append(
                    GoldenCase(
                        directory: entry,
                        name: tool.lastPathComponent + "/" + entry.lastPathComponent))
            }
        }
        return cases.sorted { $0.name < $1.name }
    }()

    /// Runs the case in a directory of its own.
    func run() throws -> ShellResult {
        let script = try required("cmd")
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { working in
            for file in Self.entries(of: directory)
            where !Self.special.contains(file.lastPathComponent) {
                try FileManager.default.copyItem(
                    at: file, to: working.appending(path: file.lastPathComponent))
            }
            let input = directory.appending(path: "stdin")
            let hasInput = FileManager.default.fileExists(
                atPath: input.path(percentEncoded: false))
            return try Shell.run(
                script, in: working, standardInput: hasInput ? input : nil,
                environment: Workspace.environment(fixture: fixture))
        }
    }

    /// The output that is expected, byte for byte; nothing where there is no file.
    var expectedOutput: String { optional("expout") ?? "" }

    /// Texts that must occur in stderr, in this order, one a line.
    var expectedErrors: [String] {
        (optional("experr") ?? "").split(separator: "\n").map(String.init)
    }

    /// The exit status that is expected, 0 where there is no file.
    func expectedStatus() throws -> Int32 {
        guard let text = optional("exit") else { return 0 }
        guard let status = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ShellError(description: "\(name)/exit: not a number (got '\(text)')")
        }
        return status
    }

    /// Makes what was seen the expectation: `expout` and `exit`. `experr` stays as written by hand.
    func update(with result: ShellResult) throws {
        try replace("expout", with: result.output)
        try replace("exit", with: result.status == 0 ? Data() : Data("\(result.status)\n".utf8))
    }

    private func replace(_ file: String, with content: Data) throws {
        let url = directory.appending(path: file)
        if content.isEmpty {
            try? FileManager.default.removeItem(at: url)
        } else {
            try content.write(to: url)
        }
    }

    private func optional(_ file: String) -> String? {
        try? String(contentsOf: directory.appending(path: file), encoding: .utf8)
    }

    private func required(_ file: String) throws -> String {
        try String(contentsOf: directory.appending(path: file), encoding: .utf8)
    }

    private static func entries(of directory: URL) -> [URL] {
        (try? FileManager.default.contentsOfDirectory(
            at: directory, includingPropertiesForKeys: nil)) ?? []
    }
}
