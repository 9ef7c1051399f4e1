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
        let header = header(tensors, metadata)
        try AtomicFile.write(to: path) { writer in
            try writer.write(header)
            for tensor in tensors {
                try writer.write(
                    tensor, name: tensor.name, byteCount: tensor.byteCount, content)
            }
        }
    }

    /// The length and the JSON text, padded so that the data begins at a multiple of eight.
    static func header(_ tensors: [TensorDescription], _ metadata: [String: String]) -> [UInt8] {
        var metadata = metadata
        metadata["format"] = "pt"
        var text: [UInt8] = Array("{\"__metadata__\":{".utf8)
        for (index, (key, value)) in metadata.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSONText.append(key, to: &text)
            text.append(UInt8(ascii: ":"))
            JSONText.append(value, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        var offset = 0
        for tensor in tensors {
            text.append(UInt8(ascii: ","))
            JSONText.append(tensor.name, to: &text)
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let end = offset + tensor.byteCount
            text += Array(
                ":{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
                    .utf8)
            offset = end
        }
        text.append(UInt8(ascii: "}"))
        while text.count % 8 != 0 { text.append(0x20) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }
}
