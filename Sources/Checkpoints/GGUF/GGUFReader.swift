/// A value of GGUF metadata.
public enum GGUFValue: Sendable, Hashable {
    /// Any integer type that fits.
    case integer(Int64)
    /// A 64-bit unsigned integer beyond that.
    case unsigned(UInt64)
    /// Single or double precision.
    case number(Double)
    /// True or false.
    case bool(Bool)
    /// A string.
    case string(String)
    /// An array of strings.
    case strings([String])
    /// An array of integers.
    case integers([Int64])
    /// An array of single or double precision numbers.
    case numbers([Double])
    /// An array of true and false.
    case bools([Bool])
    /// An array of arrays.
    case array([GGUFValue])
}

/// Reads the metadata of a GGUF file from front to back, and never beyond its end.
struct GGUFReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var remaining: Int { bytes.count - position }

    mutating func scalar<T: BitwiseCopyable>(
        _ type: T.Type, _ what: String
    ) throws(GGUFFault) -> T {
        guard remaining >= MemoryLayout<T>.size else {
            throw .truncated(what: what, at: position)
        }
        defer { position += MemoryLayout<T>.size }
        return bytes.loadUnaligned(fromByteOffset: position, as: T.self)
    }

    /// A number of things of which each takes at least `size` bytes of the file, and of which no file
    /// has more than `maximum`.
    mutating func count(
        of what: String, size: Int, maximum: Int = .max
    ) throws(GGUFFault) -> Int {
        let count = try scalar(UInt64.self, what)
        guard count <= UInt64(remaining / size) else { throw .count(what: what, got: count) }
        guard count <= UInt64(maximum) else {
            throw .tooMany(what: what, got: count, maximum: maximum)
        }
        return Int(count)
    }

    mutating func string(
        _ what: String, maximum: Int = .max
    ) throws(GGUFFault) -> String {
        let length = try scalar(UInt64.self, what)
        guard length <= UInt64(remaining) else { throw .truncated(what: what, at: position) }
        guard length <= UInt64(maximum) else {
            throw .string(what: what, why: "\(length) bytes, expected at most \(maximum)")
        }
        let text = bytes[position..<position + Int(length)]
        position += Int(length)
        guard let string = String(validating: text, as: UTF8.self) else {
            throw .string(what: what, why: "not UTF-8")
        }
        return string
    }

    mutating func value(
        _ key: String, type: UInt32, depth: Int = 0
    ) throws(GGUFFault) -> GGUFValue {
        switch type {
        case 0: return .integer(Int64(try scalar(UInt8.self, key)))
        case 1: return .integer(Int64(try scalar(Int8.self, key)))
        case 2: return .integer(Int64(try scalar(UInt16.self, key)))
        case 3: return .integer(Int64(try scalar(Int16.self, key)))
        case 4: return .integer(Int64(try scalar(UInt32.self, key)))
        case 5: return .integer(Int64(try scalar(Int32.self, key)))
        case 6: return .number(Double(try scalar(Float.self, key)))
        case 7:
            let byte = try scalar(UInt8.self, key)
            guard byte <= 1 else { throw .boolean(key: key, got: byte) }
            return .bool(byte == 1)
        case 8: return .string(try string(key))
        case 9: return try array(key, depth: depth + 1)
        case 10:
            let number = try scalar(UInt64.self, key)
            return Int64(exactly: number).map(GGUFValue.integer) ?? .unsigned(number)
        case 11: return .integer(try scalar(Int64.self, key))
        case 12: return .number(try scalar(Double.self, key))
        default: throw .valueType(key: key, got: type)
        }
    }

    private mutating func array(_ key: String, depth: Int) throws(GGUFFault) -> GGUFValue {
        guard depth <= 4 else { throw .nesting(key: key) }
        let type = try scalar(UInt32.self, key)
        let sizes = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8]
        guard type < UInt32(sizes.count) else { throw .valueType(key: key, got: type) }
        let count = try count(of: "elements of \(key)", size: sizes[Int(type)])
        switch type {
        case 8:
            var strings: [String] = []
            strings.reserveCapacity(count)
            for _ in 0..<count { strings.append(try string(key)) }
            return .strings(strings)
        case 0...5, 11:
            var integers: [Int64] = []
            integers.reserveCapacity(count)
            for _ in 0..<count {
                if case .integer(let number) = try value(key, type: type) {
                    integers.append(number)
                }
            }
            return .integers(integers)
        case 6, 12:
            var numbers: [Double] = []
            numbers.reserveCapacity(count)
            for _ in 0..<count {
                if case .number(let number) = try value(key, type: type) { numbers.append(number) }
            }
            return .numbers(numbers)
        case 7:
            var flags: [Bool] = []
            flags.reserveCapacity(count)
            for _ in 0..<count {
                if case .bool(let flag) = try value(key, type: type) { flags.append(flag) }
            }
            return .bools(flags)
        case 10:
            var integers: [Int64] = []
            integers.reserveCapacity(count)
            for _ in 0..<count {
                guard case .integer(let number) = try value(key, type: type) else {
                    throw .value(
                        key: key, got: "an element beyond 63 bits", expected: "smaller integers")
                }
                integers.append(number)
            }
            return .integers(integers)
        default:
            var values: [GGUFValue] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try value(key, type: type, depth: depth)) }
            return .array(values)
        }
    }
}
