import FoundationEssentials
import Glibc
import Locks
import StreamIO

/// Answers that were paid for, in a file that only grows: one JSON object a line with `key`,
/// `response`, and for the reader `time`, `origin` and `departures`.
///
/// Each answer is handed to the system in one write as soon as it is there, so that a run that is
/// killed loses nothing but what was under way. A line that a crash cut short is dropped when the
/// file is opened again.
package final class ReplyCache: Sendable {
    /// A stored answer.
    package struct Entry: Sendable, Hashable {
        /// The body of the response.
        package let response: JSONValue
        /// How the request departed from the usual.
        package let departures: [String]

        /// An answer.
        package init(response: JSONValue, departures: [String]) {
            self.response = response
            self.departures = departures
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var lastSync = ContinuousClock.now
        /// Why nothing more is written: the last line may be torn, and only the last may be.
        var failure: StreamError?
    }

    /// The file.
    package let path: String
    /// Whether the last line was cut short.
    package let wasTorn: Bool
    private let descriptor: Int32
    private let state: Mutex<State>

    /// Opens a cache.
    ///
    /// - Parameters:
    ///   - isReadOnly: whether the file is left as it is, and must exist; it may then be compressed.
    package init(path: String, isReadOnly: Bool) throws {
        self.path = path
        descriptor = isReadOnly ? -1 : try Self.openForWriting(path)
        do {
            let content = try Content(path: path, isReadOnly: isReadOnly)
            wasTorn = content.isTorn
            state = Mutex(State(entries: content.entries))
            if !isReadOnly { try Self.mend(descriptor, path, content) }
        } catch {
            if descriptor >= 0 { close(descriptor) }
            throw error
        }
    }

    deinit {
        // Closing also gives the lock back.
        if descriptor >= 0 { close(descriptor) }
    }

    /// How many answers there are.
    package var count: Int { state.withLock { $0.entries.count } }

    /// The answer to a request.
    package subscript(_ key: String) -> Entry? { state.withLock { $0.entries[key] } }

    /// Adds an answer. When this returns the system has it, and a process that is killed loses nothing.
    package func append(key: String, _ entry: Entry, origin: JSONObject) throws {
        var line = try JSONValue.object([
            "key": .string(key), "response": entry.response,
            "time": .string(Date().formatted(.iso8601)), "status": .integer(200),
            "origin": .object(origin),
            "departures": .array(entry.departures.map { .string($0) }),
        ]).serialized()
        line.append(0x0A)
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written == line.count else {
                let reason = written < 0 ? Self.systemReason : "short write"
                let failure = StreamError.writeFailed(path: path, reason: reason)
                state.failure = failure
                throw failure
            }
            state.entries[key] = entry
            guard ContinuousClock.now - state.lastSync > .seconds(1) else { return }
            state.lastSync = .now
            try synchronize()
        }
    }

    /// Waits until everything is on the disk, which a machine that crashes would lose otherwise.
    package func synchronize() throws {
        guard descriptor >= 0, fsync(descriptor) != 0, errno != EINVAL else { return }
        throw StreamError.writeFailed(path: path, reason: Self.systemReason)
    }

    // MARK: - Opening

    private static func openForWriting(_ path: String) throws -> Int32 {
        let descriptor = open(path.systemPath, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw StreamError.cannotCreate(path: path, reason: systemReason)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw EndpointError.cacheInUse(path: path)
        }
        return descriptor
    }

    /// Cuts a torn line off, and adds the newline where only that is missing.
    private static func mend(_ descriptor: Int32, _ path: String, _ content: Content) throws {
        var status = stat()
        guard content.length > 0 || content.isTorn, fstat(descriptor, &status) == 0 else { return }
        let isMended =
            content.isTorn
            ? ftruncate(descriptor, off_t(content.length)) == 0
            : status.st_size >= off_t(content.length) || write(descriptor, "\n", 1) == 1
        guard isMended else { throw StreamError.writeFailed(path: path, reason: systemReason) }
    }

    private static var systemReason: String { String(cString: strerror(errno)).lowercased() }
}

extension ReplyCache {
    /// What a file holds.
    private struct Content {
        var entries: [String: Entry] = [:]
        /// Bytes of the whole lines, newlines included.
        var length = 0
        var isTorn = false

        /// How every line begins, keys being sorted. A file whose last line begins otherwise is no
        /// cache, and must not be cut.
        private static let beginning = Array(#"{"departures":["#.utf8)

        init(path: String, isReadOnly: Bool) throws {
            var file = try InputFile(path: path)
            // What is compressed cannot be added to.
            if !isReadOnly { file.passThrough() }
            var lines = LineReader(file)
            var fault: EndpointError?
            while let line = try lines.next() {
                // Only the last line may be torn.
                if let fault { throw fault }
                do {
                    try take(line)
                    length += line.count + 1
                } catch {
                    fault = .cache(path: "\(path):\(lines.lineNumber)", problem: "\(error)")
                    // A machine that lost its power may leave zeros.
                    isTorn =
                        zip(line, Self.beginning).allSatisfy { $0 == $1 }
                        || line.allSatisfy { $0 == 0 }
                }
            }
            if let fault, !isTorn { throw fault }
        }

        private mutating func take(_ line: [UInt8]) throws {
            let fields = try JSONValue(parsing: line)
            guard let key = fields["key"]?.string, let response = fields["response"] else {
                throw JSONError(description: "no key or response")
            }
            let departures = fields["departures"]?.elements?.compactMap(\.string) ?? []
            entries[key] = Entry(response: response, departures: departures)
        }
    }
}
