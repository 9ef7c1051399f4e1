import Glibc
import StreamIO

/// Runs the built tools as a user would. Input and outputs are files, so nothing can deadlock.
public enum ToolRunner {
    /// What a tool left behind.
    public struct Output: Sendable {
        /// The exit status; 128 + number if a signal ended the tool.
        public var status: Int32
        /// Bytes on standard output.
        public var standardOutput: [UInt8]
        /// Most memory that the process had at a time, in bytes.
        public var peakMemory: Int
        /// Text on standard error.
        public var standardError: String
        /// Standard output as text.
        public var text: String { String(decoding: standardOutput, as: UTF8.self) }
    }

    /// Where standard output goes.
    public enum Destination: Sendable {
        /// Into ``Output/standardOutput``.
        case captured
        /// Into a file or device, e.g. `/dev/full`.
        case file(String)
        /// Into a pipe that nobody reads.
        case closedPipe
    }

    /// What keeps a tool from running at all.
    public struct Failure: Error, CustomStringConvertible {
        /// What went wrong.
        public let description: String
    }

    /// The directory of the package.
    public static let packageRoot: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    /// Where the release build leaves the tools.
    public static var binaries: String { packageRoot + "/.build/release" }

    /// The directory `shared` beside the package; nil if there is none.
    public static var shared: String? {
        let path = packageRoot + "/../shared"
        return access(path, R_OK) == 0 ? path : nil
    }

    /// Whether the long suites run too (`make torture`).
    public static var isTorture: Bool { getenv("CPO_TORTURE").map { String(cString: $0) } == "1" }

    /// Whether the tool has been built.
    public static func isBuilt(_ tool: String) -> Bool { access("\(binaries)/\(tool)", X_OK) == 0 }

    /// Runs a tool of the package; a name with a slash is any program.
    ///
    /// - Parameters:
    ///   - input: the bytes on standard input
    ///   - environment: variables set beside those of the test
    ///   - directory: the working directory; nil for that of the test
    public static func run(
        _ tool: String, _ arguments: [String] = [], input: [UInt8] = [],
        environment: [String: String] = [:], directory: String? = nil,
        standardOutput: Destination = .captured
    ) throws -> Output {
        try withTemporaryDirectory { scratch in
            try writeFile("\(scratch)/in", input)
            let actions = UnsafeMutablePointer<posix_spawn_file_actions_t>.allocate(capacity: 1)
            posix_spawn_file_actions_init(actions)
            defer {
                posix_spawn_file_actions_destroy(actions)
                actions.deallocate()
            }
            posix_spawn_file_actions_addopen(actions, 0, "\(scratch)/in", O_RDONLY, 0)
            let create = O_WRONLY | O_CREAT | O_TRUNC
            posix_spawn_file_actions_addopen(actions, 2, "\(scratch)/err", create, 0o600)
            var pipeEnds: [Int32] = [-1, -1]
            switch standardOutput {
            case .captured:
                posix_spawn_file_actions_addopen(actions, 1, "\(scratch)/out", create, 0o600)
            case .file(let path):
                posix_spawn_file_actions_addopen(actions, 1, path, create, 0o600)
            case .closedPipe:
                guard pipe(&pipeEnds) == 0 else { throw Failure(description: "no pipe") }
                close(pipeEnds[0])
                posix_spawn_file_actions_adddup2(actions, pipeEnds[1], 1)
                posix_spawn_file_actions_addclose(actions, pipeEnds[1])
            }
            let path = tool.contains("/") ? tool : "\(binaries)/\(tool)"
            guard access(path, X_OK) == 0 else {
                throw Failure(description: "\(path): \(String(cString: strerror(errno)))")
            }
            var program = (path: path, arguments: [tool] + arguments)
            if let directory {
                // The shell changes directory and becomes the tool: same process, same status.
                let script = "cd \"$1\" && shift && exec \"$@\""
                program = ("/bin/sh", ["sh", "-c", script, "sh", directory, path] + arguments)
            }
            program.arguments[0] = program.path
            let process = try spawn(
                "\(binaries)/peak-memory",
                ["peak-memory", "\(scratch)/peak"] + program.arguments, environment, actions)
            if pipeEnds[1] >= 0 { close(pipeEnds[1]) }
            let status = try wait(for: process, tool)
            let peak = String(decoding: try readFile("\(scratch)/peak"), as: UTF8.self)
            let output = access("\(scratch)/out", R_OK) == 0 ? try readFile("\(scratch)/out") : []
            return Output(
                status: status, standardOutput: output, peakMemory: Int(peak.dropLast()) ?? 0,
                standardError: String(decoding: try readFile("\(scratch)/err"), as: UTF8.self))
        }
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ variables: [String: String],
        _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>
    ) throws -> pid_t {
        var environment = variables.map { "\($0.key)=\($0.value)" }
        var entry = environ
        while let text = entry.pointee.map({ String(cString: $0) }) {
            let name = String(text.prefix { $0 != "=" })
            if variables[name] == nil { environment.append(text) }
            entry += 1
        }
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        // The threads that tests run on block most signals, and children would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var process = pid_t()
        let code = posix_spawn(&process, path, actions, &attributes, argv, envp)
        guard code == 0 else {
            throw Failure(description: "\(path): \(String(cString: strerror(code)))")
        }
        return process
    }

    private static func wait(for process: pid_t, _ tool: String) throws -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure(description: "\(tool): cannot wait for it") }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
