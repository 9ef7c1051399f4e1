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
        switch fields[key] {
        case nil, .null?: return nil
        case .string(let value)?: return value
        case let other?: throw wrongType(key, other, "string")
        }
    }

    /// The number in field `key`.
    public func number(_ key: String) throws(RecordError) -> Double {
        try required(key, "number", optionalNumber(key))
    }

    /// The number in field `key`, if there is one.
    public func optionalNumber(_ key: String) throws(RecordError) -> Double? {
        switch fields[key] {
        case nil, .null?: return nil
        case .number(let value)? where value.isFinite: return value
        case .number?: throw beyondDouble(key)
        case .integer(let value)?: return Double(value)
        case let other?: throw wrongType(key, other, "number")
        }
    }

    /// The integer in field `key`.
    public func integer(_ key: String) throws(RecordError) -> Int {
        try required(key, "integer", optionalInteger(key))
    }

    /// The integer in field `key`, if there is one.
    public func optionalInteger(_ key: String) throws(RecordError) -> Int? {
        switch fields[key] {
        case nil, .null?: return nil
        case .integer(let value)?: return Int(value)
        case let other?: throw wrongType(key, other, "integer")
        }
    }

    /// The boolean in field `key`.
    public func bool(_ key: String) throws(RecordError) -> Bool {
        try required(key, "boolean", optionalBool(key))
    }

    /// The boolean in field `key`, if there is one.
    public func optionalBool(_ key: String) throws(RecordError) -> Bool? {
        switch fields[key] {
        case nil, .null?: return nil
        case .bool(let value)?: return value
        case let other?: throw wrongType(key, other, "boolean")
        }
    }

    /// The token ids in field `key`, each at least 0.
    public func tokenIDs(_ key: String) throws(RecordError) -> [Int32] {
        try required(key, "array of integers", optionalTokenIDs(key))
    }

    /// The token ids in field `key`, if there are any.
    public func optionalTokenIDs(_ key: String) throws(RecordError) -> [Int32]? {
        guard let value = fields[key], value != .null else { return nil }
        return try value.tokenIDs(field: key, location)
    }

    /// The numbers in field `key`.
    public func numbers(_ key: String) throws(RecordError) -> [Double] {
        try required(key, "array of numbers", optionalNumbers(key))
    }

    /// The numbers in field `key`, if there are any.
    public func optionalNumbers(_ key: String) throws(RecordError) -> [Double]? {
        switch fields[key] {
        case nil, .null?: return nil
        case .integers(let values)?: return values.map(Double.init)
        case .array(let values)?:
            var numbers: [Double] = []
            numbers.reserveCapacity(values.count)
            for value in values {
                switch value {
                case .number(let number) where number.isFinite: numbers.append(number)
                case .number: throw beyondDouble(key)
                case .integer(let number): numbers.append(Double(number))
                default:
                    throw .wrongType(
                        location: location, field: key, got: "array with \(value.kind)",
                        expected: "array of numbers")
                }
            }
            return numbers
        case let other?: throw wrongType(key, other, "array of numbers")
        }
    }

    /// The object in field `key`.
    public func object(_ key: String) throws(RecordError) -> JSONObject {
        try required(key, "object", optionalObject(key))
    }

    /// The object in field `key`, if there is one.
    public func optionalObject(_ key: String) throws(RecordError) -> JSONObject? {
        switch fields[key] {
        case nil, .null?: return nil
        case .object(let value)?: return value
        case let other?: throw wrongType(key, other, "object")
        }
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

    private func beyondDouble(_ key: String) -> RecordError {
        .beyondDouble(location: location, field: key)
    }

    private func wrongType(_ key: String, _ value: JSONValue, _ expected: String) -> RecordError {
        .wrongType(location: location, field: key, got: value.kind, expected: expected)
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
            guard let other = values.first(where: { !$0.isTokenID }) else { return [] }
            throw .wrongType(
                location: location, field: field, got: "array with \(other.kind)",
                expected: "array of integers")
        default:
            throw .wrongType(
                location: location, field: field, got: kind, expected: "array of integers")
        }
    }

    private var isTokenID: Bool {
        if case .integer(let value) = self { return Int32(exactly: value) != nil }
        return false
    }
}
