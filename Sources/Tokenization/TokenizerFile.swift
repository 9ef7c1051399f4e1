import FoundationEssentials
import StreamIO

/// A JSON file of a checkpoint directory and what is read from it.
struct TokenizerFile {
    let path: String
    let root: [String: JSONValue]

    /// The file's name without its directory.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Reads a JSON object.
    init(path: String) throws(TokenizationError) {
        self.path = path
        let value: JSONValue
        do {
            value = try JSONValue(parsing: Self.bytes(of: path))
        } catch let error as JSONError {
            throw .malformed(source: path, what: error.description)
        } catch let error as TokenizationError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
        guard case .object(let root) = value else {
            throw .malformed(source: path, what: "not a JSON object")
        }
        self.root = root
    }

    /// The file if it exists.
    static func optional(_ directory: String, _ name: String) throws(TokenizationError)
        -> TokenizerFile?
    {
        let path = directory + "/" + name
        return exists(path) ? try TokenizerFile(path: path) : nil
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The whole content of a file.
    static func bytes(of path: String) throws(TokenizationError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw .unreadable(
                path: path, reason: exists(path) ? "\(error)" : "no such file or directory")
        }
    }

    /// An error about this file's content.
    func malformed(_ what: String) -> TokenizationError { .malformed(source: path, what: what) }

    /// An error about what this file asks for.
    func unsupported(_ what: String) -> TokenizationError {
        .unsupported(source: path, what: what)
    }
}

extension JSONValue {
    var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var integer: Int? { if case .integer(let value) = self { Int(value) } else { nil } }
    var isNull: Bool { self == .null }

    /// The elements of an array, nil for anything else.
    var elements: [JSONValue]? {
        switch self {
        case .array(let values): values
        case .integers(let values): values.map { .integer(Int64($0)) }
        default: nil
        }
    }

    /// Token ids given as one number or as several.
    var idList: [Int32] {
        if let integer { return Int32(exactly: integer).map { [$0] } ?? [] }
        return elements?.compactMap { $0.integer.flatMap { Int32(exactly: $0) } } ?? []
    }

    /// A token given by its text or as an object with `content`.
    var tokenContent: String? { string ?? object?["content"]?.string }
}
