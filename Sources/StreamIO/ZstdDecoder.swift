import CZstd

/// A zstd stream of any number of frames, skippable ones included.
struct ZstdDecoder: ~Copyable {
    private let stream: OpaquePointer
    /// True between the last byte of a frame and the first of the next.
    private(set) var isBetweenFrames = true

    /// Why a frame cannot be read.
    enum Failure: Error { case outOfMemory, damaged(String) }

    init?() {
        guard let stream = ZSTD_createDStream() else { return nil }
        self.stream = stream
        // Files made with `zstd --long=31` are legal; the window is only reserved, not touched.
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 31)
    }

    deinit { ZSTD_freeDStream(stream) }

    /// Decompresses from `input`, advancing `consumed`, into `output`.
    ///
    /// - Returns: the number of bytes written.
    mutating func decompress(
        _ input: UnsafeRawBufferPointer, consumed: inout Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Int {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: consumed)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_decompressStream(stream, &target, &source)
        consumed = source.pos
        if ZSTD_isError(result) != 0 {
            if ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation { throw .outOfMemory }
            throw .damaged(String(cString: ZSTD_getErrorName(result)).lowercased())
        }
        isBetweenFrames = result == 0
        return target.pos
    }

    /// Whether `bytes` begin a zstd frame or a skippable frame (little-endian magic numbers).
    static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 4 else { return false }
        let magic = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        return magic == 0xFD2F_B528 || magic & 0xFFFF_FFF0 == 0x184D_2A50
    }

    /// Whether fewer than four bytes are the beginning of a frame that was cut off.
    static func recognizesStump(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        return !bytes.isEmpty && bytes.count < 4 && bytes.elementsEqual(magic.prefix(bytes.count))
    }
}
