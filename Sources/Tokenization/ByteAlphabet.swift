/// The spelling of bytes as printable characters that byte-level vocabularies use (GPT-2):
/// printable Latin-1 stands for itself, the other 68 bytes are U+0100, U+0101, … in order.
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (0...255).map { (byte: Int) -> Unicode.Scalar in
            if isPrintable(UInt8(byte)) { return Unicode.Scalar(UInt8(byte)) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? "\u{FFFD}"
        }
    }()

    /// The byte of each character below U+0144; nil where a character stands for no byte.
    private static let bytes: [UInt8?] = {
        var table = [UInt8?](repeating: nil, count: 256 + 68)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = UInt8(byte) }
        return table
    }()

    private static func isPrintable(_ byte: UInt8) -> Bool {
        switch byte {
        case 33...126, 161...172, 174...255: true
        default: false
        }
    }

    /// Appends the bytes that `spelling` stands for.
    /// - Returns: false for a spelling with a character outside the alphabet, as added tokens may
    ///   have; then what was appended means nothing.
    static func decode(
        _ spelling: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]
    ) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < spelling.count {
                let first = spelling[position]
                var value = Int(first)
                position += 1
                if first >= 0x80 {
                    // All characters of the alphabet beyond ASCII have two bytes.
                    guard first & 0xE0 == 0xC0, position < spelling.count else { return false }
                    value = Int(first & 0x1F) << 6 | Int(spelling[position] & 0x3F)
                    position += 1
                }
                guard value < bytes.count, let byte = bytes[value] else { return false }
                text.append(byte)
            }
            return true
        }
    }

    /// The spelling of `bytes`.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var result = String.UnicodeScalarView()
        for byte in bytes { result.append(scalars[Int(byte)]) }
        return String(result)
    }
}
