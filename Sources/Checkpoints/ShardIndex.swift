import StreamIO

/// `model.safetensors.index.json`: which tensor is in which file. Read member by member, since a large
/// model has hundreds of thousands, and names are compared byte by byte.
struct ShardIndex {
    /// The names of the files, sorted.
    private(set) var shards: [String] = []
    private var map: [ExactString: Int32] = [:]

    /// Reads a file, of which `weight_map` alone is kept.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)`` and ``CheckpointError/index(file:what:)``.
    init(_ path: String) throws(CheckpointError) {
        let file = try MappedFile(path)
        var numbers: [ExactString: Int32] = [:]
        var map: [ExactString: Int32] = [:]
        var hasMap = false
        var fault: String?
        do throws(JSONError) {
            var parser = JSONParser(file.bytes)
            guard parser.nextByte() == UInt8(ascii: "{") else {
                throw JSONError(description: "not a JSON object")
            }
            try parser.parseObjectDocument { parser, key throws(JSONError) in
                guard key == "weight_map", parser.nextByte() == UInt8(ascii: "{") else {
                    _ = try parser.parseValue(depth: 1)
                    return true
                }
                guard !hasMap else { return false }
                hasMap = true
                try parser.parseMembers(depth: 2) { parser, tensor throws(JSONError) in
                    guard let name = try parser.parseValue(depth: 2).string else {
                        fault = fault ?? "weight_map: \(tensor): not a file name"
                        return true
                    }
                    // A name from a foreign file must not lead out of the directory.
                    if name.utf8.contains(UInt8(ascii: "/")) || name == ".." || name == "."
                        || name.isEmpty
                    {
                        fault =
                            fault
                            ?? "weight_map: \(tensor): not a plain file name (got \"\(name)\")"
                    }
                    let key = ExactString(name)
                    let number = numbers[key] ?? Int32(numbers.count)
                    numbers[key] = number
                    return map.updateValue(number, forKey: ExactString(tensor)) == nil
                }
                return true
            }
        } catch {
            throw .index(file: path, what: error.description)
        }
        withExtendedLifetime(file) {}
        if let fault { throw .index(file: path, what: fault) }
        guard hasMap else { throw .index(file: path, what: "no weight_map (expected an object)") }
        guard !map.isEmpty else { throw .index(file: path, what: "weight_map is empty") }
        // The numbers become places among the sorted names.
        let sorted = numbers.sorted { $0.key < $1.key }
        var places = [Int32](repeating: 0, count: sorted.count)
        for (place, entry) in sorted.enumerated() { places[Int(entry.value)] = Int32(place) }
        shards = sorted.map(\.key.text)
        self.map = map.mapValues { places[Int($0)] }
    }

    /// The file of a tensor, nil if the index does not have it.
    func shard(of tensor: ExactString) -> String? { map[tensor].map { shards[Int($0)] } }

    /// All tensors.
    var tensors: some Collection<ExactString> { map.keys }
}
