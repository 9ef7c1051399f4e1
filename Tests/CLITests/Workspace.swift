import Foundation

/// Where things are, and the directory that cases share: a tokenizer, a model and records of every
/// kind, all made by the built tools themselves when the first case asks for them.
enum Workspace {
    /// The directory that holds Package.swift.
    static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `Tests/CLITests/Cases`.
    static let cases = packageRoot.appending(path: "Tests/CLITests/Cases")

    /// All tools of the package.
    static let tools = [
        "tokenize", "pretrain-mle", "gen-negatives", "rank-by-embedding", "train-cpo",
        "blend-weights", "judge", "mauve", "generate", "score", "import-checkpoint",
        "export-checkpoint", "report",
    ]

    /// Where the release build leaves the tools.
    static var binaries: URL { packageRoot.appending(path: ".build/release") }

    /// What every script finds in its environment: the built tools first in `PATH`, `PACKAGE`,
    /// `FIXTURE`, and nothing of the caller's settings that could change a result.
    static func environment(fixture: URL?) -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment
        let binaries = binaries.path(percentEncoded: false)
        var environment = [
            "PATH": binaries + ":" + (inherited["PATH"] ?? "/usr/bin:/bin"),
            "PACKAGE": packageRoot.path(percentEncoded: false),
            "LC_ALL": "C",
            "HOME": "/nonexistent",
            "TMPDIR": FileManager.default.temporaryDirectory.path(percentEncoded: false),
        ]
        for name in [
            "LD_LIBRARY_PATH", "CPO_MINILM", "CPO_SMOLLM2_MODEL", "CPO_CHAT_SERVER",
        ] {
            environment[name] = inherited[name]
        }
        if let fixture {
            environment["FIXTURE"] = fixture.path(percentEncoded: false)
        }
        return environment
    }

    /// A new empty directory for one script; `body` runs with it, then it is removed.
    static func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let directory = try makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory)
    }

    /// The shared directory, made by `Cases/fixture.sh`; the error when that fails.
    static func fixture() throws -> URL {
        try made.get()
    }

    private static let fixtureDirectory = FileManager.default.temporaryDirectory
        .appending(path: "cpo-tools-fixture-\(UUID().uuidString)")

    private static let made = Result<URL, any Error> {
        let script = try String(contentsOf: cases.appending(path: "fixture.sh"), encoding: .utf8)
        try FileManager.default.createDirectory(
            at: fixtureDirectory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: Workspace.fixtureDirectory) }
        let result = try Shell.run(
            "set -e\n" + script, in: fixtureDirectory,
            environment: environment(fixture: fixtureDirectory))
        guard result.status == 0 else {
            throw ShellError(
                description: "Cases/fixture.sh failed (\(result.status)): \(result.errors)")
        }
        return fixtureDirectory
    }

    private static func makeDirectory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "cpo-tools-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }
}
