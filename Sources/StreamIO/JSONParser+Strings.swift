extension JSONParser {
    /// Parses a string.
    package mutating func parseString() throws(JSONError) -> String {
        let opening = position
        guard take(UInt8(ascii: "\"")) else {
            throw failure("got \(nameOfByte(position)), expected a string")
        }
        let start = position
        skipPlainBytes()
        guard position < bytes.count else {
            throw failure("got the end, expected the closing '\"' of the string", at: opening)
        }
        if bytes[position] == UInt8(ascii: "\"") {
            let end = position
            position += 1
            return try text(bytes[start..<end])
        }
        return try parseEscapedString(start: start, opening: opening)
    }

    /// Takes a string without escapes, if a valid one stands here.
    /// - Returns: where its content is.
    package mutating func takePlainString() -> Range<Int>? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        let end = JSONString.plainEnd(bytes, from: start)
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\""),
            UTF8Text.validEnd(bytes, in: start..<end) == end
        else { return nil }
        position = end + 1
        return start..<end
    }

    /// Goes on from the first escape of a string that began at `start`.
    private mutating func parseEscapedString(
        start: Int, opening: Int
    ) throws(JSONError) -> String {
        var content = [UInt8](bytes[start..<position])
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                // Escapes yield valid UTF-8 only, but what stands between them is not checked yet.
                guard let string = validated(content) else {
                    throw invalidUTF8(start..<position)
                }
                return string
            case UInt8(ascii: "\\"):
                position += 1
                try parseEscape(into: &content)
            case ..<0x20:
                throw failure("got \(nameOfByte(position)) in a string, expected it escaped")
            default:
                let from = position
                skipPlainBytes()
                content.append(contentsOf: bytes[from..<position])
            }
        }
        throw failure("got the end, expected the closing '\"' of the string", at: opening)
    }

    private func validated(_ content: [UInt8]) -> String? {
        content.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
    }

    private func text(_ slice: Slice<UnsafeRawBufferPointer>) throws(JSONError) -> String {
        let buffer = UnsafeRawBufferPointer(rebasing: slice).bindMemory(to: UInt8.self)
        guard let string = String(validating: buffer, as: UTF8.self) else {
            throw invalidUTF8(slice.startIndex..<slice.endIndex)
        }
        return string
    }

    /// Moves to the next quote, backslash or control character, or to the end.
    private mutating func skipPlainBytes() {
        position = JSONString.plainEnd(bytes, from: position)
    }

    // MARK: Escapes

    private mutating func parseEscape(into content: inout [UInt8]) throws(JSONError) {
        let escape = position - 1
        guard position < bytes.count else {
            throw failure("got the end, expected the rest of an escape")
        }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): content.append(byte)
        case UInt8(ascii: "/"):
            metOddSpelling = true
            content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try parseUnicodeEscape(escape)
            if !JSONString.isUsualEscape(bytes[escape..<position], of: scalar) {
                metOddSpelling = true
            }
            content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            throw failure(
                "got escape \\ \(nameOfByte(position - 1)), expected one of \\\"\\\\/bfnrtu",
                at: escape)
        }
    }

    /// The four digits after `\u`, with those of the second half of a surrogate pair.
    private mutating func parseUnicodeEscape(_ escape: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = try parseHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if unit < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try parseHexDigits()
            if (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar((unit - 0xD800) << 10 + (low - 0xDC00) + 0x10000)
            {
                return scalar
            }
        }
        throw failure("got half of a surrogate pair, expected both halves", at: escape)
    }

    private mutating func parseHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else {
                throw failure("got \(nameOfByte(position)), expected a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: UTF-8

    private func invalidUTF8(_ range: Range<Int>) -> JSONError {
        let index = UTF8Text.validEnd(bytes, in: range)
        return failure("got \(nameOfByte(index)) in a string, expected UTF-8", at: index)
    }
}
