import StreamIO

extension FileWriter {
    /// Writes the bytes of a tensor, which `content` hands to its sink: exactly so many.
    mutating func write<Tensor>(
        _ tensor: Tensor, name: String, byteCount: Int,
        _ content: (Tensor, (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        var written = 0
        try content(tensor) { bytes in
            written += bytes.count
            precondition(written <= byteCount, "\(name): too many bytes")
            try write(bytes)
        }
        precondition(written == byteCount, "\(name): too few bytes")
    }
}
