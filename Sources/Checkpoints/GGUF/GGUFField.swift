/// A value of GGUF metadata to be written, in the types that llama.cpp's converter uses.
public enum GGUFField: Sendable, Hashable {
    /// An unsigned integer of 32 bits, as counts and token ids have it.
    case uint32(UInt32)
    /// Single precision.
    case float32(Float)
    /// True or false.
    case bool(Bool)
    /// A string.
    case string(String)
    /// An array of strings.
    case strings([String])
    /// An array of signed integers of 32 bits.
    case int32s([Int32])
    /// An array of single-precision numbers.
    case float32s([Float])

    /// A count; it must fit 32 bits.
    static func count(_ count: Int) -> GGUFField { .uint32(UInt32(clamping: count)) }
}

/// A key of GGUF metadata with its value.
public struct GGUFEntry: Sendable, Hashable {
    /// The key, e.g. `llama.block_count`.
    public let key: String
    /// Its value.
    public let field: GGUFField

    /// A key with its value.
    public init(_ key: String, _ field: GGUFField) {
        self.key = key
        self.field = field
    }

    /// A count.
    init(_ key: String, _ count: Int) { self.init(key, .count(count)) }
    /// A number.
    init(_ key: String, _ number: Float) { self.init(key, .float32(number)) }
}

/// The first part of a GGUF file as bytes.
struct GGUFHeaderBytes {
    private(set) var bytes: [UInt8] = []

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
        switch entry.field {
        case .uint32(let number):
            append(UInt32(4))
            append(number)
        case .float32(let number):
            append(UInt32(6))
            append(number.bitPattern)
        case .bool(let flag):
            append(UInt32(7))
            append(UInt8(flag ? 1 : 0))
        case .string(let text):
            append(UInt32(8))
            append(text)
        case .strings(let list):
            appendArray(of: 8, list.count)
            for text in list { append(text) }
        case .int32s(let list):
            appendArray(of: 5, list.count)
            for number in list { append(number) }
        case .float32s(let list):
            appendArray(of: 6, list.count)
            for number in list { append(number.bitPattern) }
        }
    }

    private mutating func appendArray(of type: UInt32, _ count: Int) {
        append(UInt32(9))
        append(type)
        append(UInt64(count))
    }
}
