import CZstd

/// One zstd frame with a checksum, written piece by piece.
struct ZstdEncoder: ~Copyable {
    private let stream: OpaquePointer
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)

    /// - Parameters:
    ///   - level: how hard to try
    ///   - threads: how many threads of its own the library compresses on; 0 for the calling one.
    ///     The frame is the same for any number but 0.
    ///   - path: the output's name for messages
    init(level: Int32, threads: Int = 0, path: String) throws(StreamError) {
        guard let stream = ZSTD_createCStream() else {
            throw .outOfMemory(path: path)
        }
        self.stream = stream
        ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1)
        if threads > 0 {
            // A library without threads refuses this and compresses on the calling one.
            ZSTD_CCtx_setParameter(stream, ZSTD_c_nbWorkers, Int32(min(threads, 64)))
            // Half the library's own choice, so that the last thread is not left alone for long;
            // and each job sees a whole window of what comes before it, as one thread would.
            ZSTD_CCtx_setParameter(stream, ZSTD_c_jobSize, 4 << 20)
            ZSTD_CCtx_setParameter(stream, ZSTD_c_overlapLog, 9)
        }
    }

    deinit {
        ZSTD_freeCStream(stream)
        buffer.deallocate()
    }

    func compress(
        _ bytes: UnsafeRawBufferPointer, to writer: inout FileWriter
    ) throws(StreamError) {
        var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while source.pos < source.size {
            _ = try step(&source, ZSTD_e_continue, &writer)
        }
    }

    /// Makes everything compressed so far readable at the other end of a pipe.
    func flush(to writer: inout FileWriter) throws(StreamError) {
        var source = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try step(&source, ZSTD_e_flush, &writer) != 0 {}
    }

    /// Ends the frame.
    func finish(to writer: inout FileWriter) throws(StreamError) {
        var source = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try step(&source, ZSTD_e_end, &writer) != 0 {}
    }

    private func step(
        _ source: inout ZSTD_inBuffer, _ operation: ZSTD_EndDirective, _ writer: inout FileWriter
    ) throws(StreamError) -> Int {
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let rest = ZSTD_compressStream2(stream, &target, &source, operation)
        if ZSTD_isError(rest) != 0 {
            if ZSTD_getErrorCode(rest) == ZSTD_error_memory_allocation {
                throw .outOfMemory(path: writer.path)
            }
            let reason = String(cString: ZSTD_getErrorName(rest)).lowercased()
            throw .writeFailed(path: writer.path, reason: reason)
        }
        try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<target.pos]))
        return rest
    }
}

/// The zstd library in use.
public enum Zstd {
    /// Its version, e.g. `1.5.4`.
    public static var version: String { String(cString: ZSTD_versionString()) }
}
