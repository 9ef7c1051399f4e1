import Glibc
import StreamIO

/// The metrics of a run: one JSON object a step, appended as it comes.
public final class MetricsFile {
    private let path: String
    private let descriptor: Int32

    /// Opens a metrics file for a run that has made `steps` steps: what an earlier, stopped run noted
    /// up to there stays, later steps, which will be made again, are dropped.
    ///
    /// The file is replaced in one step, so that the history is there whatever happens.
    ///
    /// - Parameter warn: told of a last line that is incomplete
    public init(
        path: String, afterStep steps: Int, warn: (String) -> Void = { _ in }
    ) throws {
        self.path = path
        if steps > 0 { try Self.dropSteps(after: steps, of: path, warn) }
        // Without steps before it the run is a new one.
        let mode = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (steps > 0 ? 0 : O_TRUNC)
        descriptor = open(path.systemPath, mode, 0o666)
        guard descriptor >= 0 else {
            throw StreamError.cannotCreate(path: path, reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    private static func dropSteps(
        after steps: Int, of path: String, _ warn: (String) -> Void
    ) throws {
        var status = stat()
        guard stat(path.systemPath, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return
        }
        var kept: [UInt8] = []
        var read = 0
        var lines = LineReader(try InputFile(path: path))
        while let line = try lines.next() {
            read += line.count + 1
            let fields = (try? JSONValue(parsing: line))?.object
            // The last line has no newline if its writer was stopped within it.
            if fields == nil, read > Int(status.st_size) {
                warn("\(path): the last line is incomplete and is dropped")
                continue
            }
            if let step = fields?["step"]?.integer, step > steps { continue }
            kept += line + [0x0a]
        }
        guard kept.count != Int(status.st_size) else { return }
        try AtomicFile.write(to: path) { try $0.write(kept) }
    }

    /// Appends the metrics of one step.
    public func write(_ metrics: JSONObject) throws {
        // Not a number cannot stand in JSON; a diverged run stops before it gets here.
        try append(try JSONValue.object(metrics).serialized() + [0x0a])
    }

    /// Waits until all lines are on the disk, so that a state that is saved then is not ahead of them.
    func synchronize() throws(StreamError) {
        // Pipes and devices cannot be synchronised, which is no loss.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS || errno == EINTR else {
            throw .writeFailed(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// One call for a whole line, so that a reader sees lines only.
    private func append(_ bytes: [UInt8]) throws(StreamError) {
        var start = 0
        while start < bytes.count {
            let written = bytes[start...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard written > 0 else {
                if errno == EINTR { continue }
                throw .writeFailed(path: path, reason: String(cString: strerror(errno)))
            }
            start += written
        }
    }
}
