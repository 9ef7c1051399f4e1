import FoundationEssentials
import Glibc
import StreamIO

/// Answers that were paid for, in a file that only grows: one JSON object a line with `key`,
/// `response`, and for the reader `time`, `origin` and `departures`.
///
/// Each answer is handed to the system in one write as soon as it is there, so that a run that is
/// killed loses nothing but what was under way. A line that a crash cut short is dropped when the
/// file is opened again.
package struct ReplyCache: ~Copyable {
    /// A stored answer.
    package struct Entry: Sendable, Hashable {
        /// The body of the response.
        package let response: JSONValue
        /// How the request departed from the usual.
        package let departures: [String]
    }

    /// The file.
    package let path: String
    /// Whether the last line was cut short.
    package private(set) var wasTorn = false
    private var entries: [String: Entry] = [:]
    private var descriptor: Int32 = -1
    private var lastSync = ContinuousClock.now

    /// Opens a cache.
    ///
    /// - Parameters:
    ///   - isReadOnly: whether the file is left as it is, and must exist; it may then be compressed.
    package init(path: String, isReadOnly: Bool) throws {
        self.path = path
        if !isReadOnly {
            descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw StreamError.cannotCreate(path: path, reason: Self.systemReason)
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw EndpointError.cacheInUse(path: path)
            }
        }
        let length = try read(isReadOnly: isReadOnly)
        if !isReadOnly { try mend(length: length) }
    }

    /// Cuts a torn line off, and adds the newline where only that is missing.
    private func mend(length: Int) throws {
        var status = stat()
        guard length > 0 || wasTorn, fstat(descriptor, &status) == 0 else { return }
        let isMended =
            wasTorn
            ? ftruncate(descriptor, off_t(length)) == 0
            : status.st_size >= off_t(length) || write(descriptor, "\n", 1) == 1
        guard isMended else {
            throw StreamError.writeFailed(path: path, reason: Self.systemReason)
        }
    }

    deinit {
        // Closing also gives the lock back.
        if descriptor >= 0 { close(descriptor) }
    }

    /// How many answers there are.
    package var count: Int { entries.count }

    /// The answer to a request.
    package subscript(_ key: String) -> Entry? { entries[key] }

    /// Adds an answer.
    package mutating func append(
        key: String, _ entry: Entry, origin: [String: JSONValue]
    ) throws {
        entries[key] = entry
        let time = Date().formatted(.iso8601)
        var line = try JSONValue.object([
            "key": .string(key), "response": entry.response, "time": .string(time),
            "status": .integer(200), "origin": .object(origin),
            "departures": .array(entry.departures.map { .string($0) }),
        ]).serialized()
        line.append(0x0A)
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count else {
            let reason = written < 0 ? Self.systemReason : "short write"
            throw StreamError.writeFailed(path: path, reason: reason)
        }
        if ContinuousClock.now - lastSync > .seconds(1) { try synchronize() }
    }

    /// Waits until everything is on the disk.
    package mutating func synchronize() throws {
        lastSync = .now
        guard descriptor >= 0 else { return }
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw StreamError.writeFailed(path: path, reason: Self.systemReason)
        }
    }

    /// Reads all entries; returns the length of the whole lines.
    private mutating func read(isReadOnly: Bool) throws -> Int {
        var file = try InputFile(path: path)
        // What is compressed cannot be added to.
        if !isReadOnly { file.passThrough() }
        var lines = LineReader(file)
        var length = 0
        var fault: EndpointError?
        while let line = try lines.next() {
            // Only the last line may be torn.
            if let fault { throw fault }
            do {
                try take(line)
                length += line.count + 1
            } catch {
                fault = .cache(path: "\(path):\(lines.lineNumber)", problem: "\(error)")
                wasTorn = zip(line, Self.beginning).allSatisfy { $0 == $1 }
            }
        }
        if let fault, !wasTorn { throw fault }
        return length
    }

    /// How every line begins, keys being sorted. A file whose last line begins otherwise is no cache,
    /// and must not be cut.
    private static let beginning = Array(#"{"departures":["#.utf8)

    private mutating func take(_ line: [UInt8]) throws {
        let fields = try JSONValue(parsing: line)
        guard let key = fields["key"]?.text, let response = fields["response"] else {
            throw JSONError(description: "no key or response")
        }
        var departures: [String] = []
        if case .array(let values)? = fields["departures"] {
            departures = values.compactMap(\.text)
        }
        entries[key] = Entry(response: response, departures: departures)
    }

    private static var systemReason: String { String(cString: strerror(errno)).lowercased() }
}
