import StreamIO

/// The weight files of a checkpoint directory.
public enum WeightFiles {
    /// Weights of more bytes than this go to several files: 5 GB, as with `transformers`.
    public static let defaultShardSize = 5_000_000_000

    /// Divides tensors, in the order given, into files of at most `limit` bytes each, except that a
    /// larger tensor has a file of its own.
    package static func shards(_ tensors: [TensorDescription], limit: Int) -> [[TensorDescription]]
    {
        var shards: [[TensorDescription]] = []
        var size = 0
        for tensor in tensors {
            if shards.isEmpty || size + tensor.byteCount > limit {
                shards.append([])
                size = 0
            }
            shards[shards.count - 1].append(tensor)
            size += tensor.byteCount
        }
        return shards.isEmpty ? [[]] : shards
    }

    /// Writes `model.safetensors`, or shards and their index, into `directory`.
    ///
    /// - Parameters:
    ///   - directory: where the files go
    ///   - tensors: names, types and shapes, in the model's order
    ///   - metadata: goes to `__metadata__` of every file
    ///   - maximumShardSize: the largest file in bytes, header not counted
    ///   - content: called for every tensor; must hand exactly the tensor's bytes to the sink
    /// - Returns: the names of the weight files.
    @discardableResult
    public static func write(
        to directory: String, tensors: [TensorDescription], metadata: [String: String],
        maximumShardSize: Int = defaultShardSize,
        content: (TensorDescription, SafetensorsWriter.Sink) throws -> Void
    ) throws -> [String] {
        let shards = shards(tensors, limit: max(1, maximumShardSize))
        guard shards.count > 1 else {
            try SafetensorsWriter.write(
                to: joinPath(directory, TensorSource.singleName), tensors: tensors,
                metadata: metadata, content: content)
            return [TensorSource.singleName]
        }
        var names: [String] = []
        var map: JSONObject = [:]
        for (index, shard) in shards.enumerated() {
            let name = "model-\(fiveDigits(index + 1))-of-\(fiveDigits(shards.count)).safetensors"
            try SafetensorsWriter.write(
                to: joinPath(directory, name), tensors: shard, metadata: metadata, content: content)
            for tensor in shard { map[tensor.name] = .string(name) }
            names.append(name)
        }
        let total = tensors.reduce(0) { $0 + $1.byteCount }
        let index = JSONValue.object([
            "metadata": .object(["total_size": .integer(Int64(total))]),
            "weight_map": .object(map),
        ])
        try CompanionFiles.write(
            index.prettyPrinted(), to: joinPath(directory, TensorSource.indexName))
        return names
    }

    static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }

    /// A digest of a checkpoint's weights in hexadecimal.
    ///
    /// For one file it is the file's SHA-256; for shards, that of the lines `sha256sum` prints for
    /// them, so that `sha256sum model-*.safetensors | sha256sum` in the directory gives the same.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)`` and `StreamError`.
    public static func digest(directory: String) throws -> String {
        try digest(files: TensorSource(directory: directory).files.map(\.path))
    }

    /// The same of files.
    static func digest(files: [String]) throws -> String {
        let digests = try files.map { try SHA256Digest.hex(ofFile: $0) }
        if digests.count == 1 { return digests[0] }
        let listing = zip(digests, files).map { digest, file in
            "\(digest)  \(file.split(separator: "/").last ?? "")\n"
        }
        return SHA256Digest.hex(of: Array(listing.joined().utf8))
    }
}

/// A digest of the weights of a checkpoint directory, as ``WeightFiles/digest(directory:)``.
public func modelHash(_ directory: String) throws -> String {
    try WeightFiles.digest(directory: directory)
}
