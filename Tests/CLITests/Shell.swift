import Foundation
import Glibc

/// What a shell script left behind.
struct ShellResult {
    /// Exit status of the script; 128 + signal number when a signal ended it.
    let status: Int32
    /// What it wrote to stdout.
    let output: Data
    /// What it wrote to stderr.
    let errors: String
    /// The most memory that one of its processes had at a time, in bytes.
    let peakMemory: Int

    /// `output` as text.
    var text: String { String(decoding: output, as: UTF8.self) }
}

/// A failure of the test machinery itself, not of a tool.
struct ShellError: Error, CustomStringConvertible {
    let description: String
}

/// Runs bash scripts in a directory of their own.
///
/// Output goes to files, so that a script that writes more than a pipe holds cannot block, and
/// SIGPIPE is as a shell user has it, whatever the test runner does with it.
enum Shell {
    /// Runs `script`; a script that takes longer than `seconds` is killed (status 124).
    ///
    /// - Parameters:
    ///   - script: the text of a bash script, run with `-u -o pipefail`.
    ///   - directory: the working directory.
    ///   - standardInput: a file; nothing is `/dev/null`.
    ///   - environment: variables beside the few that every script gets.
    static func run(
        _ script: String, in directory: URL, standardInput: URL? = nil,
        environment: [String: String], seconds: Int = 120
    ) throws -> ShellResult {
        // Beside the directory, not in it: scripts look at what is in theirs.
        let outputFile = URL(filePath: directory.path(percentEncoded: false) + ".stdout")
        let errorFile = URL(filePath: directory.path(percentEncoded: false) + ".stderr")
        let peakFile = URL(filePath: directory.path(percentEncoded: false) + ".peak")
        defer {
            for file in [outputFile, errorFile, peakFile] {
                try? FileManager.default.removeItem(at: file)
            }
        }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let input = standardInput?.path(percentEncoded: false) ?? "/dev/null"
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        for (descriptor, file) in [(Int32(1), outputFile), (2, errorFile)] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, file.path(percentEncoded: false),
                O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGHUP, SIGINT, SIGPIPE, SIGTERM] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // The threads that tests run on block most signals, and children would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let arguments = [
            Workspace.binaries.appending(path: "peak-memory").path(percentEncoded: false),
            peakFile.path(percentEncoded: false), "/usr/bin/env", "-C",
            directory.path(percentEncoded: false),
            "timeout", "--kill-after=5", "\(seconds)", "/bin/bash", "-u", "-o", "pipefail",
            "-c", script,
        ]
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        var child = pid_t()
        let error = withCStrings(arguments) { argv in
            withCStrings(variables) { envp in
                posix_spawn(&child, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard error == 0 else {
            throw ShellError(description: "cannot start bash: \(String(cString: strerror(error)))")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1 {
            guard errno == EINTR else {
                throw ShellError(description: "waitpid: \(String(cString: strerror(errno)))")
            }
        }
        let signal = status & 0x7f
        return ShellResult(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            output: try Data(contentsOf: outputFile),
            errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self),
            peakMemory: Int(try String(contentsOf: peakFile, encoding: .utf8).dropLast()) ?? 0)
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        pointers.append(nil)
        return body(&pointers)
    }
}
