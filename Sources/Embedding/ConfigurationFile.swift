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

    private var members: JSONObject { root.object ?? [:] }

    /// The value of a key of the object; nil if absent or `null`.
    subscript(key: String) -> JSONValue? { members[key].flatMap { $0.isNull ? nil : $0 } }

    /// The keys of the object whose value is `true`, sorted.
    var trueKeys: [String] { members.filter { $0.value.bool == true }.map(\.key).sorted() }

    func string(_ key: String) throws(EmbeddingError) -> String? {
        try field(key, "a string", \.string)
    }

    func flag(_ key: String, default fallback: Bool) throws(EmbeddingError) -> Bool {
        try field(key, "true or false", \.bool) ?? fallback
    }

    /// A positive integer; nil if the key is absent.
    func count(_ key: String) throws(EmbeddingError) -> Int? {
        try field(key, "a positive integer") {
            $0.integer.flatMap { (1...Int(Int32.max)).contains($0) ? $0 : nil }
        }
    }

    /// A positive integer that limits something; nil if the key is absent or the number so large that
    /// it stands for no limit, such as 10³⁰.
    func limit(_ key: String) throws(EmbeddingError) -> Int? {
        let limit = try field(key, "a positive integer") { value -> Double? in
            guard let number = value.number, number >= 1, number == number.rounded() else {
                return nil
            }
            return number
        }
        return limit.flatMap { $0 <= Double(Int32.max) ? Int($0) : nil }
    }

    /// The object under a key; nil if it is absent.
    func object(_ key: String) throws(EmbeddingError) -> ConfigurationFile? {
        try field(key, "an object", \.object).map {
            ConfigurationFile(path: path, root: .object($0))
        }
    }

    func requiredCount(_ key: String) throws(EmbeddingError) -> Int {
        guard let number = try count(key) else {
            throw .malformed(file: path, what: "no \(key)")
        }
        return number
    }

    /// A positive number.
    func number(_ key: String, default fallback: Float) throws(EmbeddingError) -> Float {
        try field(key, "a positive number", \.positiveFloat) ?? fallback
    }

    /// The value of a key as `read` takes it; nil if the key is absent or its value `null`.
    private func field<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(EmbeddingError) -> Value? {
        try members.value(of: key, read) { value -> EmbeddingError in
            let got = (try? value.serializedText) ?? "?"
            return .malformed(file: path, what: "\(key) (got \(got), expected \(expected))")
        }
    }
}

/// The path of `name` in `directory`; the directory itself if the name is empty.
func path(_ directory: String, _ name: String) -> String {
    if name.isEmpty { return directory }
    return directory.hasSuffix("/") ? directory + name : directory + "/" + name
}
