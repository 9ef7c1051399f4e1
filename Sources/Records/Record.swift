public import StreamIO

/// One record: a JSON object with an `id`. Fields that nobody asks for stay as they are.
public struct Record: Sendable, Hashable {
    /// All fields, `id` included.
    public var fields: JSONObject
    /// Where the record was read; nil for one that was made.
    public var location: SourceLocation?

    /// A record that was made, not read.
    public init(id: String, fields: JSONObject = [:]) {
        self.fields = fields
        self.fields["id"] = .string(id)
    }

    /// A record that was read. Its id is the field `id`; an integer there becomes its digits; when
    /// there is none, `defaultID` takes its place.
    public init(
        fields: JSONObject, location: SourceLocation?, defaultID: @autoclosure () -> String
    ) throws(RecordError) {
        self.init(fields, location)
        if let id = try Self.id(for: fields["id"], location, defaultID) { self.fields["id"] = id }
    }

    /// A record whose id is right already.
    init(_ fields: JSONObject, _ location: SourceLocation?) {
        self.fields = fields
        self.location = location
    }

    /// What the field `id` has to become; nil if it is right as it is.
    static func id(
        for value: JSONValue?, _ location: SourceLocation?, _ defaultID: () -> String
    ) throws(RecordError) -> JSONValue? {
        switch value {
        case .string: nil
        case .integer(let number): .string(String(number))
        case nil, .null?: .string(defaultID())
        case let other?:
            throw .wrongType(
                location: location, field: "id", got: other.kind, expected: "string")
        }
    }

    /// What names the record in its stream.
    public var id: String {
        get { fields["id"]?.string ?? "" }
        set { fields["id"] = .string(newValue) }
    }

    /// The field as it is; nil if absent.
    public subscript(_ key: String) -> JSONValue? {
        get { fields[key] }
        set { fields[key] = newValue }
    }

    // Where the record was read is no part of what it says.

    /// Compares fields.
    public static func == (left: Record, right: Record) -> Bool { left.fields == right.fields }

    /// Hashes the fields.
    public func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

extension JSONValue {
    /// The value's type as messages name it.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .integers: "array of integers"
        case .array(let values): values.isEmpty ? "empty array" : "array"
        case .object: "object"
        }
    }
}
