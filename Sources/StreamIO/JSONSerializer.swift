/// Writes JSON values as text, one after the other, into memory that it keeps.
package struct JSONSerializer: ~Copyable {
    /// How many bytes were written.
    package private(set) var count = 0
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 10, alignment: 16)
    /// Whether each element has a line of its own; else there is no white space.
    private let isIndented: Bool
    /// The number of objects and arrays around what comes next.
    private var depth = 0

    /// A serializer that has written nothing.
    package init() { self.init(isIndented: false) }

    init(isIndented: Bool) { self.isIndented = isIndented }

    deinit { memory.deallocate() }

    /// What was written; valid until the next change.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// Forgets what was written after the first `count` bytes.
    package mutating func truncate(to count: Int) { self.count = min(count, self.count) }

    /// Writes a value; objects with their keys sorted by UTF-8 bytes.
    package mutating func write(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): write(value)
        case .number(let value): try write(value)
        case .string(let value): write(value)
        case .integers(let values): write(values)
        case .array(let values):
            open("[")
            for index in values.indices {
                beginElement(isFirst: index == 0)
                try write(values[index])
            }
            close("]", isEmpty: values.isEmpty)
        case .object(let members): try write(members)
        }
    }

    private mutating func write(_ members: JSONObject) throws(JSONError) {
        open("{")
        var isFirst = true
        for (key, value, spelling) in members.sorted {
            beginElement(isFirst: isFirst)
            isFirst = false
            write(key)
            append(UInt8(ascii: ":"))
            if isIndented { append(UInt8(ascii: " ")) }
            do throws(JSONError) {
                try write(value, spelling: spelling)
            } catch {
                throw error.prefixed(with: key)
            }
        }
        close("}", isEmpty: members.isEmpty)
    }

    /// Writes a value as `spelling` has it, if there is one.
    package mutating func write(_ value: JSONValue, spelling: [UInt8]?) throws(JSONError) {
        if let spelling {
            spelling.withUnsafeBytes { append($0) }
        } else {
            try write(value)
        }
    }

    // MARK: Lists

    private mutating func open(_ bracket: Unicode.Scalar) {
        append(UInt8(ascii: bracket))
        depth += 1
    }

    @inline(__always)
    private mutating func beginElement(isFirst: Bool) {
        if !isFirst { append(UInt8(ascii: ",")) }
        if isIndented { beginLine() }
    }

    private mutating func close(_ bracket: Unicode.Scalar, isEmpty: Bool) {
        depth -= 1
        if isIndented, !isEmpty { beginLine() }
        append(UInt8(ascii: bracket))
    }

    private mutating func beginLine() {
        append(0x0A)
        for _ in 0..<2 * depth { append(UInt8(ascii: " ")) }
    }

    // MARK: Bytes

    /// Writes a byte as it is.
    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        makeRoom(1)
        memory[count] = byte
        count += 1
    }

    /// Writes bytes as they are.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        makeRoom(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Writes text as it is.
    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    private mutating func makeRoom(_ more: Int) {
        if count + more > memory.count { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * memory.count, count + more), alignment: 16)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }

    // MARK: Numbers

    /// Writes an array of integers.
    package mutating func write(_ values: [Int32]) {
        // A comma, a sign and ten digits at most, and what ``append(_:_:)`` writes too much.
        makeRoom(12 * values.count + 16)
        open("[")
        var isFirst = true
        for value in values {
            beginElement(isFirst: isFirst)
            isFirst = false
            if (0..<100_000_000).contains(value) {
                let (digits, count) = Self.digits(UInt32(truncatingIfNeeded: value))
                append(digits, count)
            } else {
                write(Int64(value))
            }
        }
        close("]", isEmpty: values.isEmpty)
    }

    /// The decimal digits of a number below 10⁸ as text, the first one in the lowest byte.
    ///
    /// The number is cut in two halves, those into hundreds, these into digits; all parts of a
    /// step are worked on at once, in lanes of one word.
    @inline(__always)
    static func digits(_ value: UInt32) -> (text: UInt64, count: Int) {
        let (high, low) = value.quotientAndRemainder(dividingBy: 10_000)
        let halves = UInt64(high) | UInt64(low) << 32
        // ⌊x / 100⌋ for x below 10⁴, then ⌊x / 10⌋ for x below 100.
        let hundreds = (halves &* 10_486) >> 20 & 0x0000_007F_0000_007F
        let pairs = hundreds | (halves &- hundreds &* 100) << 16
        let tens = (pairs &* 103) >> 10 & 0x000F_000F_000F_000F
        let digits = tens | (pairs &- tens &* 10) << 8
        let zeros = min(digits.trailingZeroBitCount / 8, 7)
        return ((digits | 0x3030_3030_3030_3030) >> UInt64(8 * zeros), 8 - zeros)
    }

    private mutating func write(_ value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        write(magnitude: value.magnitude)
    }

    private mutating func write(magnitude: UInt64) {
        guard magnitude >= 100_000_000 else {
            let (digits, count) = Self.digits(UInt32(magnitude))
            append(digits, count)
            return
        }
        let (leading, rest) = magnitude.quotientAndRemainder(dividingBy: 10)
        write(magnitude: leading)
        append(UInt8(ascii: "0") + UInt8(rest))
    }

    private mutating func append(_ digits: UInt64, _ count: Int) {
        makeRoom(8)
        memory.storeBytes(of: digits.littleEndian, toByteOffset: self.count, as: UInt64.self)
        self.count += count
    }

    private mutating func write(_ value: Double) throws(JSONError) {
        guard value.isFinite else {
            throw JSONError(
                description: "cannot be written as JSON (got \(value), expected a finite number)")
        }
        // The standard library writes the fewest digits that read back as the same value.
        var text = value.description
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    // MARK: Strings

    /// Writes a string.
    package mutating func write(_ value: String) {
        var value = value
        value.withUTF8 { write(text: $0) }
    }

    /// Writes a string given as UTF-8.
    package mutating func write(text: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        let raw = UnsafeRawBufferPointer(text)
        var start = 0
        while true {
            let stop = JSONString.plainEnd(raw, from: start)
            append(UnsafeRawBufferPointer(rebasing: raw[start..<stop]))
            if stop == raw.count { break }
            escape(raw[stop])
            start = stop + 1
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        default:
            append("\\u00")
            for digit in [byte >> 4, byte & 15] {
                append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
            }
        }
    }
}

extension JSONError {
    fileprivate func prefixed(with key: String) -> JSONError {
        JSONError(description: "field \"\(key)\" " + description)
    }
}
