package import StreamIO

/// A JSON object of a configuration file, with accessors that say what is wrong and where.
package struct ConfigurationObject {
    let file: String
    var members: JSONObject

    /// The largest file that is read, in bytes; real ones have thousands.
    private static let limit = 4 << 20

    package init(file: String) throws(CheckpointError) {
        let bytes = try MappedFile(file)
        guard bytes.count <= Self.limit else {
            throw .configuration(
                file: file,
                what: "too large (got \(bytes.count) bytes, expected at most \(Self.limit))")
        }
        try self.init(file: file, bytes: [UInt8](bytes.bytes))
    }

    init(file: String, bytes: [UInt8]) throws(CheckpointError) {
        self.file = file
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw .configuration(file: file, what: error.description)
        }
        guard case .object(let members) = value else {
            throw .configuration(file: file, what: "not a JSON object")
        }
        self.members = members
    }

    init(file: String, members: JSONObject) {
        self.file = file
        self.members = members
    }

    /// The value of a key; nil if the key is absent or its value `null`.
    package subscript(key: String) -> JSONValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    /// A value as it stands in the file, for messages.
    static func text(_ value: JSONValue) -> String {
        (try? value.serialized()).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }

    private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> CheckpointError {
        .configuration(file: file, what: "\(key): got \(Self.text(value)), expected \(expected)")
    }

    /// The first of `keys` that has a value.
    private func first(_ keys: [String]) -> (key: String, value: JSONValue)? {
        for key in keys {
            if let value = self[key] { return (key, value) }
        }
        return nil
    }

    /// A positive integer under any of the keys; the default if none is there.
    func count(_ keys: String..., default fallback: Int? = nil) throws(CheckpointError) -> Int {
        guard let (key, value) = first(keys) else {
            guard let fallback else {
                throw .configuration(file: file, what: "no \(keys.joined(separator: " or "))")
            }
            return fallback
        }
        // Wide enough for every model, narrow enough that products of two do not overflow.
        guard let number = value.integerValue, (1...Int64(Int32.max)).contains(number) else {
            throw wrong(key, value, "a positive integer")
        }
        return Int(number)
    }

    /// A positive number under any of the keys.
    func number(_ keys: String..., default fallback: Float) throws(CheckpointError) -> Float {
        guard let (key, value) = first(keys) else { return fallback }
        guard let number = value.doubleValue, Float(number) > 0, Float(number).isFinite else {
            throw wrong(key, value, "a positive number")
        }
        return Float(number)
    }

    /// A positive number that has no default.
    func requiredNumber(_ key: String) throws(CheckpointError) -> Float {
        guard self[key] != nil else { throw .configuration(file: file, what: "no \(key)") }
        return try number(key, default: 1)
    }

    /// A list of positive numbers.
    func numbers(_ key: String) throws(CheckpointError) -> [Float] {
        guard let value = self[key] else {
            throw .configuration(file: file, what: "no \(key)")
        }
        let list: [Double?] =
            switch value {
            case .integers(let list): list.map { Double($0) }
            case .array(let list): list.map(\.doubleValue)
            default: [nil]
            }
        let numbers = list.compactMap { $0.map { Float($0) } }.filter { $0 > 0 && $0.isFinite }
        guard numbers.count == list.count else { throw wrong(key, value, "positive numbers") }
        return numbers
    }

    func flag(_ key: String, default fallback: Bool) throws(CheckpointError) -> Bool {
        guard let value = self[key] else { return fallback }
        guard case .bool(let flag) = value else { throw wrong(key, value, "true or false") }
        return flag
    }

    /// A number under a key; nil if the key is absent or its value `null`.
    func optionalNumber(_ key: String) throws(CheckpointError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.doubleValue else { throw wrong(key, value, "a number") }
        return number
    }

    func string(_ key: String) throws(CheckpointError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .string(let string) = value else { throw wrong(key, value, "a string") }
        return string
    }

    func object(_ key: String) throws(CheckpointError) -> ConfigurationObject? {
        guard let value = self[key] else { return nil }
        guard case .object(let members) = value else { throw wrong(key, value, "an object") }
        return ConfigurationObject(file: file, members: members)
    }

    /// A token id or a list of them; nil if the key is absent, empty if its value is `null`.
    func tokens(_ key: String) throws(CheckpointError) -> [Int32]? {
        guard let value = members[key] else { return nil }
        switch value {
        case .null: return []
        case .integers(let list) where list.allSatisfy({ $0 >= 0 }): return list
        case .array(let list) where list.isEmpty: return []
        default: break
        }
        if let number = value.integerValue, (0...Int64(Int32.max)).contains(number) {
            return [Int32(number)]
        }
        throw wrong(key, value, "a token id or a list of them")
    }
}

extension ConfigurationObject {
    /// Takes special ids away that no vocabulary of this size has: below zero, as some checkpoints
    /// write for "none", or beyond it.
    ///
    /// - Returns: a warning for each key, which names key and file.
    mutating func removeTokensBeyond(_ vocabulary: Int) -> [String] {
        var warnings: [String] = []
        for (key, value) in members.sorted(by: { $0.key < $1.key })
        where key.hasSuffix("_token_id") || key.hasSuffix("_token_ids") {
            let ids: [Int64]
            switch value {
            case .integers(let list): ids = list.map { Int64($0) }
            case .array(let list): ids = list.compactMap(\.integerValue)
            default: ids = value.integerValue.map { [$0] } ?? []
            }
            let known = ids.filter { (0..<Int64(vocabulary)).contains($0) }
            guard known.count < ids.count else { continue }
            let others = ids.filter { !known.contains($0) }.map(String.init)
            warnings.append(
                "\(file): \(key) ignored "
                    + "(got \(others.joined(separator: ", ")), expected 0 to \(vocabulary - 1))")
            members[key] = JSONValue(tokens: known.compactMap { Int32(exactly: $0) })
        }
        return warnings
    }
}

extension JSONValue {
    /// The value if it is an integer, also when written like `2.0`.
    package var integerValue: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number)
        default: nil
        }
    }

    /// The value if it is a number.
    package var doubleValue: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// A single-precision number in the shortest decimal form that gives it back.
    init(shortest value: Float) {
        self = .number(Double(value.description) ?? Double(value))
    }

    /// One token id, or a list if there are several; `null` if there are none.
    init(tokens: [Int32]) {
        switch tokens.count {
        case 0: self = .null
        case 1: self = .integer(Int64(tokens[0]))
        default: self = .integers(tokens)
        }
    }
}
