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
        guard let members = value.object else {
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
        guard let value = members[key], !value.isNull else { return nil }
        return value
    }

    /// A value as it stands in the file, for messages.
    static func text(_ value: JSONValue) -> String {
        (try? value.serializedText) ?? "?"
    }

    private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> CheckpointError {
        .configuration(file: file, what: "\(key): got \(Self.text(value)), expected \(expected)")
    }

    /// The value of a key as `read` takes it; nil if the key is absent or its value `null`.
    private func field<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(CheckpointError) -> Value? {
        try members.value(of: key, read) { wrong(key, $0, expected) }
    }

    /// A positive integer under any of the keys; the default if none is there.
    func count(_ keys: String..., default fallback: Int? = nil) throws(CheckpointError) -> Int {
        for key in keys {
            // Wide enough for every model, narrow enough that products of two do not overflow.
            let count = try field(key, "a positive integer") {
                $0.wholeNumber.flatMap { (1...Int(Int32.max)).contains($0) ? $0 : nil }
            }
            if let count { return count }
        }
        guard let fallback else {
            throw .configuration(file: file, what: "no \(keys.joined(separator: " or "))")
        }
        return fallback
    }

    /// A positive number under any of the keys.
    func number(_ keys: String..., default fallback: Float) throws(CheckpointError) -> Float {
        for key in keys {
            if let number = try field(key, "a positive number", \.positiveFloat) { return number }
        }
        return fallback
    }

    /// A positive number that has no default.
    func requiredNumber(_ key: String) throws(CheckpointError) -> Float {
        guard let number = try field(key, "a positive number", \.positiveFloat) else {
            throw .configuration(file: file, what: "no \(key)")
        }
        return number
    }

    /// A list of positive numbers.
    func numbers(_ key: String) throws(CheckpointError) -> [Float] {
        let numbers = try field(key, "positive numbers") { value -> [Float]? in
            let list = value.elements?.map(\.positiveFloat) ?? [nil]
            return list.contains(nil) ? nil : list.compactMap(\.self)
        }
        guard let numbers else { throw .configuration(file: file, what: "no \(key)") }
        return numbers
    }

    func flag(_ key: String, default fallback: Bool) throws(CheckpointError) -> Bool {
        try field(key, "true or false", \.bool) ?? fallback
    }

    /// A number under a key; nil if the key is absent or its value `null`.
    func optionalNumber(_ key: String) throws(CheckpointError) -> Double? {
        try field(key, "a number", \.number)
    }

    func string(_ key: String) throws(CheckpointError) -> String? {
        try field(key, "a string", \.string)
    }

    func object(_ key: String) throws(CheckpointError) -> ConfigurationObject? {
        try field(key, "an object", \.object).map {
            ConfigurationObject(file: file, members: $0)
        }
    }

    /// A token id or a list of them; nil if the key is absent, empty if its value is `null`.
    func tokens(_ key: String) throws(CheckpointError) -> [Int32]? {
        guard let value = members[key] else { return nil }
        if value.isNull { return [] }
        if let list = value.ids, list.allSatisfy({ $0 >= 0 }) { return list }
        if let number = value.wholeNumber, (0...Int(Int32.max)).contains(number) {
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
            let ids =
                value.elements?.compactMap(\.wholeNumber) ?? value.wholeNumber.map { [$0] } ?? []
            let known = ids.filter { (0..<vocabulary).contains($0) }
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
    /// A positive number in single precision.
    package var positiveFloat: Float? {
        guard let value = number.map({ Float($0) }), value > 0, value.isFinite else { return nil }
        return value
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
