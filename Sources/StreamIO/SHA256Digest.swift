import Crypto

/// SHA-256 sums of files and bytes, in lower-case hexadecimal digits.
public enum SHA256Digest {
    /// The digest of a file's bytes as they are on disk (zstd is not decompressed).
    public static func hex(ofFile path: String) throws(StreamError) -> String {
        var file = try InputFile(path: path)
        file.passThrough()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { break }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return hex(hash.finalize())
    }

    /// The digest of `bytes`.
    public static func hex(of bytes: some Sequence<UInt8>) -> String {
        var hash = SHA256()
        let isContiguous: Void? = bytes.withContiguousStorageIfAvailable {
            hash.update(bufferPointer: UnsafeRawBufferPointer($0))
        }
        if isContiguous == nil {
            Array(bytes).withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        return hex(hash.finalize())
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
