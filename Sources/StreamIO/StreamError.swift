import Glibc

/// What can go wrong with a file or a stream.
public enum StreamError: ReportedError, Hashable {
    /// An input does not exist or cannot be opened.
    case missing(path: String, reason: String)
    /// An output cannot be created.
    case cannotCreate(path: String, reason: String)
    /// A directory that is not an earlier output stands where an output directory should go, or
    /// replacing an output would take something else with it.
    case notReplaceable(path: String, reason: String)
    /// Another run writes the output.
    case inUse(path: String, owner: String)
    /// There is not enough memory to read or write.
    case outOfMemory(path: String)
    /// A read failed.
    case readFailed(path: String, reason: String)
    /// A write, a flush or a close failed.
    case writeFailed(path: String, reason: String)
    /// The reader of a pipe went away; tools end without a word.
    case brokenPipe(path: String)
    /// Compressed input ends inside a frame.
    case truncatedFrame(path: String)
    /// Compressed input is damaged.
    case corruptFrame(path: String, reason: String)

    /// The status that `sysexits.h` gives this kind of failure.
    public var exitStatus: ExitStatus {
        switch self {
        case .missing: .missingInput
        case .cannotCreate, .notReplaceable, .inUse: .cannotCreate
        case .outOfMemory: .internalFailure
        case .readFailed, .writeFailed, .brokenPipe: .inputOutput
        case .truncatedFrame, .corruptFrame: .badData
        }
    }

    /// What is wrong, beginning with the file's name.
    public var description: String {
        switch self {
        case .missing(let path, let reason): "\(path): cannot open (\(reason))"
        case .cannotCreate(let path, let reason): "\(path): cannot create (\(reason))"
        case .notReplaceable(let path, let reason): "\(path): will not replace (\(reason))"
        case .inUse(let path, let owner):
            "\(path): another run writes it (\(owner) holds its lock)"
        case .outOfMemory(let path): "\(path): out of memory"
        case .readFailed(let path, let reason): "\(path): cannot read (\(reason))"
        case .writeFailed(let path, let reason): "\(path): cannot write (\(reason))"
        case .brokenPipe(let path): "\(path): the reader went away"
        case .truncatedFrame(let path):
            "\(path): compressed data is cut short (got end of input, expected the rest of a zstd frame)"
        case .corruptFrame(let path, let reason): "\(path): compressed data is damaged (\(reason))"
        }
    }

    /// What is wrong, without the file's name.
    package var reason: String {
        switch self {
        case .missing(_, let reason), .cannotCreate(_, let reason), .notReplaceable(_, let reason),
            .readFailed(_, let reason), .writeFailed(_, let reason), .corruptFrame(_, let reason):
            reason
        case .inUse, .outOfMemory, .brokenPipe, .truncatedFrame: description
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .truncatedFrame: "the download or the program that wrote it did not finish"
        case .notReplaceable: "name another output, or move what is there yourself"
        case .inUse: "wait for it to end, or name another output"
        default: nil
        }
    }
}

/// The text of an `errno` value, in lower case as messages want it.
func systemMessage(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    let message = String(cString: text)
    return message.prefix(1).lowercased() + message.dropFirst()
}

/// Repeats a system call while a signal interrupts it; returns its result and `errno`.
@inline(__always)
func retrying<Result: SignedInteger>(_ call: () -> Result) -> (result: Result, code: Int32) {
    while true {
        let result = call()
        if result >= 0 { return (result, 0) }
        let code = errno
        if code != EINTR { return (result, code) }
    }
}
