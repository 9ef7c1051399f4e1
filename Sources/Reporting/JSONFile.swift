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
            guard case .object(let object) = try JSONValue(parsing: bytes) else {
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
    func number(_ keys: String...) -> Double? {
        for key in keys {
            switch self[key] {
            case .number(let value): return value
            case .integer(let value): return Double(value)
            default: continue
            }
        }
        return nil
    }

    func integer(_ keys: String...) -> Int? {
        for key in keys {
            if case .integer(let value)? = self[key] { return Int(value) }
        }
        return nil
    }

    func string(_ key: String) -> String? {
        if case .string(let value)? = self[key], !value.isEmpty { value } else { nil }
    }

    func object(_ key: String) -> JSONObject {
        if case .object(let value)? = self[key] { value } else { [:] }
    }

    func array(_ key: String) -> [JSONValue] {
        switch self[key] {
        case .array(let values)?: values
        case .integers(let values)?: values.map { .integer(Int64($0)) }
        default: []
        }
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
            object.keys.sorted().map { "\($0): \(object[$0]?.plainText ?? "")" }
                .joined(separator: ", ")
        }
    }
}
