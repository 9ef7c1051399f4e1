/// A reader of the JSON subset that safetensors headers consist of: objects, strings and arrays of
/// non-negative integers. Unlike a general parser it sees names that occur twice.
struct HeaderScanner {
    private let text: UnsafeRawBufferPointer
    private var position = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The next byte that is not white space, which is skipped; nil at the end.
    var next: UInt8? {
        mutating get {
            while position < text.count {
                switch text[position] {
                case 0x20, 0x09, 0x0A, 0x0D: position += 1
                default: return text[position]
                }
            }
            return nil
        }
    }

    private func syntax(_ what: String) -> SafetensorsFault {
        .headerSyntax(at: position, what: what)
    }

    private mutating func expect(_ byte: UInt8) throws(SafetensorsFault) {
        guard let got = next else {
            throw syntax("header ends (expected '\(Unicode.Scalar(byte))')")
        }
        guard got == byte else {
            throw syntax("unexpected byte (got \(got), expected '\(Unicode.Scalar(byte))')")
        }
        position += 1
    }

    /// Makes sure that only white space, the padding, is left.
    mutating func end() throws(SafetensorsFault) {
        if let got = next { throw syntax("text after the object (got byte \(got))") }
    }

    /// Reads an object; `member` reads the value of each key.
    mutating func object(
        _ member: (String, inout HeaderScanner) throws(SafetensorsFault) -> Void
    ) throws(SafetensorsFault) {
        try expect(UInt8(ascii: "{"))
        if next == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            guard next == UInt8(ascii: "\"") else { throw syntax("no name (expected a string)") }
            let name = try string()
            try expect(UInt8(ascii: ":"))
            try member(name, &self)
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect(UInt8(ascii: "}"))
                return
            }
        }
    }

    /// Reads an array of non-negative integers.
    mutating func integers() throws(SafetensorsFault) -> [Int] {
        try expect(UInt8(ascii: "["))
        var values: [Int] = []
        if next == UInt8(ascii: "]") {
            position += 1
            return values
        }
        while true {
            values.append(try integer())
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect(UInt8(ascii: "]"))
                return values
            }
        }
    }

    private mutating func integer() throws(SafetensorsFault) -> Int {
        guard let first = next, (0x30...0x39).contains(first) else {
            throw syntax("not a number (expected a non-negative integer)")
        }
        let start = position
        var value = 0
        while position < text.count, (0x30...0x39).contains(text[position]) {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(Int(text[position] - 0x30))
            guard !overflow, !carry else { throw syntax("number does not fit 64 bits") }
            value = sum
            position += 1
        }
        guard first != 0x30 || position == start + 1 else { throw syntax("number begins with 0") }
        if position < text.count, [0x2E, 0x45, 0x65].contains(text[position]) {
            throw syntax("not an integer")
        }
        return value
    }

    /// Reads a string.
    mutating func string() throws(SafetensorsFault) -> String {
        try expect(UInt8(ascii: "\""))
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "\""),
            text[position] != UInt8(ascii: "\\"), text[position] >= 0x20
        {
            position += 1
        }
        var bytes = [UInt8](text[start..<position])
        while true {
            guard position < text.count else { throw syntax("string without end") }
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw .headerEncoding
                }
                return string
            case UInt8(ascii: "\\"): bytes.append(contentsOf: try escape())
            case 0..<0x20: throw syntax("control character in a string")
            default: bytes.append(byte)
            }
        }
    }

    /// Reads what follows a backslash, and gives its UTF-8.
    private mutating func escape() throws(SafetensorsFault) -> [UInt8] {
        guard position < text.count else { throw syntax("string without end") }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): break
        default: throw syntax("unknown escape in a string")
        }
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code) {
            guard position + 1 < text.count, text[position] == UInt8(ascii: "\\"),
                text[position + 1] == UInt8(ascii: "u")
            else { throw syntax("half of a surrogate pair") }
            position += 2
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw syntax("half of a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw syntax("half of a surrogate pair") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexadecimal() throws(SafetensorsFault) -> UInt32 {
        guard position + 4 <= text.count else { throw syntax("string without end") }
        var value: UInt32 = 0
        for byte in text[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw syntax("not four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }
}
