public import FoundationEssentials

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
    case object([String: JSONValue])
}

/// Text that is not JSON.
public struct JSONError: ReportedError {
    /// What is wrong with it.
    public let description: String
    /// Always ``ExitStatus/badData``.
    public var exitStatus: ExitStatus { .badData }
}

extension JSONValue {
    /// Parses one JSON text (UTF-8).
    public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw JSONError(description: "not valid JSON: \(error)")
        }
    }

    /// The value as JSON text without white space, keys sorted, floats in shortest form.
    public func serialized() throws(JSONError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            throw JSONError(description: "cannot be written as JSON: \(error)")
        }
    }
}

extension JSONValue: Codable {
    /// Decodes whatever value comes.
    public init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: AnyKey.self) {
            var object: [String: JSONValue] = [:]
            for key in keyed.allKeys {
                object[key.stringValue] = try keyed.decode(JSONValue.self, forKey: key)
            }
            self = .object(object)
            return
        }
        let value = try decoder.singleValueContainer()
        if let integers = try? value.decode([Int32].self) {
            self = integers.isEmpty ? .array([]) : .integers(integers)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .null
        }
    }

    /// Encodes the value as itself.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .integers(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
