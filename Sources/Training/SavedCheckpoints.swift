import Checkpoints
import Glibc
import StreamIO

/// The saved checkpoints of an output directory: the newest is the directory itself, older ones are
/// `checkpoint-STEP` in it.
public struct SavedCheckpoints: Sendable {
    /// The output directory.
    public let directory: String

    /// The checkpoints in a directory, which need not be there.
    public init(directory: String) {
        self.directory = directory
    }

    /// Names of the older checkpoints, newest first.
    public var older: [String] {
        FileTree.entries(of: directory).compactMap { name in
            OlderCheckpoint.step(ofName: name).map { ($0, name) }
        }.sorted { $0.0 > $1.0 }.map(\.1)
    }

    /// The newest complete state: where it is and what it says.
    ///
    /// - Parameter warn: told of states that are passed over because they cannot be read
    /// - Returns: nil if there is no state at all.
    /// - Throws: what is wrong with the newest state if no other can be read.
    public func newestState(
        warn: (String) -> Void = { _ in }
    ) throws -> (checkpoint: String, state: TrainingState)? {
        var failure: (any Error)?
        for checkpoint in [directory] + older.map({ "\(directory)/\($0)" })
        where TrainingState.exists(in: checkpoint) {
            do {
                let state = try TrainingState.load(from: checkpoint)
                if let failure { warn("\(failure); the older \(checkpoint) is used") }
                return (checkpoint, state)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return nil
    }

    /// Takes what is in the directory over into one that is to replace it, as older checkpoints. Files
    /// are linked, so that it costs no room, and nothing is missing at any moment.
    ///
    /// - Parameters:
    ///   - current: the step of the checkpoint in the directory itself; nil leaves that out
    ///   - limit: the most older checkpoints to take over; nil for all
    func carryOver(to replacement: String, current: Int?, limit: Int?) throws {
        var left = limit ?? .max
        if let current, left > 0 {
            let target = "\(replacement)/\(OlderCheckpoint.name(step: current))"
            try makeDirectory(target)
            for name in FileTree.entries(of: directory)
            where OlderCheckpoint.step(ofName: name) == nil {
                try link("\(directory)/\(name)", to: "\(target)/\(name)")
            }
            left -= 1
        }
        for name in older.prefix(left) where name != current.map(OlderCheckpoint.name) {
            try link("\(directory)/\(name)", to: "\(replacement)/\(name)")
        }
    }

    private func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o777) == 0 else { throw failure(path) }
    }

    /// Links files, and makes directories with links to what is in them.
    private func link(_ source: String, to target: String) throws {
        var status = stat()
        guard lstat(source, &status) == 0 else { throw failure(source) }
        if status.st_mode & S_IFMT == S_IFDIR {
            try makeDirectory(target)
            for name in FileTree.entries(of: source) {
                try link("\(source)/\(name)", to: "\(target)/\(name)")
            }
            return
        }
        if Glibc.link(source, target) == 0 { return }
        guard [EPERM, EMLINK, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(errno) else {
            throw failure(target)
        }
        // No links on this file system.
        var input = try InputFile(path: source)
        input.passThrough()
        try AtomicFile.write(to: target) { writer in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
            defer { buffer.deallocate() }
            while case let count = try input.read(into: buffer), count > 0 {
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    private func failure(_ path: String) -> StreamError {
        .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
}
