/// What is UTF-8 and what is not.
package enum UTF8Text {
    /// The end of the longest beginning of `range` that is UTF-8.
    package static func validEnd(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> Int {
        var position = range.lowerBound
        while position < range.upperBound {
            if position + 8 <= range.upperBound,
                bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                    & 0x8080_8080_8080_8080 == 0
            {
                position += 8
                continue
            }
            let length = characterLength(bytes, at: position, before: range.upperBound)
            if length == 0 { break }
            position += length
        }
        return position
    }

    /// Bytes of the UTF-8 character at `position`, which has to end before `end`; 0 if there is none.
    @inline(__always)
    static func characterLength(
        _ bytes: UnsafeRawBufferPointer, at position: Int, before end: Int
    ) -> Int {
        let length: Int
        // The second byte must not make the sequence overlong, a surrogate or too large.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[position] {
        case ..<0x80: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard position + length <= end, second.contains(bytes[position + 1]),
            length < 3 || bytes[position + 2] & 0xC0 == 0x80,
            length < 4 || bytes[position + 3] & 0xC0 == 0x80
        else { return 0 }
        return length
    }
}
