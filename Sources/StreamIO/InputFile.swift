import Glibc

/// A file or standard input, opened for reading; zstd is recognised by its magic number and
/// decompressed, anything else passes through.
public struct InputFile: ~Copyable {
    /// The name that messages use.
    public let name: String

    private enum Format { case unknown, plain, zstd }

    private let descriptor: Int32
    private let isOwned: Bool
    private var format = Format.unknown
    private var decoder: ZstdDecoder?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
    private var consumed = 0
    /// How many bytes were read, compressed ones where the content is compressed.
    private var bytesRead = 0
    private var filled = 0
    private var isAtEnd = false
    /// Whether the decoder has more content than there was room for.
    private var hasMore = false
    /// Size of a regular file when it was opened; nil for pipes and devices.
    private let size: off_t?

    /// Opens `path`; `-` is standard input.
    public init(path: String) throws(StreamError) {
        if path == "-" {
            try StandardDescriptors.requireInput()
            self.init(descriptor: STDIN_FILENO, name: "standard input", isOwned: false)
            return
        }
        let (descriptor, code) = retrying { open(path.systemPath, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .missing(path: path, reason: systemMessage(code))
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw .missing(path: path, reason: systemMessage(EISDIR))
        }
        self.init(descriptor: descriptor, name: path, isOwned: true)
    }

    /// Fails if `path` cannot be opened for reading, without opening it: a named pipe that is
    /// opened and closed again would lose its writer.
    package static func check(path: String) throws(StreamError) {
        guard path != "-" else { return try StandardDescriptors.requireInput() }
        var status = stat()
        guard stat(path.systemPath, &status) == 0, access(path.systemPath, R_OK) == 0 else {
            throw .missing(path: path, reason: systemMessage(errno))
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            throw .missing(path: path, reason: systemMessage(EISDIR))
        }
    }

    /// The whole content of a small file, as it is on disk.
    public static func contents(of path: String) throws(StreamError) -> [UInt8] {
        var file = try InputFile(path: path)
        file.passThrough()
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = try file.read(into: piece)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Whether there is a named pipe at `path`.
    package static func isPipe(path: String) -> Bool {
        var status = stat()
        return stat(path.systemPath, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    /// Reads from a descriptor that is already open.
    package init(descriptor: Int32, name: String, isOwned: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isOwned = isOwned
        var status = stat()
        let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        size = isRegular ? status.st_size : nil
    }

    deinit {
        buffer.deallocate()
        if isOwned { close(descriptor) }
    }

    /// The longest line that may be made of what was read. A kilobyte of compressed data can hold a
    /// gigabyte without a newline, which nobody wrote by honest work.
    package var longestLine: Int { format == .zstd ? (8 << 20) + 10 * bytesRead : .max }

    /// Has compressed data delivered as it is.
    package mutating func passThrough() { format = .plain }

    /// Reads up to `output.count` bytes of content.
    ///
    /// - Returns: the number of bytes read; 0 at the end.
    public mutating func read(
        into output: UnsafeMutableRawBufferPointer
    ) throws(StreamError) -> Int {
        try read(into: output, .unlimited) ?? 0
    }

    /// Reads up to `output.count` bytes of content.
    ///
    /// - Returns: the number of bytes read; 0 at the end; nil if there is nothing yet, which never
    ///   happens with a regular file.
    package mutating func read(
        into output: UnsafeMutableRawBufferPointer, _ patience: Patience
    ) throws(StreamError) -> Int? {
        if format == .unknown, try !recognizeFormat(patience) { return nil }
        if format == .zstd { return try decompress(into: output, patience) }
        if consumed < filled {
            let count = min(output.count, filled - consumed)
            output.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: buffer[consumed..<consumed + count]))
            consumed += count
            return count
        }
        return try readRaw(into: output, patience)
    }

    /// - Returns: false if there is too little yet.
    private mutating func recognizeFormat(_ patience: Patience) throws(StreamError) -> Bool {
        while filled < 4 {
            let count = try readRaw(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), patience)
            guard let count else { return false }
            if count == 0 { break }
            filled += count
        }
        let head = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        if ZstdDecoder.recognizesStump(head) { throw .truncatedFrame(path: name) }
        guard ZstdDecoder.recognizes(head) else {
            format = .plain
            return true
        }
        decoder = ZstdDecoder()
        if decoder == nil { throw .outOfMemory(path: name) }
        format = .zstd
        return true
    }

    private mutating func decompress(
        into output: UnsafeMutableRawBufferPointer, _ patience: Patience
    ) throws(StreamError) -> Int? {
        while true {
            if consumed == filled, !isAtEnd, !hasMore {
                guard let count = try readRaw(into: buffer, patience) else { return nil }
                filled = count
                consumed = 0
            }
            let isExhausted = consumed == filled && !hasMore
            // Called without input at a frame's end, the library would ask for another frame.
            if isExhausted, decoder?.isBetweenFrames ?? true { return 0 }
            let produced: Int?
            do throws(ZstdDecoder.Failure) {
                produced = try decoder?.decompress(
                    UnsafeRawBufferPointer(rebasing: buffer[..<filled]), consumed: &consumed,
                    into: output)
            } catch {
                switch error {
                case .outOfMemory: throw .outOfMemory(path: name)
                case .damaged(let reason): throw .corruptFrame(path: name, reason: reason)
                }
            }
            guard let produced else { return 0 }
            hasMore = produced == output.count && decoder?.isBetweenFrames == false
            if produced > 0 { return produced }
            if isExhausted { throw .truncatedFrame(path: name) }
        }
    }

    private mutating func readRaw(
        into output: UnsafeMutableRawBufferPointer, _ patience: Patience
    ) throws(StreamError) -> Int? {
        guard !isAtEnd else { return 0 }
        guard isReadable(patience) else { return nil }
        let (count, code) = retrying { Glibc.read(descriptor, output.baseAddress, output.count) }
        guard count >= 0 else { throw .readFailed(path: name, reason: systemMessage(code)) }
        bytesRead += count
        if count == 0 {
            isAtEnd = true
            // Several processes may read one open file, so that only the position tells.
            let position = lseek(descriptor, 0, SEEK_CUR)
            if let size, position >= 0, position < size {
                throw .readFailed(
                    path: name,
                    reason: "it was cut while it was read (got \(position) bytes, expected \(size))"
                )
            }
        }
        return count
    }

    private func isReadable(_ patience: Patience) -> Bool {
        guard size == nil, case .milliseconds(let limit) = patience else { return true }
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // What cannot be waited for is tried: an error says itself.
        return poll(&request, 1, limit) != 0
    }
}
