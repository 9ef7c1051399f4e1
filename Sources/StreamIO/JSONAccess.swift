// What a value holds if it is of one kind, nil for any other kind; a member that is absent is nil as
// well, so that `fields["usage"]?["tokens"]?.integer` asks for all of it at once.
extension JSONValue {
    /// Whether the value is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// `true` or `false`.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// A number written without fraction or exponent that fits 64 bits.
    public var integer: Int? { if case .integer(let value) = self { Int(value) } else { nil } }

    /// A number without fraction that fits 64 bits, also where it is written like `2.0`.
    public var wholeNumber: Int? {
        if case .number(let value) = self { Int(exactly: value) } else { integer }
    }

    /// A number of any kind.
    public var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The elements of an array.
    public var elements: [JSONValue]? {
        switch self {
        case .array(let values): values
        case .integers(let values): values.map { .integer(Int64($0)) }
        default: nil
        }
    }

    /// The elements of an array of 32-bit integers, as token ids are; it may be empty.
    public var ids: [Int32]? {
        switch self {
        case .integers(let ids): ids
        case .array([]): []
        default: nil
        }
    }

    /// The members of an object.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// A member of an object.
    public subscript(key: String) -> JSONValue? { object?[key] }
}

extension JSONObject {
    /// A member as `read` takes it; nil if it is absent or `null`.
    ///
    /// - Throws: what `fault` makes of a value that `read` does not take, which is of another kind than
    ///   was expected.
    @inlinable
    public func value<Value, Failure: Error>(
        of key: String, _ read: (JSONValue) -> Value?, otherwise fault: (JSONValue) -> Failure
    ) throws(Failure) -> Value? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let result = read(value) else { throw fault(value) }
        return result
    }
}
