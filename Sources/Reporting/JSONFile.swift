import StreamIO

/// Small JSON files, read whole.
enum JSONFile {
    static func object(_ path: String) throws -> JSONObject {
        var file = try InputFile(path: path)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        do {
            guard let object = try JSONValue(parsing: bytes).object else {
                throw ReportError.badFile(
                    path: path, got: "another JSON value", expected: "a JSON object")
            }
            return object
        } catch let error as JSONError {
            throw ReportError.badFile(
                path: path, got: error.description, expected: "a JSON object")
        }
    }
}

extension JSONObject {
    /// The string in a member, unless it is empty.
    func text(_ key: String) -> String? {
        self[key]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The objects among the elements of the array in a member.
    func objects(_ key: String) -> [JSONObject] {
        self[key]?.elements?.compactMap(\.object) ?? []
    }

    /// The elements of the array in a member as a table shows them.
    func plainTexts(_ key: String) -> [String] {
        self[key]?.elements?.map(\.plainText) ?? []
    }
}

extension JSONValue {
    /// The value as a table shows it.
    var plainText: String {
        switch self {
        case .null: "none"
        case .bool(let value): value ? "yes" : "no"
        case .integer(let value): String(value)
        case .number(let value): shortest(value)
        case .string(let value): value
        case .integers(let values): values.map(String.init).joined(separator: ", ")
        case .array(let values): values.map(\.plainText).joined(separator: ", ")
        case .object(let object):
            object.sorted.map { "\($0.key): \($0.value.plainText)" }
                .joined(separator: ", ")
        }
    }
}
