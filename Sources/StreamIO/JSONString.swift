/// Strings as JSON spells them.
enum JSONString {
    /// The first quote, backslash or control character at or after `start`, else the end: what
    /// lies before stands for itself.
    static func plainEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        typealias Lanes = SIMD16<UInt8>
        let quote = Lanes(repeating: UInt8(ascii: "\""))
        let backslash = Lanes(repeating: UInt8(ascii: "\\"))
        let space = Lanes(repeating: 0x20)
        var position = start
        while position + 16 <= bytes.count {
            let lanes = bytes.loadUnaligned(fromByteOffset: position, as: Lanes.self)
            if any((lanes .== quote) .| (lanes .== backslash) .| (lanes .< space)) { break }
            position += 16
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            position += 1
        }
        return position
    }
}
