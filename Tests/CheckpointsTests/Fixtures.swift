import Checkpoints
import Foundation
import StreamIO

/// A directory that is removed with this object.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("checkpoints-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Copies a directory, links followed.
    func copy(_ directory: String, to name: String) throws -> String {
        for entry in try FileManager.default.contentsOfDirectory(atPath: directory) {
            var isDirectory: ObjCBool = false
            let path = directory + "/" + entry
            FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            if !isDirectory.boolValue {
                try write(readFile(path), to: name + "/" + entry)
            }
        }
        return file(name)
    }
}

/// The bytes of a safetensors file with this header text and data.
func safetensors(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    let count = length ?? UInt64(text.count)
    return withUnsafeBytes(of: count.littleEndian) { Array($0) } + text
        + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

/// Little-endian bytes of numbers.
func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

/// Writes a file of F32 tensors whose values are a function of name and index.
func writeTensors(
    _ shapes: [(String, [Int])], to path: String, type: TensorType = .f32,
    value: (String, Int) -> Float
) throws {
    let tensors = shapes.map { TensorDescription(name: $0.0, type: type, shape: $0.1) }
    try SafetensorsWriter.write(to: path, tensors: tensors) { tensor, sink in
        let floats = (0..<tensor.count).map { value(tensor.name, $0) }
        try floats.withUnsafeBufferPointer {
            try encode($0, as: WeightType(type), tensor: tensor.name, to: sink)
        }
    }
}

/// The bytes of every tensor of a directory, by name.
func tensorBytes(_ directory: String) throws -> [String: [UInt8]] {
    let source = try TensorSource(directory: directory)
    var result: [String: [UInt8]] = [:]
    for name in source.names {
        result[name] = try source.withBytes(of: name) { [UInt8]($0) }
    }
    return result
}

/// The error that `body` throws, nil if none.
func failure(_ body: () throws -> Void) -> CheckpointError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CheckpointError
    }
}
