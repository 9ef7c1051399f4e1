import Glibc

/// A buffered writer to a file descriptor. Every write and the close are checked: a full disk
/// or a short write is an error, never a shorter file.
public struct FileWriter: ~Copyable {
    /// The name that messages use.
    public let path: String
    /// How many bytes were given to the writer so far.
    public private(set) var count = 0

    private let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
    private var filled = 0
    private var isOpen = true

    /// Takes over an open descriptor.
    package init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Standard output.
    public static func standardOutput() -> FileWriter {
        FileWriter(descriptor: STDOUT_FILENO, path: "standard output")
    }

    deinit {
        buffer.deallocate()
        if isOpen, descriptor > STDERR_FILENO { Glibc.close(descriptor) }
    }

    /// Writes all bytes of `bytes`.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(StreamError) {
        count += bytes.count
        if bytes.count > buffer.count - filled {
            try flush()
            if bytes.count >= buffer.count {
                try writeThrough(bytes)
                return
            }
        }
        guard let source = bytes.baseAddress, let target = buffer.baseAddress else { return }
        memcpy(target + filled, source, bytes.count)
        filled += bytes.count
    }

    /// Writes all bytes of `bytes`.
    public mutating func write(_ bytes: [UInt8]) throws(StreamError) {
        // `withUnsafeBytes` does not carry typed errors through, hence the detour.
        var failure: StreamError?
        bytes.withUnsafeBytes { raw in
            do throws(StreamError) { try write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Hands what is buffered to the system.
    public mutating func flush() throws(StreamError) {
        guard filled > 0 else { return }
        let pending = filled
        // Forget the bytes before trying: after an error they must not be written twice.
        filled = 0
        try writeThrough(UnsafeRawBufferPointer(rebasing: buffer[..<pending]))
    }

    /// Flushes, and waits until the bytes are on the disk.
    package mutating func synchronize() throws(StreamError) {
        try flush()
        let (result, code) = retrying { fsync(descriptor) }
        // Pipes and devices cannot be synchronised, which is no loss.
        guard result == 0 || code == EINVAL || code == EROFS else {
            throw .writeFailed(path: path, reason: systemMessage(code))
        }
    }

    /// Flushes and closes; the writer is of no use afterwards.
    package mutating func close() throws(StreamError) {
        try flush()
        guard isOpen else { return }
        isOpen = false
        let result = Glibc.close(descriptor)
        let code = errno
        // No file that is opened later shall be taken for standard output.
        if descriptor <= STDERR_FILENO { StandardDescriptors.fillGaps() }
        guard result == 0 || code == EINTR else {
            throw .writeFailed(path: path, reason: systemMessage(code))
        }
    }

    /// Whether what is written goes to a regular file.
    var isRegularFile: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    package var isTerminal: Bool { isatty(descriptor) == 1 }
    package var rawDescriptor: Int32 { descriptor }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(StreamError) {
        var rest = bytes
        while !rest.isEmpty {
            let (written, code) = retrying { Glibc.write(descriptor, rest.baseAddress, rest.count) }
            if code == EPIPE { throw .brokenPipe(path: path) }
            guard written > 0 else {
                let reason =
                    code == 0 ? "short write, \(rest.count) bytes left" : systemMessage(code)
                throw .writeFailed(path: path, reason: reason)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
