import Glibc

/// Names of files are bytes, not text: most are UTF-8, but the system takes any. Inside the tools
/// they are strings; a byte that is part of no UTF-8 character stands there as one of 128 characters
/// of a private plane, and becomes that byte again on its way to the system. A name that holds such
/// a character itself has its bytes replaced in the same way, so that no two names are mixed up.
extension String {
    /// A name as the system gave it.
    package init(systemPath: UnsafePointer<CChar>) {
        let bytes = UnsafeRawBufferPointer(start: systemPath, count: strlen(systemPath))
        self.init(systemBytes: bytes)
    }

    /// A name of these bytes.
    package init(systemBytes bytes: UnsafeRawBufferPointer) {
        self = PathBytes.text(bytes)
    }

    /// The name for the system, ending in NUL.
    package var systemPath: [CChar] { systemBytes.map { CChar(bitPattern: $0) } + [0] }

    /// The bytes of the name.
    package var systemBytes: [UInt8] {
        let text = Array(utf8)
        guard text.contains(0xF4) else { return text }
        return text.withUnsafeBytes { text in
            var bytes: [UInt8] = []
            var position = 0
            while position < text.count {
                if PathBytes.isEscape(text, at: position) {
                    bytes.append(
                        0x80 | (text[position + 2] & 1) << 6 | text[position + 3] & 0x3F)
                    position += 4
                } else {
                    bytes.append(text[position])
                    position += 1
                }
            }
            return bytes
        }
    }

    /// The text for people: bytes that are no text in the form `\xFF`.
    package var printable: String {
        guard utf8.contains(0xF4) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            let offset = scalar.value &- PathBytes.firstScalar
            if offset < 0x80 {
                text += "\\x" + String(offset + 0x80, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

private enum PathBytes {
    /// Stands for byte 0x80; the next 127 for the bytes above.
    static let firstScalar: UInt32 = 0x10F780

    static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        var text = ""
        var start = 0
        var position = 0
        func take(to end: Int) {
            text += String(decoding: bytes[start..<end], as: UTF8.self)
        }
        while position < bytes.count {
            let length = UTF8Text.characterLength(bytes, at: position, before: bytes.count)
            if length > 0, !isEscape(bytes, at: position) {
                position += length
                continue
            }
            take(to: position)
            for byte in bytes[position..<position + max(1, length)] {
                if let scalar = Unicode.Scalar(firstScalar + UInt32(byte & 0x7F)) {
                    text.unicodeScalars.append(scalar)
                }
            }
            position += max(1, length)
            start = position
        }
        take(to: position)
        return text
    }

    /// Whether one of the 128 characters begins at `position`.
    static func isEscape(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Bool {
        position + 3 < bytes.count && bytes[position] == 0xF4 && bytes[position + 1] == 0x8F
            && bytes[position + 2] & 0xFE == 0x9E
    }
}
