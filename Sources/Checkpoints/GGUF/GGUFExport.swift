import StreamIO
import Transformer

/// The types that weights are exported in.
public enum GGUFWeightType: String, Sendable, Hashable, CaseIterable {
    /// Single precision.
    case f32
    /// Half precision.
    case f16
    /// The upper half of a single-precision number.
    case bf16
    /// 8 bits and a scale for 32 elements.
    case q8x0 = "q8_0"
    /// 4 bits and a scale for 32 elements; the head in Q8_0.
    case q4x0 = "q4_0"

    /// `general.file_type`.
    var fileType: Int {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q4x0: 2
        case .q8x0: 7
        case .bf16: 32
        }
    }

    /// The type of a tensor. Vectors, and what llama.cpp has in single precision only, stay so; rows that
    /// are no whole blocks are in half precision, as with llama.cpp's quantiser.
    func type(of shape: [Int], _ role: GGUFLayout.Role) -> GGUFTensorType {
        guard shape.count > 1, role != .single else { return .f32 }
        let type: GGUFTensorType =
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            case .q8x0: .q8x0
            case .q4x0: role == .head ? .q8x0 : .q4x0
            }
        return (shape.last ?? 1) % type.blockLength == 0 ? type : .f16
    }
}

/// A checkpoint directory on its way into a GGUF file. Tensors are read and written a part at a time.
public struct GGUFExport {
    /// The model's shape.
    public let configuration: DecoderConfiguration
    /// What a user should know about the directory.
    public let warnings: [String]
    /// Number of weights.
    public var parameterCount: Int { layout.places.reduce(0) { $0 + $1.entry.count } }
    private let type: GGUFWeightType
    private let source: TensorSource
    private let names: [String: String]
    private let layout: GGUFLayout

    /// Opens a checkpoint and makes sure that it holds all tensors of its model.
    ///
    /// - Throws: ``CheckpointError`` for everything that keeps the model from being exactly the one that
    ///   the directory describes, and for what GGUF files have no place for.
    public init(directory: String, as type: GGUFWeightType) throws(CheckpointError) {
        let config = try HuggingFaceConfig(directory: directory)
        configuration = config.configuration
        layout = try GGUFLayout(
            configuration, file: joinPath(directory, HuggingFaceConfig.fileName))
        source = try TensorSource(directory: directory)
        names = try Checkpoint.names(source, configuration)
        warnings = config.warnings + source.warnings
        self.type = type
    }

    /// Writes the file, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - path: where it goes; an earlier GGUF file there is replaced
    ///   - name: `general.name`
    ///   - tokenizer: the entries of the tokenizer
    ///   - tool: name and version, for the provenance
    /// - Throws: ``CheckpointError/notFinite(file:tensor:index:)``,
    ///   ``CheckpointError/overflow(tensor:type:index:)``, `StreamError`.
    public func write(
        to path: String, name: String? = nil, tokenizer: [GGUFEntry], tool: String
    ) throws {
        let derived = layout.derived.map {
            GGUFWriter.Tensor(name: $0.name, shape: [$0.values.count], type: .f32)
        }
        let places = Dictionary(
            layout.places.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let values = Dictionary(
            layout.derived.map { ($0.name, $0.values) }, uniquingKeysWith: { first, _ in first })
        let tensors = layout.places.map {
            GGUFWriter.Tensor(
                name: $0.name, shape: $0.shape, type: type.type(of: $0.shape, $0.role))
        }
        let entries = try general(name, tool) + tokenizer
        try GGUFWriter.write(to: path, entries: entries, tensors: derived + tensors) {
            tensor, sink in
            if let values = values[tensor.name] {
                try values.withUnsafeBytes { try sink($0) }
            } else if let place = places[tensor.name] {
                try write(place, as: tensor.type, to: sink)
            }
        }
    }

    private func general(_ name: String?, _ tool: String) throws -> [GGUFEntry] {
        var entries = [
            GGUFEntry("general.architecture", .string(layout.architecture)),
            GGUFEntry("general.type", .string("model")),
        ]
        if let name { entries.append(GGUFEntry("general.name", .string(name))) }
        entries += [
            GGUFEntry("general.file_type", type.fileType),
            GGUFEntry("general.quantization_version", 2),
            GGUFEntry("cpo_tools.tool", .string(tool)),
            GGUFEntry(
                "cpo_tools.source_sha256",
                .string(try WeightFiles.digest(files: source.files.map(\.path)))),
        ]
        return entries
            + layout.hyperparameters.map {
                GGUFEntry("\(layout.architecture).\($0.key)", $0.value)
            }
    }

    // MARK: Tensors

    /// About how many elements are in memory at a time.
    private static let chunk = 1 << 20

    private func write(
        _ place: GGUFLayout.Place, as type: GGUFTensorType, to sink: GGUFWriter.Sink
    ) throws {
        let entry = place.entry
        guard let stored = names[entry.name], let description = source[stored] else {
            throw CheckpointError.missingTensors(directory: source.path, names: [entry.name])
        }
        let file = try source.file(of: stored).path
        try source.withBytes(of: stored) { bytes in
            let rows = ArrangedRows(
                bytes: bytes, type: description.type, shape: place.shape,
                arrangement: place.arrangement)
            let step = max(1, Self.chunk / max(1, rows.columns))
            var values = [Float](repeating: 0, count: min(step, rows.count) * rows.columns)
            for first in stride(from: 0, to: rows.count, by: step) {
                let range = first..<min(first + step, rows.count)
                try values.withUnsafeMutableBufferPointer { values in
                    let values = UnsafeMutableBufferPointer(
                        rebasing: values[..<(range.count * rows.columns)])
                    rows.read(range, into: values)
                    try write(
                        UnsafeBufferPointer(values), of: entry.name, from: first * rows.columns,
                        as: type, file: file, to: sink)
                }
            }
        }
    }

    /// Writes some elements of a tensor, of which `start` have gone before.
    private func write(
        _ values: UnsafeBufferPointer<Float>, of tensor: String, from start: Int,
        as type: GGUFTensorType, file: String, to sink: GGUFWriter.Sink
    ) throws {
        if let index = firstNonFinite(values) {
            throw CheckpointError.notFinite(file: file, tensor: tensor, index: start + index)
        }
        switch type.encoding {
        case .plain(let element):
            do {
                try encode(values, as: WeightType(element), tensor: tensor, to: sink)
            } catch CheckpointError.overflow(let tensor, let type, let index) {
                throw CheckpointError.overflow(tensor: tensor, type: type, index: start + index)
            }
        case .blocks, .unreadable:
            var blocks = [UInt8](
                repeating: 0, count: values.count / type.blockLength * type.blockSize)
            let overflow = blocks.withUnsafeMutableBufferPointer {
                quantise(values, as: type, to: $0)
            }
            if let overflow {
                throw CheckpointError.overflow(
                    tensor: tensor, type: type.name, index: start + overflow)
            }
            try blocks.withUnsafeBytes { try sink($0) }
        }
    }
}

/// The rows of a tensor as a GGUF file has them, read from the checkpoint's bytes.
private struct ArrangedRows {
    let bytes: UnsafeRawBufferPointer
    let type: TensorType
    let arrangement: GGUFArrangement
    /// Rows and columns in the file.
    let count: Int
    let columns: Int

    init(
        bytes: UnsafeRawBufferPointer, type: TensorType, shape: [Int],
        arrangement: GGUFArrangement
    ) {
        self.bytes = bytes
        self.type = type
        self.arrangement = arrangement
        // The rows of a bias are its elements.
        let isBias = shape.count == 1 && arrangement != .same && arrangement != .plusOne
        columns = isBias ? 1 : shape.last ?? 1
        count = isBias ? shape[0] : shape.dropLast().reduce(1, *)
    }

    /// Reads some rows in single precision.
    func read(_ rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
        switch arrangement {
        case .same:
            elements(rows.lowerBound * columns, into: values)
        case .plusOne:
            elements(rows.lowerBound * columns, into: values)
            for i in values.indices { values[i] += 1 }
        case .pairs:
            for (index, row) in rows.enumerated() {
                elements(
                    arrangement.source(ofRow: row) * columns,
                    into: UnsafeMutableBufferPointer(
                        rebasing: values[index * columns..<(index + 1) * columns]))
            }
        case .transposed:
            var part = [Float](repeating: 0, count: rows.count)
            for column in 0..<columns {
                part.withUnsafeMutableBufferPointer {
                    elements(column * count + rows.lowerBound, into: $0)
                }
                for index in 0..<rows.count { values[index * columns + column] = part[index] }
            }
        }
    }

    private func elements(_ start: Int, into values: UnsafeMutableBufferPointer<Float>) {
        let range = start * type.size..<(start + values.count) * type.size
        convert(UnsafeRawBufferPointer(rebasing: bytes[range]), type, to: values)
    }
}
