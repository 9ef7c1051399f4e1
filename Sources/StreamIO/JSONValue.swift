/// Any JSON value. Arrays of integers, which token ids are, have a case of their own so that
/// long ones stay compact.
public enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// A non-empty array whose elements are all 32-bit integers.
    case integers([Int32])
    /// Any other array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)
}

// Strings are what their bytes are; `String`'s own equality passes over how characters are composed.
extension JSONValue {
    /// Compares values; strings byte by byte.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): JSONString.isSame(left, right)
        case (.integers(let left), .integers(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

/// Text that is not JSON, or a value that cannot be written as JSON.
public struct JSONError: ReportedError, Hashable {
    /// What is wrong, and where.
    public let description: String
    /// Always ``ExitStatus/badData``.
    public var exitStatus: ExitStatus { .badData }

    /// An error with its message.
    public init(description: String) {
        self.description = description
    }
}

/// What somebody who goes through a document with ``JSONParser`` may throw; text that is not JSON becomes
/// one of these too.
package protocol JSONReadingError: Error {
    /// What to throw for text that is not JSON.
    init(_ error: JSONError)
}

extension JSONReadingError {
    /// Calls `body`, whose errors become errors of this type.
    @inline(__always)
    package static func lifting<Value>(
        _ body: () throws(JSONError) -> Value
    ) throws(Self) -> Value {
        do throws(JSONError) {
            return try body()
        } catch {
            throw Self(error)
        }
    }
}

extension JSONError: JSONReadingError {
    package init(_ error: JSONError) { self = error }
}

extension JSONValue {
    /// Parses one JSON text (UTF-8).
    ///
    /// Strict: no trailing commas, no duplicate keys, no lone surrogates, nothing after the value.
    /// Errors name line and column in bytes, from 1.
    ///
    /// - Complexity: linear in the number of bytes.
    public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        let outcome: Result<JSONValue, JSONError>? = bytes.withContiguousStorageIfAvailable {
            Self.parse(UnsafeRawBufferPointer($0))
        }
        let result =
            outcome ?? Array(bytes).withUnsafeBytes { raw in Self.parse(raw) }
        self = try result.get()
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> Result<JSONValue, JSONError> {
        Result { () throws(JSONError) in
            var parser = JSONParser(bytes)
            return try parser.parseDocument()
        }
    }

    /// The value as JSON text without white space, keys sorted by their UTF-8 bytes, floats in
    /// their shortest form, which reads back as the same value; integers stay integers.
    ///
    /// Infinity and NaN are refused.
    public func serialized() throws(JSONError) -> [UInt8] {
        var serializer = JSONSerializer()
        try serializer.write(self)
        return [UInt8](serializer.bytes)
    }

    /// The value as ``serialized()`` has it, but each element on a line of its own, indented by two
    /// spaces a level, with a line break at the end: as Hugging Face writes configuration files. Its
    /// readers insist on `float`, so numbers that are not integers have a point or an exponent here too.
    public func prettyPrinted() throws(JSONError) -> [UInt8] {
        var serializer = JSONSerializer(isIndented: true)
        try serializer.write(self)
        serializer.append(UInt8(ascii: "\n"))
        return [UInt8](serializer.bytes)
    }

    /// ``serialized()`` as a string.
    public var serializedText: String {
        get throws(JSONError) { String(decoding: try serialized(), as: UTF8.self) }
    }
}
