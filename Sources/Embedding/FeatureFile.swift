import Checkpoints
public import Evaluation
public import StreamIO

/// Features kept in a safetensors file.
public enum FeatureFile {
    /// What can be wrong with one, beyond the file itself.
    public struct Fault: ReportedError {
        /// The file and what is wrong with it.
        public let description: String
        /// What to do about it.
        public let hint: String?
        /// Always ``/StreamIO/ExitStatus/badData``.
        public var exitStatus: ExitStatus { .badData }
    }

    /// Reads `FILE` or `FILE:TENSOR`. Without a name the tensor is `defaultName`, or the only one.
    public static func read(_ argument: String, defaultName: String) throws -> FeatureSet {
        let (path, name) = split(argument)
        let file = try SafetensorsFile(path: path)
        let candidates = file.tensors.filter { $0.shape.count == 2 }
        let chosen: TensorDescription?
        if let name {
            chosen = file[name]
        } else {
            chosen =
                candidates.first { $0.name == defaultName }
                ?? (candidates.count == 1 ? candidates[0] : nil)
        }
        guard let chosen else {
            let names = file.tensors.map(\.name).sorted().joined(separator: ", ")
            let wanted = name.map { "\"\($0)\"" } ?? "one matrix, or one named \"\(defaultName)\""
            throw Fault(
                description: "\(path): features (got tensors \(names), expected \(wanted))",
                hint: "name the tensor: \(path):NAME")
        }
        guard chosen.shape.count == 2 else {
            throw Fault(
                description: "\(path): tensor \"\(chosen.name)\" (got shape \(chosen.shape), "
                    + "expected two dimensions)", hint: nil)
        }
        let values = try file.floats(chosen.name)
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw Fault(
                description: "\(path): tensor \"\(chosen.name)\", row \(index / chosen.shape[1]), "
                    + "column \(index % chosen.shape[1]) (got \(values[index]), expected a finite number)",
                hint: "rows and columns count from 0; compute the features of that text again")
        }
        return try FeatureSet(values: values, width: chosen.shape[1])
    }

    /// Writes the features of both sides as the tensors `p` and `q`.
    public static func write(
        p: FeatureSet, q: FeatureSet, to path: String, metadata: [String: String]
    ) throws {
        let sets = ["p": p, "q": q]
        let tensors = sets.map { name, set in
            TensorDescription(name: name, type: .f32, shape: [set.count, set.width])
        }
        try SafetensorsWriter.write(to: path, tensors: tensors, metadata: metadata) {
            tensor, sink in
            try sets[tensor.name]?.values.withUnsafeBytes { try sink($0) }
        }
    }

    /// Cuts at the last colon, unless the whole names a file.
    private static func split(_ argument: String) -> (path: String, name: String?) {
        guard !FileTree.exists(argument), let colon = argument.lastIndex(of: ":"),
            FileTree.exists(String(argument[..<colon]))
        else { return (argument, nil) }
        return (
            String(argument[..<colon]), String(argument[argument.index(after: colon)...])
        )
    }
}
