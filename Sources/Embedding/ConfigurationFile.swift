import Checkpoints
import StreamIO

/// A JSON file of a model's directory, with accessors that say what is wrong and where.
struct ConfigurationFile {
    let path: String
    let root: JSONValue

    private init(path: String, root: JSONValue) {
        self.path = path
        self.root = root
    }

    /// Reads a file.
    init(_ path: String, hint: String? = nil) throws(EmbeddingError) {
        guard let bytes = try? InputFile.contents(of: path) else {
            throw .missing(path: path, hint: hint)
        }
        do throws(JSONError) {
            root = try JSONValue(parsing: bytes)
        } catch {
            throw .malformed(file: path, what: error.description)
        }
        self.path = path
    }

    /// Reads a file that need not exist.
    static func optional(_ path: String) throws(EmbeddingError) -> ConfigurationFile? {
        FileTree.exists(path) ? try ConfigurationFile(path) : nil
    }

    /// The value of a key of the object; nil if absent or `null`.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = root, let value = members[key], value != .null
        else { return nil }
        return value
    }

    /// The keys of the object whose value is `true`, sorted.
    var trueKeys: [String] {
        guard case .object(let members) = root else { return [] }
        return members.filter { $0.value == .bool(true) }.map(\.key).sorted()
    }

    func string(_ key: String) throws(EmbeddingError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .string(let string) = value else { throw wrong(key, value, "a string") }
        return string
    }

    func flag(_ key: String, default fallback: Bool) throws(EmbeddingError) -> Bool {
        guard let value = self[key] else { return fallback }
        guard case .bool(let flag) = value else { throw wrong(key, value, "true or false") }
        return flag
    }

    /// A positive integer; nil if the key is absent.
    func count(_ key: String) throws(EmbeddingError) -> Int? {
        guard let value = self[key] else { return nil }
        guard case .integer(let number) = value, (1...Int64(Int32.max)).contains(number) else {
            throw wrong(key, value, "a positive integer")
        }
        return Int(number)
    }

    /// A positive integer that limits something; nil if the key is absent or the number so large that
    /// it stands for no limit, such as 10³⁰.
    func limit(_ key: String) throws(EmbeddingError) -> Int? {
        guard let value = self[key] else { return nil }
        guard let number = value.doubleValue, number >= 1, number == number.rounded() else {
            throw wrong(key, value, "a positive integer")
        }
        return number <= Double(Int32.max) ? Int(number) : nil
    }

    /// The object under a key; nil if it is absent.
    func object(_ key: String) throws(EmbeddingError) -> ConfigurationFile? {
        guard let value = self[key] else { return nil }
        guard case .object = value else { throw wrong(key, value, "an object") }
        return ConfigurationFile(path: path, root: value)
    }

    func requiredCount(_ key: String) throws(EmbeddingError) -> Int {
        guard let number = try count(key) else {
            throw .malformed(file: path, what: "no \(key)")
        }
        return number
    }

    /// A positive number.
    func number(_ key: String, default fallback: Float) throws(EmbeddingError) -> Float {
        guard let value = self[key] else { return fallback }
        if let number = value.doubleValue, Float(number) > 0, Float(number).isFinite {
            return Float(number)
        }
        throw wrong(key, value, "a positive number")
    }

    private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> EmbeddingError {
        let got = (try? value.serialized()).map { String(decoding: $0, as: UTF8.self) } ?? "?"
        return .malformed(file: path, what: "\(key) (got \(got), expected \(expected))")
    }
}

/// The path of `name` in `directory`; the directory itself if the name is empty.
func path(_ directory: String, _ name: String) -> String {
    if name.isEmpty { return directory }
    return directory.hasSuffix("/") ? directory + name : directory + "/" + name
}
