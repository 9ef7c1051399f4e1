import Evaluation
import Foundation
import StreamIO

/// Reference numbers that stand beside the package, where there are any.
enum Oracles {
    static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared/oracles")

    static func isPresent(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.appending(path: name).path)
    }

    static func json(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: [UInt8](Data(contentsOf: directory.appending(path: name))))
    }

    /// All float32 tensors of a safetensors file, with their number of columns.
    static func features(_ name: String) throws -> [String: FeatureSet] {
        let bytes = [UInt8](try Data(contentsOf: directory.appending(path: name)))
        let headerLength = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        let header = try JSONValue(parsing: bytes[8..<8 + headerLength])
        guard case .object(let entries) = header else { return [:] }
        var tensors: [String: FeatureSet] = [:]
        for (name, entry) in entries where entry["dtype"] == .string("F32") {
            guard let shape = entry["shape"]?.numbers, let range = entry["data_offsets"]?.numbers
            else { continue }
            let start = 8 + headerLength + Int(range[0])
            let count = Int(range[1] - range[0]) / 4
            let values = bytes.withUnsafeBytes { raw in
                (0..<count).map {
                    Float(
                        bitPattern: raw.loadUnaligned(
                            fromByteOffset: start + 4 * $0, as: UInt32.self))
                }
            }
            tensors[name] = try FeatureSet(values: values, width: Int(shape[1]))
        }
        return tensors
    }
}

extension JSONValue {
    subscript(_ key: String) -> JSONValue? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    var elements: [JSONValue] {
        switch self {
        case .array(let values): values
        case .integers(let values): values.map { .integer(Int64($0)) }
        default: []
        }
    }

    var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    var numbers: [Double]? {
        let values = elements.compactMap(\.double)
        return values.count == elements.count ? values : nil
    }
}
