/// Where a tool's output goes: standard output, or a file that appears when it is whole;
/// compressed with zstd or plain.
public struct OutputFile: ~Copyable {
    /// How the bytes are written.
    public enum Format: Sendable { case plain, zstd }

    /// Whether somebody watches the output.
    public let isTerminal: Bool
    /// How the bytes are written.
    public let format: Format

    private var file: PendingFile
    private var encoder: ZstdEncoder?

    /// Opens an output.
    ///
    /// - Parameters:
    ///   - path: where to; nil or `-` is standard output.
    ///   - format: plain or zstd; nil chooses plain for a terminal and for names that end in
    ///     `.jsonl`, else zstd.
    ///   - compressionThreads: how many threads compress beside the caller's; 0 for none. Any number
    ///     but 0 gives the same bytes.
    public init(
        path: String?, format: Format? = nil, compressionThreads: Int = 0
    ) throws(StreamError) {
        let name = path ?? "-"
        try self.init(
            name == "-" ? try PendingFile.standardOutput() : try PendingFile(path: name), name,
            format,
            compressionThreads)
    }

    private init(
        _ file: consuming PendingFile, _ name: String, _ format: Format?, _ threads: Int
    ) throws(StreamError) {
        let isTerminal = file.writer.isTerminal
        let chosen = format ?? (isTerminal || name.hasSuffix(".jsonl") ? .plain : .zstd)
        self.isTerminal = isTerminal
        self.format = chosen
        encoder = chosen == .zstd ? try ZstdEncoder(level: 3, threads: threads, path: name) : nil
        self.file = file
    }

    /// Writes all bytes of `bytes`.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(StreamError) {
        if format == .plain {
            try file.writer.write(bytes)
        } else {
            try encoder?.compress(bytes, to: &file.writer)
        }
    }

    /// Writes all bytes of `bytes`.
    public mutating func write(_ bytes: [UInt8]) throws(StreamError) {
        var failure: StreamError?
        bytes.withUnsafeBytes { raw in
            do throws(StreamError) { try write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Hands what was written so far to whoever reads along: at the other end of a pipe, on a
    /// terminal. Compressed data in a file stay as they would be without.
    public mutating func passOn() throws(StreamError) {
        guard file.isInPlace, format == .plain || !file.writer.isRegularFile else { return }
        try flush()
    }

    /// Hands everything written so far to the system, so that a reader of a pipe sees it.
    public mutating func flush() throws(StreamError) {
        try encoder?.flush(to: &file.writer)
        try file.writer.flush()
    }

    /// Ends the output: writes what is left, checks the close, and gives a file its name.
    /// An output that is not finished never appears.
    public mutating func finish() throws(StreamError) {
        try encoder?.finish(to: &file.writer)
        try file.commit()
    }
}
