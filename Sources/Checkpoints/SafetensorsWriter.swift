import StreamIO

/// Writes safetensors files in two passes, first the header and then one tensor after another, so
/// that no more than a part of one tensor need be in memory.
public enum SafetensorsWriter {
    /// Takes bytes of the tensor being written.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// The order of the format's own writer: larger elements first, which keeps all aligned, then
    /// by name.
    public static func ordered(_ tensors: [TensorDescription]) -> [TensorDescription] {
        tensors.sorted { ($1.type.size, $0.name) < ($0.type.size, $1.name) }
    }

    /// Writes a file, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - path: where it goes
    ///   - tensors: names, types and shapes, in any order
    ///   - metadata: goes to `__metadata__`, with `format: pt` added, without which `transformers`
    ///     refuses the file
    ///   - content: called for every tensor, in the order of ``ordered(_:)``; must hand exactly the
    ///     tensor's bytes to the sink
    public static func write(
        to path: String, tensors: [TensorDescription], metadata: [String: String] = [:],
        content: (TensorDescription, Sink) throws -> Void
    ) throws {
        let tensors = ordered(tensors)
        let header = try header(tensors, metadata)
        try AtomicFile.write(to: path) { writer in
            try writer.write(header)
            for tensor in tensors {
                try writer.write(
                    tensor, name: tensor.name, byteCount: tensor.byteCount, content)
            }
        }
    }

    /// The length and the JSON text, padded so that the data begins at a multiple of eight.
    static func header(
        _ tensors: [TensorDescription], _ metadata: [String: String]
    ) throws(JSONError) -> [UInt8] {
        var strings = JSONObject(metadata.mapValues { JSONValue.string($0) })
        strings["format"] = .string("pt")
        var text = JSONSerializer()
        text.append("{\"__metadata__\":")
        try text.write(.object(strings))
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.byteCount
            text.append(",")
            text.write(tensor.name)
            text.append(":{\"dtype\":")
            text.write(tensor.type.rawValue)
            text.append(",\"shape\":")
            try text.write(.array(tensor.shape.map { .integer(Int64($0)) }))
            text.append(",\"data_offsets\":")
            try text.write(.array([.integer(Int64(offset)), .integer(Int64(end))]))
            text.append("}")
            offset = end
        }
        text.append("}")
        while text.count % 8 != 0 { text.append(" ") }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text.bytes
    }
}
