import Glibc
import StreamIO

/// The tensors of a checkpoint directory, whether in one file or in shards, or of a single file.
/// Everything is checked when it is opened; elements are read when they are asked for.
public struct TensorSource: Sendable {
    /// The directory, or the file.
    public let path: String
    /// The weight files, in the order of their names.
    public let files: [SafetensorsFile]
    /// What a user should know, such as files that are not read.
    public let warnings: [String]
    private let owners: [ExactString: Int]

    /// The name of the only file of a checkpoint that has no shards.
    static let singleName = "model.safetensors"
    /// The name of the file that says which tensor is in which shard.
    static let indexName = "model.safetensors.index.json"

    /// Opens `model.safetensors`, or all shards that `model.safetensors.index.json` names; with both
    /// the single file is read, as `transformers` does, and ``warnings`` says so.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)`` if a file is absent,
    ///   ``CheckpointError/safetensors(file:_:)`` if one is damaged,
    ///   ``CheckpointError/index(file:what:)`` if index and shards disagree.
    public init(directory: String) throws(CheckpointError) {
        let single = joinPath(directory, Self.singleName)
        let index = joinPath(directory, Self.indexName)
        guard isDirectory(directory) else {
            throw .missing(
                path: directory,
                reason: fileExists(directory) ? "not a directory" : systemMessage(ENOENT))
        }
        if fileExists(single) {
            let both = fileExists(index)
            self.init(
                path: directory, file: try SafetensorsFile(path: single),
                warnings: both
                    ? ["\(directory): both \(Self.singleName) and an index; the index is ignored"]
                    : [])
        } else if fileExists(index) {
            try self.init(directory: directory, index: index)
        } else {
            if let other = try ForeignDirectory.fault(directory) { throw other }
            throw .missing(path: single, reason: systemMessage(ENOENT))
        }
    }

    /// Opens a single safetensors file.
    public init(file: String) throws(CheckpointError) {
        self.init(path: file, file: try SafetensorsFile(path: file), warnings: [])
    }

    private init(path: String, file: SafetensorsFile, warnings: [String]) {
        self.path = path
        self.warnings = warnings
        files = [file]
        owners = Dictionary(file.tensors.map { (ExactString($0.name), 0) }) { first, _ in first }
    }

    private init(directory: String, index: String) throws(CheckpointError) {
        let map = try ShardIndex(index)
        var files: [SafetensorsFile] = []
        var owners: [ExactString: Int] = [:]
        for name in map.shards {
            let path = joinPath(directory, name)
            guard fileExists(path) else {
                throw .missing(path: path, reason: "a shard that \(Self.indexName) names")
            }
            let file = try SafetensorsFile(path: path)
            for tensor in file.tensors {
                let key = ExactString(tensor.name)
                guard owners.updateValue(files.count, forKey: key) == nil else {
                    throw .index(file: index, what: "\(tensor.name) is in more than one shard")
                }
                guard map.shard(of: key) == name else {
                    throw .index(
                        file: index,
                        what: "\(tensor.name) is in \(name) "
                            + "(got \(map.shard(of: key) ?? "no entry") in weight_map)")
                }
            }
            files.append(file)
        }
        if let tensor = map.tensors.filter({ owners[$0] == nil }).min() {
            throw .index(
                file: index,
                what: "\(tensor.text) is not in \(map.shard(of: tensor) ?? ""), where "
                    + "weight_map has it")
        }
        self.files = files
        self.owners = owners
        path = directory
        let shards = Set(map.shards)
        let stale = try directoryEntries(directory)
            .filter { $0.hasSuffix(".safetensors") && !shards.contains($0) }
        warnings =
            stale.isEmpty
            ? [] : ["\(directory): not in the index, ignored: \(CheckpointError.list(stale))"]
    }

    /// All tensors, in the order of the files and of their bytes.
    public var tensors: [TensorDescription] { files.flatMap(\.tensors) }

    /// Names of all tensors, sorted.
    public var names: [String] { owners.keys.sorted().map(\.text) }

    /// The tensor with this name.
    public subscript(name: String) -> TensorDescription? {
        owners[ExactString(name)].flatMap { files[$0][name] }
    }

    /// The file that the tensor is in.
    public func file(of name: String) throws(CheckpointError) -> SafetensorsFile {
        guard let owner = owners[ExactString(name)] else {
            throw .missingTensors(directory: path, names: [name])
        }
        return files[owner]
    }

    /// Reads a tensor of type F32, F16, BF16 or F64 in single precision, as
    /// ``SafetensorsFile/floats(_:into:)`` does.
    public func floats(
        _ name: String, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(CheckpointError) {
        try file(of: name).floats(name, into: destination)
    }

    /// The elements of a tensor in single precision, row-major.
    public func floats(_ name: String) throws(CheckpointError) -> [Float] {
        try file(of: name).floats(name)
    }

    /// Calls `body` with the tensor's bytes as stored.
    public func withBytes<R>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        try file(of: name).withBytes(of: name, body)
    }
}
