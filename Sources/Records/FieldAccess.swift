public import StreamIO

// Each accessor comes twice: `x(_:)` requires the field, `optionalX(_:)` gives nil when the field
// is absent or null. Both refuse another type.
extension Record {
    /// The string in field `key`.
    public func string(_ key: String) throws(RecordError) -> String {
        try required(key, "string", optionalString(key))
    }

    /// The string in field `key`, if there is one.
    public func optionalString(_ key: String) throws(RecordError) -> String? {
        try field(key, "string", \.string)
    }

    /// The number in field `key`.
    public func number(_ key: String) throws(RecordError) -> Double {
        try required(key, "number", optionalNumber(key))
    }

    /// The number in field `key`, if there is one.
    public func optionalNumber(_ key: String) throws(RecordError) -> Double? {
        let number = try field(key, "number", \.number)
        if let number { try checkFinite(number, key) }
        return number
    }

    /// The integer in field `key`.
    public func integer(_ key: String) throws(RecordError) -> Int {
        try required(key, "integer", optionalInteger(key))
    }

    /// The integer in field `key`, if there is one.
    public func optionalInteger(_ key: String) throws(RecordError) -> Int? {
        try field(key, "integer", \.integer)
    }

    /// The boolean in field `key`.
    public func bool(_ key: String) throws(RecordError) -> Bool {
        try required(key, "boolean", optionalBool(key))
    }

    /// The boolean in field `key`, if there is one.
    public func optionalBool(_ key: String) throws(RecordError) -> Bool? {
        try field(key, "boolean", \.bool)
    }

    /// The token ids in field `key`, each at least 0.
    public func tokenIDs(_ key: String) throws(RecordError) -> [Int32] {
        try required(key, "array of integers", optionalTokenIDs(key))
    }

    /// The token ids in field `key`, if there are any.
    public func optionalTokenIDs(_ key: String) throws(RecordError) -> [Int32]? {
        guard let value = fields[key], !value.isNull else { return nil }
        return try value.tokenIDs(field: key, location)
    }

    /// The numbers in field `key`.
    public func numbers(_ key: String) throws(RecordError) -> [Double] {
        try required(key, "array of numbers", optionalNumbers(key))
    }

    /// The numbers in field `key`, if there are any.
    public func optionalNumbers(_ key: String) throws(RecordError) -> [Double]? {
        try field(key, "array of numbers", \.elements)?.map { value throws(RecordError) in
            guard let number = value.number else {
                throw .wrongType(
                    location: location, field: key, got: "array with \(value.kind)",
                    expected: "array of numbers")
            }
            try checkFinite(number, key)
            return number
        }
    }

    /// The object in field `key`.
    public func object(_ key: String) throws(RecordError) -> JSONObject {
        try required(key, "object", optionalObject(key))
    }

    /// The object in field `key`, if there is one.
    public func optionalObject(_ key: String) throws(RecordError) -> JSONObject? {
        try field(key, "object", \.object)
    }

    /// Stores token ids in field `key`.
    public mutating func setTokenIDs(_ key: String, _ ids: [Int32]) {
        fields[key] = JSONValue(tokenIDs: ids)
    }

    /// Stores numbers, all finite, in field `key`.
    public mutating func setNumbers(_ key: String, _ numbers: [Double]) {
        fields[key] = .array(numbers.map { .number($0) })
    }

    private func required<T>(
        _ key: String, _ expected: String, _ value: T?
    ) throws(RecordError) -> T {
        guard let value else {
            throw .missingField(location: location, field: key, expected: expected)
        }
        return value
    }

    private func field<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(RecordError) -> Value? {
        try fields.value(of: key, read) {
            RecordError.wrongType(
                location: location, field: key, got: $0.kind, expected: expected)
        }
    }

    private func checkFinite(_ number: Double, _ key: String) throws(RecordError) {
        guard number.isFinite else { throw .beyondDouble(location: location, field: key) }
    }
}

extension JSONValue {
    /// An array of token ids; may be empty.
    public init(tokenIDs ids: [Int32]) {
        self = ids.isEmpty ? .array([]) : .integers(ids)
    }

    func tokenIDs(field: String, _ location: SourceLocation?) throws(RecordError) -> [Int32] {
        switch self {
        case .integers(let ids):
            if let negative = ids.first(where: { $0 < 0 }) {
                throw .invalidValue(
                    location: location, field: field, got: "id \(negative)",
                    expected: "token ids of at least 0")
            }
            return ids
        case .array(let values):
            let other = values.first { $0.integer.flatMap { Int32(exactly: $0) } == nil }
            guard let other else { return [] }
            throw .wrongType(
                location: location, field: field, got: "array with \(other.kind)",
                expected: "array of integers")
        default:
            throw .wrongType(
                location: location, field: field, got: kind, expected: "array of integers")
        }
    }
}
