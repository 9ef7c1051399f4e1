import Glibc
import StreamIO

/// Writes GGUF files of version 3, first the metadata and then one tensor after another, so that no more
/// than a part of one tensor need be in memory.
public enum GGUFWriter {
    /// Takes bytes of the tensor being written.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// A tensor to be written.
    public struct Tensor: Sendable, Hashable {
        /// Its name, e.g. `blk.0.attn_q.weight`.
        public let name: String
        /// Its shape, row-major; rows are whole blocks.
        public let shape: [Int]
        /// How its elements are stored.
        public let type: GGUFTensorType
        /// Size in bytes.
        public var byteCount: Int {
            shape.reduce(1, *) / type.blockLength * type.blockSize
        }

        /// A tensor with its values.
        public init(name: String, shape: [Int], type: GGUFTensorType) {
            precondition((shape.last ?? 1) % type.blockLength == 0, "\(name): part of a block")
            self.name = name
            self.shape = shape
            self.type = type
        }
    }

    /// Tensors begin at multiples of this.
    static let alignment = 32

    /// Writes a file, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - path: where it goes
    ///   - entries: the metadata, in the order of the file
    ///   - tensors: in the order of the file
    ///   - content: called for every tensor in that order; must hand exactly its bytes to the sink
    public static func write(
        to path: String, entries: [GGUFEntry], tensors: [Tensor],
        content: (Tensor, Sink) throws -> Void
    ) throws {
        let header = header(entries, tensors)
        try AtomicFile.write(to: path) { writer in
            try writer.write(header)
            for tensor in tensors {
                try writer.write(
                    tensor, name: tensor.name, byteCount: tensor.byteCount, content)
                try writer.write([UInt8](repeating: 0, count: padding(after: tensor.byteCount)))
            }
        }
    }

    /// Makes sure that there is nothing at a path but an earlier GGUF file, an empty one, or what is written
    /// in place, such as a pipe.
    ///
    /// - Throws: `StreamError.notReplaceable(path:reason:)`
    public static func requireOwn(_ path: String) throws {
        var status = stat()
        guard stat(path.systemPath, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size > 0
        else { return }
        let file = try MappedFile(path)
        let isOwn = withExtendedLifetime(file) { file.bytes.starts(with: "GGUF".utf8) }
        guard isOwn else {
            throw StreamError.notReplaceable(
                path: path, reason: "got a file that is no GGUF, expected an earlier output")
        }
    }

    private static func header(_ entries: [GGUFEntry], _ tensors: [Tensor]) -> [UInt8] {
        var header = GGUFHeaderBytes()
        // The letters GGUF.
        header.append(UInt32(0x4655_4747))
        header.append(UInt32(3))
        header.append(UInt64(tensors.count))
        header.append(UInt64(entries.count))
        for entry in entries { header.append(entry) }
        var offset = 0
        for tensor in tensors {
            header.append(tensor.name)
            header.append(UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { header.append(UInt64(size)) }
            header.append(tensor.type.code)
            header.append(UInt64(offset))
            offset += tensor.byteCount + padding(after: tensor.byteCount)
        }
        return header.bytes
            + [UInt8](repeating: 0, count: padding(after: header.bytes.count))
    }

    /// How many bytes lead from the end of `count` bytes to the next aligned place.
    private static func padding(after count: Int) -> Int {
        (alignment - count % alignment) % alignment
    }
}
