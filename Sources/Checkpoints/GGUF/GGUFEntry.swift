/// A key of GGUF metadata with its value.
public struct GGUFEntry: Sendable, Hashable {
    /// The key, e.g. `llama.block_count`.
    public let key: String
    /// Its value.
    public let value: GGUFValue

    /// A key with its value.
    public init(_ key: String, _ value: GGUFValue) {
        self.key = key
        self.value = value
    }

    /// A count.
    public init(_ key: String, _ count: Int) { self.init(key, .integer(Int64(count))) }

    /// A number.
    public init(_ key: String, _ number: Float) { self.init(key, .number(Double(number))) }
}

/// The first part of a GGUF file as bytes. Values have the types that llama.cpp's converter gives them: 32 bits
/// for numbers, counts without a sign unless they are negative or in an array.
struct GGUFHeaderBytes {
    private(set) var bytes: [UInt8] = []

    /// The numbers of types in the format.
    private enum TypeCode {
        static let uint32: UInt32 = 4
        static let int32: UInt32 = 5
        static let float32: UInt32 = 6
        static let bool: UInt32 = 7
        static let string: UInt32 = 8
        static let array: UInt32 = 9
        static let uint64: UInt32 = 10
        static let int64: UInt32 = 11
    }

    /// Adds a number, little-endian.
    mutating func append<T: FixedWidthInteger>(_ number: T) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds a string: its length in 64 bits, and UTF-8.
    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Adds a key, the type of its value and the value.
    mutating func append(_ entry: GGUFEntry) {
        append(entry.key)
        append(type(of: entry.value))
        appendContent(entry.value)
    }

    private mutating func appendContent(_ value: GGUFValue) {
        switch value {
        case .integer(let number):
            if type(of: value) == TypeCode.int64 {
                append(number)
            } else {
                append(UInt32(truncatingIfNeeded: number))
            }
        case .unsigned(let number): append(number)
        case .number(let number): append(Float(number).bitPattern)
        case .bool(let flag): append(UInt8(flag ? 1 : 0))
        case .string(let text): append(text)
        case .strings(let list):
            appendCount(of: TypeCode.string, list.count)
            for text in list { append(text) }
        case .integers(let list):
            let isNarrow = list.allSatisfy { Int32(exactly: $0) != nil }
            appendCount(of: isNarrow ? TypeCode.int32 : TypeCode.int64, list.count)
            for number in list {
                if isNarrow { append(Int32(truncatingIfNeeded: number)) } else { append(number) }
            }
        case .numbers(let list):
            appendCount(of: TypeCode.float32, list.count)
            for number in list { append(Float(number).bitPattern) }
        case .bools(let list):
            appendCount(of: TypeCode.bool, list.count)
            for flag in list { append(UInt8(flag ? 1 : 0)) }
        case .array(let lists):
            appendCount(of: TypeCode.array, lists.count)
            for list in lists { appendContent(list) }
        }
    }

    /// What stands before the elements of an array.
    private mutating func appendCount(of type: UInt32, _ count: Int) {
        append(type)
        append(UInt64(count))
    }

    private func type(of value: GGUFValue) -> UInt32 {
        switch value {
        case .integer(let number):
            UInt32(exactly: number) != nil
                ? TypeCode.uint32
                : Int32(exactly: number) != nil ? TypeCode.int32 : TypeCode.int64
        case .unsigned: TypeCode.uint64
        case .number: TypeCode.float32
        case .bool: TypeCode.bool
        case .string: TypeCode.string
        case .strings, .integers, .numbers, .bools, .array: TypeCode.array
        }
    }
}
