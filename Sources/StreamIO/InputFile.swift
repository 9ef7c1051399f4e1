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

    /// Opens `path`; `-` is standard input.
    public init(path: String) throws(StreamError) {
        if path == "-" {
            self.init(descriptor: STDIN_FILENO, name: "standard input", isOwned: false)
            return
        }
        let (descriptor, code) = retrying { open(path, O_RDONLY | O_CLOEXEC) }
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
        guard path != "-" else { return }
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            throw .missing(path: path, reason: systemMessage(errno))
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            throw .missing(path: path, reason: systemMessage(EISDIR))
        }
    }

    /// Reads from a descriptor that is already open.
    package init(descriptor: Int32, name: String, isOwned: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isOwned = isOwned
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
        if format == .unknown { try recognizeFormat() }
        if format == .zstd { return try decompress(into: output) }
        if consumed < filled {
            let count = min(output.count, filled - consumed)
            output.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: buffer[consumed..<consumed + count]))
            consumed += count
            return count
        }
        return try readRaw(into: output)
    }

    private mutating func recognizeFormat() throws(StreamError) {
        while filled < 4 {
            let count = try readRaw(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        let head = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        if ZstdDecoder.recognizesStump(head) { throw .truncatedFrame(path: name) }
        guard ZstdDecoder.recognizes(head) else {
            format = .plain
            return
        }
        decoder = ZstdDecoder()
        if decoder == nil { throw .readFailed(path: name, reason: systemMessage(ENOMEM)) }
        format = .zstd
    }

    private mutating func decompress(
        into output: UnsafeMutableRawBufferPointer
    ) throws(StreamError) -> Int {
        while true {
            if consumed == filled, !isAtEnd {
                filled = try readRaw(into: buffer)
                consumed = 0
            }
            let isExhausted = consumed == filled
            // Called without input at a frame's end, the library would ask for another frame.
            if isExhausted, decoder?.isBetweenFrames ?? true { return 0 }
            var failure = ""
            let produced = decoder?.decompress(
                UnsafeRawBufferPointer(rebasing: buffer[..<filled]), consumed: &consumed,
                into: output, failure: &failure)
            guard let produced else { throw .corruptFrame(path: name, reason: failure) }
            if produced > 0 { return produced }
            if isExhausted { throw .truncatedFrame(path: name) }
        }
    }

    private mutating func readRaw(
        into output: UnsafeMutableRawBufferPointer
    ) throws(StreamError) -> Int {
        guard !isAtEnd else { return 0 }
        let (count, code) = retrying { Glibc.read(descriptor, output.baseAddress, output.count) }
        guard count >= 0 else { throw .readFailed(path: name, reason: systemMessage(code)) }
        bytesRead += count
        if count == 0 { isAtEnd = true }
        return count
    }
}
