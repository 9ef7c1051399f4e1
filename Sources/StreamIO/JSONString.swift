import Glibc

/// Strings as JSON spells them.
package enum JSONString {
    /// A text as it stands between the quotes of a string.
    package static func escaped(_ text: String) -> String {
        var serializer = JSONSerializer()
        serializer.write(text)
        return String(decoding: serializer.bytes.dropFirst().dropLast(), as: UTF8.self)
    }

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

    /// Whether two strings have the same bytes.
    @inline(__always)
    package static func isSame(_ left: String, _ right: String) -> Bool {
        // Strings with the same bytes are equal; this is the fastest way to see that they are not.
        guard left.utf8.count == right.utf8.count, left == right else { return false }
        return left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a key comes before another in the order of UTF-8 bytes.
    package static func precedes(_ left: String, _ right: String) -> Bool {
        var (left, right) = (left, right)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                guard let l = left.baseAddress, let r = right.baseAddress else {
                    return left.count < right.count
                }
                let order = memcmp(l, r, min(left.count, right.count))
                return order == 0 ? left.count < right.count : order < 0
            }
        }
    }

    /// Whether a scalar would be written as this escape, which has the form `\u…`.
    static func isUsualEscape(
        _ text: Slice<UnsafeRawBufferPointer>, of scalar: Unicode.Scalar
    ) -> Bool {
        guard scalar.value < 0x20, ![8, 9, 10, 12, 13].contains(scalar.value) else { return false }
        return !text.contains { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
    }
}
