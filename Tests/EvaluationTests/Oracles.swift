import Evaluation
import StreamIO
import TestSupport

extension Oracles {
    /// All float32 tensors of a safetensors file, with their number of columns; `name` without `.zst`.
    static func features(_ name: String) throws -> [String: FeatureSet] {
        let bytes = try bytes(name + ".zst")
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
    /// The elements of an array of numbers.
    var numbers: [Double]? {
        let values = elements?.map(\.number) ?? [nil]
        return values.contains(nil) ? nil : values.compactMap(\.self)
    }
}
