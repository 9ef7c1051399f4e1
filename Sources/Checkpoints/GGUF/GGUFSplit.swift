/// A model in several GGUF files, `NAME-00001-of-0000N.gguf` and so on: the first has the metadata,
/// each has a share of the tensors.
enum GGUFSplit {
    private static let number = "split.no"
    private static let count = "split.count"
    private static let tensorCount = "split.tensors.count"
    /// The most parts that five digits can number.
    private static let maximum: Int64 = 99999

    /// The files of a model whose first has these metadata.
    ///
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if it is another part than the first, or its name
    ///   does not tell those of the others; ``CheckpointError/missing(path:reason:)`` for a part that
    ///   is not there.
    static func paths(
        _ path: String, _ metadata: [String: GGUFValue]
    ) throws(CheckpointError) -> [String] {
        let parts = try integer(count, path, metadata) ?? 1
        guard parts > 1 else { return [path] }
        let index = try integer(number, path, metadata) ?? 0
        let end = name(1, of: parts)
        guard index == 0, path.hasSuffix(end) else {
            let own = name(Int(index) + 1, of: parts)
            let first = path.hasSuffix(own) ? String(path.dropLast(own.count)) + end : "NAME" + end
            throw .gguf(
                file: path,
                .part(
                    got: Int(index) + 1, of: parts,
                    expected: index == 0 ? "the name NAME\(end)" : "the first, \(first)"))
        }
        let stem = String(path.dropLast(end.count))
        let paths = (1...parts).map { stem + name($0, of: parts) }
        // Before memory goes into any of them.
        for other in paths where !fileExists(other) {
            throw .missing(path: other, reason: "a part of the model that \(path) begins")
        }
        return paths
    }

    /// Makes sure that a file is the part that its name says.
    static func check(
        _ metadata: [String: GGUFValue], _ path: String, index: Int, count parts: Int
    ) throws(CheckpointError) {
        let got = try (integer(number, path, metadata), integer(count, path, metadata))
        guard got.0 == index, got.1 == parts else {
            let text = { (number: Int?) in number.map { String($0) } ?? "none" }
            throw .gguf(
                file: path,
                .otherPart(
                    got: "\(number) \(text(got.0)), \(count) \(text(got.1))",
                    expected: "\(index) and \(parts)"))
        }
    }

    /// Makes sure that all parts together have the tensors that the first announces.
    static func check(
        tensorCount got: Int, _ path: String, _ metadata: [String: GGUFValue]
    ) throws(CheckpointError) {
        guard let expected = try integer(tensorCount, path, metadata), got != expected else {
            return
        }
        throw .gguf(
            file: path,
            .value(
                key: tensorCount, got: "\(expected)", expected: "\(got), the tensors of all parts"))
    }

    private static func integer(
        _ key: String, _ path: String, _ metadata: [String: GGUFValue]
    ) throws(CheckpointError) -> Int? {
        guard let value = metadata[key] else { return nil }
        guard case .integer(let number) = value, (0...maximum).contains(number) else {
            throw .gguf(
                file: path, .value(key: key, got: "\(value)", expected: "0 to \(maximum)"))
        }
        return Int(number)
    }

    private static func name(_ number: Int, of count: Int) -> String {
        "-\(WeightFiles.fiveDigits(number))-of-\(WeightFiles.fiveDigits(count)).gguf"
    }
}
