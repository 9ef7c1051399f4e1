/// A tensor of a GGUF file.
public struct GGUFTensor: Sendable, Hashable {
    /// Its name, e.g. `blk.0.attn_q.weight`.
    public let name: String
    /// Its shape, row-major, the dimension that is contiguous in memory last. The file lists the
    /// dimensions the other way round.
    public let shape: [Int]
    /// How its elements are stored.
    public let type: GGUFTensorType
    /// The number of the file that it is in, from 0.
    let part: Int
    /// Where it begins in that file.
    let begin: Int
    /// Size in bytes.
    public let byteCount: Int
    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
}

/// A GGUF file of version 2 or 3, or all parts of one that was split, mapped into memory, the
/// structure checked in full when opened.
public struct GGUFFile: Sendable {
    /// The file's path; of several parts that of the first.
    public let path: String
    /// 2 or 3.
    public let version: UInt32
    /// All metadata.
    public let metadata: [String: GGUFValue]
    /// The tensors in the order of the file.
    public let tensors: [GGUFTensor]
    /// The paths of all parts.
    public let paths: [String]
    private let files: [MappedFile]
    private let indices: [ExactString: Int]

    /// The most tensors and metadata keys of a file; real ones have thousands and dozens.
    private static let maximumTensors = 1 << 17
    private static let maximumKeys = 1 << 16

    /// Opens a file, and the other parts if it is the first of several.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)``, or ``CheckpointError/gguf(file:_:)`` with
    ///   what is wrong.
    public init(path: String) throws(CheckpointError) {
        self.path = path
        let first = try Part(path, index: 0)
        version = first.version
        metadata = first.metadata
        paths = try GGUFSplit.paths(path, first.metadata)
        var files = [first.file]
        var tensors = first.tensors
        for (index, other) in paths.enumerated().dropFirst() {
            let part = try Part(other, index: index)
            try GGUFSplit.check(part.metadata, other, index: index, count: paths.count)
            files.append(part.file)
            tensors += part.tensors
        }
        try GGUFSplit.check(tensorCount: tensors.count, path, first.metadata)
        var indices: [ExactString: Int] = [:]
        for (index, tensor) in tensors.enumerated() {
            guard indices.updateValue(index, forKey: ExactString(tensor.name)) == nil else {
                throw .gguf(file: paths[tensor.part], .duplicateTensor(tensor.name))
            }
        }
        self.files = files
        self.tensors = tensors
        self.indices = indices
    }

    /// One file.
    private struct Part {
        let file: MappedFile
        let version: UInt32
        let metadata: [String: GGUFValue]
        let tensors: [GGUFTensor]

        init(_ path: String, index: Int) throws(CheckpointError) {
            file = try MappedFile(path)
            do throws(GGUFFault) {
                var reader = GGUFReader(file.bytes)
                version = try GGUFFile.version(file.bytes, &reader)
                // Name, number of dimensions, one of them, type and offset; key, type and value.
                let tensorCount = try reader.count(
                    of: "tensors", size: 8 + 4 + 4 + 8, maximum: GGUFFile.maximumTensors)
                let keyCount = try reader.count(
                    of: "metadata keys", size: 8 + 4 + 1, maximum: GGUFFile.maximumKeys)
                metadata = try GGUFFile.metadata(&reader, count: keyCount)
                let alignment = try GGUFFile.alignment(metadata)
                let descriptions = try GGUFFile.descriptions(&reader, count: tensorCount)
                let (end, _) = reader.position.addingReportingOverflow(alignment - 1)
                tensors = try GGUFFile.placed(
                    descriptions, part: index, dataStart: end / alignment * alignment,
                    alignment: alignment, fileSize: file.count)
            } catch {
                throw .gguf(file: path, error)
            }
        }
    }

    /// The tensor with this name.
    public subscript(name: String) -> GGUFTensor? {
        indices[ExactString(name)].map { tensors[$0] }
    }

    // MARK: Structure

    private static func version(
        _ bytes: UnsafeRawBufferPointer, _ reader: inout GGUFReader
    ) throws(GGUFFault) -> UInt32 {
        let magic = [UInt8](bytes.prefix(4))
        _ = try reader.scalar(UInt32.self, "magic")
        let text = String(decoding: magic.reversed(), as: UTF8.self)
        if ["ggml", "ggmf", "ggjt", "ggla"].contains(text) {
            throw .olderFormat(text.uppercased())
        }
        guard magic == Array("GGUF".utf8) || text == "GGUF" else { throw .magic(got: magic) }
        let version = try reader.scalar(UInt32.self, "version")
        // Both byte orders begin with the same four letters; versions are small numbers.
        if version & 0xFFFF == 0, version != 0 || text == "GGUF" {
            throw .bigEndian(version: version.byteSwapped)
        }
        guard version == 2 || version == 3 else { throw .version(got: version) }
        return version
    }

    private static func metadata(
        _ reader: inout GGUFReader, count: Int
    ) throws(GGUFFault) -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        var keys: Set<ExactString> = []
        for _ in 0..<count {
            let key = try reader.string("a metadata key", maximum: 65535)
            let type = try reader.scalar(UInt32.self, key)
            let value = try reader.value(key, type: type)
            guard keys.insert(ExactString(key)).inserted else { throw .duplicateKey(key) }
            metadata[key] = value
        }
        return metadata
    }

    private static func alignment(_ metadata: [String: GGUFValue]) throws(GGUFFault) -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .integer(let number) = value else {
            throw .value(key: "general.alignment", got: "\(value)", expected: "an integer")
        }
        guard (8...Int64(1 << 30)).contains(number), number & (number - 1) == 0 else {
            throw .alignment(got: number)
        }
        return Int(number)
    }

    private struct Description {
        let name: String
        let shape: [Int]
        let type: GGUFTensorType
        let offset: UInt64
    }

    private static func descriptions(
        _ reader: inout GGUFReader, count: Int
    ) throws(GGUFFault) -> [Description] {
        var descriptions: [Description] = []
        var names: Set<ExactString> = []
        for _ in 0..<count {
            let name = try reader.string("a tensor name", maximum: 64)
            guard names.insert(ExactString(name)).inserted else { throw .duplicateTensor(name) }
            let dimensions = try reader.scalar(UInt32.self, name)
            guard dimensions <= 4 else { throw .dimensions(tensor: name, got: dimensions) }
            var shape: [Int] = []
            for _ in 0..<dimensions {
                let size = try reader.scalar(UInt64.self, name)
                guard let size = Int(exactly: size) else { throw .overflow(tensor: name) }
                shape.append(size)
            }
            let code = try reader.scalar(UInt32.self, name)
            guard let type = GGUFTensorType(code) else {
                throw .unknownType(tensor: name, got: code)
            }
            let offset = try reader.scalar(UInt64.self, name)
            descriptions.append(
                Description(name: name, shape: shape.reversed(), type: type, offset: offset))
        }
        return descriptions
    }

    private static func placed(
        _ descriptions: [Description], part: Int, dataStart: Int, alignment: Int, fileSize: Int
    ) throws(GGUFFault) -> [GGUFTensor] {
        var tensors: [GGUFTensor] = []
        for description in descriptions {
            let name = description.name
            let columns = description.shape.last ?? 1
            guard columns % description.type.blockLength == 0 else {
                throw .blocks(
                    tensor: name, columns: columns, block: description.type.blockLength)
            }
            guard let count = checkedProduct(description.shape),
                let size = checkedProduct(
                    [count / description.type.blockLength], times: description.type.blockSize),
                let offset = Int(exactly: description.offset)
            else { throw .overflow(tensor: name) }
            guard offset % alignment == 0 else {
                throw .misaligned(tensor: name, offset: description.offset, alignment: alignment)
            }
            let (begin, overflow) = dataStart.addingReportingOverflow(offset)
            let (end, beyond) = begin.addingReportingOverflow(size)
            guard !overflow, !beyond else { throw .overflow(tensor: name) }
            guard end <= fileSize else {
                throw .dataTruncated(tensor: name, got: fileSize, expected: end)
            }
            tensors.append(
                GGUFTensor(
                    name: name, shape: description.shape, type: description.type, part: part,
                    begin: begin, byteCount: size))
        }
        let ordered = tensors.filter { $0.byteCount > 0 }.sorted { $0.begin < $1.begin }
        for (first, second) in zip(ordered, ordered.dropFirst())
        where first.begin + first.byteCount > second.begin {
            throw .overlap(tensor: second.name, other: first.name)
        }
        return tensors
    }

    // MARK: Elements

    /// Reads a tensor in single precision, dequantised if need be.
    ///
    /// - Parameters:
    ///   - name: the tensor's name
    ///   - destination: receives the elements, row-major; must have as many
    /// - Throws: ``CheckpointError/gguf(file:_:)``.
    public func floats(
        _ name: String, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(CheckpointError) {
        guard let tensor = self[name] else { throw .gguf(file: path, .missingTensor(name)) }
        guard GGUFTensorType.readable.contains(tensor.type) else {
            throw .gguf(file: path, .unsupportedType(tensor: name, got: tensor.type.name))
        }
        guard tensor.count == destination.count else {
            throw .gguf(
                file: path,
                .shape(tensor: name, got: tensor.shape, expected: [destination.count]))
        }
        let file = files[tensor.part]
        withExtendedLifetime(file) {
            let range = tensor.begin..<tensor.begin + tensor.byteCount
            dequantise(
                UnsafeRawBufferPointer(rebasing: file.bytes[range]), tensor.type, to: destination)
            file.release(range)
        }
        try file.requireWhole()
    }

    /// The elements of a tensor in single precision, row-major.
    public func floats(_ name: String) throws(CheckpointError) -> [Float] {
        try floatArray(self[name]?.count ?? 0) { destination throws(CheckpointError) in
            try floats(name, into: destination)
        }
    }

    /// Whether two tensors have the same shape, type and bytes.
    func haveEqualBytes(_ first: String, _ second: String) -> Bool {
        guard let a = self[first], let b = self[second], a.type == b.type, a.shape == b.shape
        else { return false }
        let (first, second) = (files[a.part], files[b.part])
        return withExtendedLifetime((first, second)) {
            first.bytes[a.begin..<a.begin + a.byteCount]
                .elementsEqual(second.bytes[b.begin..<b.begin + b.byteCount])
        }
    }
}
