/// A safetensors file, mapped into memory and checked in full when opened.
public struct SafetensorsFile: Sendable {
    /// The file's path.
    public let path: String
    /// The strings of `__metadata__`; empty if there are none.
    public let metadata: [String: String]
    /// The tensors in the order of their bytes.
    public let tensors: [TensorDescription]
    private let file: MappedFile
    private let dataStart: Int
    private let places: [ExactString: Place]

    private struct Place {
        let index: Int
        let begin: Int
    }

    /// Opens a file.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)``, or
    ///   ``CheckpointError/safetensors(file:_:)`` with what is wrong.
    public init(path: String) throws(CheckpointError) {
        self.path = path
        file = try MappedFile(path)
        let header: SafetensorsHeader
        do throws(SafetensorsFault) {
            header = try SafetensorsHeader(file.bytes)
        } catch {
            throw .safetensors(file: path, error)
        }
        metadata = header.metadata
        tensors = header.entries.map(\.description)
        dataStart = header.dataStart
        var places: [ExactString: Place] = [:]
        places.reserveCapacity(tensors.count)
        for (index, entry) in header.entries.enumerated() {
            places[ExactString(entry.description.name)] = Place(index: index, begin: entry.begin)
        }
        self.places = places
    }

    /// Size of the file in bytes.
    public var fileSize: Int { file.count }

    /// The tensor with this name.
    public subscript(name: String) -> TensorDescription? {
        places[ExactString(name)].map { tensors[$0.index] }
    }

    /// Calls `body` with the tensor's bytes as stored; they may stand at any address.
    ///
    /// - Throws: ``CheckpointError/missingTensors(directory:names:)``, and what `body` throws.
    public func withBytes<R>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        guard let place = places[ExactString(name)] else {
            throw CheckpointError.missingTensors(directory: path, names: [name])
        }
        let begin = dataStart + place.begin
        let range = begin..<begin + tensors[place.index].byteCount
        return try withExtendedLifetime(file) {
            defer { file.release(range) }
            let result = try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
            try file.requireWhole()
            return result
        }
    }

    /// Reads a tensor of type F32, F16, BF16 or F64 in single precision.
    ///
    /// - Parameters:
    ///   - name: the tensor's name
    ///   - destination: receives the elements, row-major; must have as many
    /// - Throws: ``CheckpointError/missingTensors(directory:names:)``,
    ///   ``CheckpointError/notFloatingPoint(file:tensor:got:)`` or
    ///   ``CheckpointError/shape(directory:tensor:got:expected:)``.
    public func floats(
        _ name: String, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(CheckpointError) {
        guard let place = places[ExactString(name)] else {
            throw .missingTensors(directory: path, names: [name])
        }
        let tensor = tensors[place.index]
        guard tensor.type.isFloatingPoint else {
            throw .notFloatingPoint(file: path, tensor: name, got: tensor.type.rawValue)
        }
        guard tensor.count == destination.count else {
            throw .shape(
                directory: path, tensor: name, got: tensor.shape, expected: [destination.count])
        }
        let begin = dataStart + place.begin
        withExtendedLifetime(file) {
            convert(
                UnsafeRawBufferPointer(
                    rebasing: file.bytes[begin..<begin + tensor.byteCount]),
                tensor.type, to: destination)
            file.release(begin..<begin + tensor.byteCount)
        }
        try file.requireWhole()
    }

    /// The elements of a tensor of type F32, F16, BF16 or F64 in single precision, row-major.
    public func floats(_ name: String) throws(CheckpointError) -> [Float] {
        guard let tensor = self[name] else {
            throw .missingTensors(directory: path, names: [name])
        }
        return try floatArray(tensor.count) {
            destination throws(CheckpointError) in
            try floats(name, into: destination)
        }
    }
}

/// An array of `count` numbers that `fill` writes.
func floatArray(
    _ count: Int,
    _ fill: (UnsafeMutableBufferPointer<Float>) throws(CheckpointError) -> Void
) throws(CheckpointError) -> [Float] {
    var failure: CheckpointError?
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        buffer.initialize(repeating: 0)
        do throws(CheckpointError) {
            try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        } catch {
            failure = error
        }
        initialized = count
    }
    if let failure { throw failure }
    return values
}
