/// Reads the fields of one message in the wire format of Protocol Buffers.
///
/// A `tokenizer.model` needs a dozen fields of five messages. The Swift library for Protocol
/// Buffers works on types that its compiler plugin generates: either `protoc` would become part of
/// the build, or generated code part of the sources, hundreds of lines for what these do. And it
/// keeps fields that it does not know without a word, where here some of them must be refused.
struct WireReader {
    /// What stands in the place of a field.
    enum Value {
        case integer(UInt64)
        case bits32(UInt32)
        case bits64(UInt64)
        case bytes(Range<Int>)
    }

    /// Bytes that are no message.
    struct Fault: Error {
        var position: Int
        var what: String
    }

    private let bytes: [UInt8]
    private let end: Int
    private(set) var position: Int
    /// Where the field that was read last begins.
    private(set) var fieldStart: Int

    /// A reader of the message in `range` of `bytes`; nil for all of them.
    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        fieldStart = position
        end = range?.upperBound ?? bytes.count
    }

    /// The next field; nil after the last.
    mutating func next() throws(Fault) -> (number: Int, value: Value)? {
        guard position < end else { return nil }
        fieldStart = position
        let tag = try integer()
        let number = Int(truncatingIfNeeded: tag >> 3)
        guard (1...0x1FFF_FFFF).contains(number) else {
            throw Fault(position: fieldStart, what: "field number \(tag >> 3)")
        }
        switch tag & 7 {
        case 0: return (number, .integer(try integer()))
        case 1: return (number, .bits64(try fixed(8)))
        case 5: return (number, .bits32(UInt32(truncatingIfNeeded: try fixed(4))))
        case 2:
            let length = try integer()
            guard length <= UInt64(end - position) else {
                throw Fault(
                    position: fieldStart,
                    what: "field of \(length) bytes with \(end - position) left")
            }
            let range = position..<position + Int(length)
            position = range.upperBound
            return (number, .bytes(range))
        default: throw Fault(position: fieldStart, what: "field of wire type \(tag & 7)")
        }
    }

    /// An integer in seven-bit groups, the lowest first.
    private mutating func integer() throws(Fault) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 64 {
            let byte = bytes[position]
            position += 1
            // The tenth group has one bit left.
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Fault(position: start, what: position < end ? "integer too long" : "cut off")
    }

    private mutating func fixed(_ count: Int) throws(Fault) -> UInt64 {
        guard end - position >= count else { throw Fault(position: position, what: "cut off") }
        var value: UInt64 = 0
        for offset in 0..<count { value |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
        position += count
        return value
    }
}
