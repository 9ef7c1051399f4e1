/// A recursive-descent parser of JSON (RFC 8259) over bytes.
///
/// Makes values; or goes through the members and elements of large objects and arrays for somebody
/// who keeps them in another form.
package struct JSONParser {
    /// Deeper nesting is refused, since each level costs stack.
    static let maximumDepth = 512

    /// The text.
    package let bytes: UnsafeRawBufferPointer
    /// How many bytes were read.
    package internal(set) var position = 0
    /// Whether members keep spellings that are not the usual ones, and numbers may be of any size.
    let keepsSpelling: Bool
    /// Whether a number or string was met that would not be written as it stands.
    var metOddSpelling = false

    /// A parser of a text, which has to stay.
    ///
    /// - Parameter keepsSpelling: whether what is not changed will be written as it was spelt; then
    ///   a number beyond the range of a double, which is infinite, is no error
    package init(_ bytes: UnsafeRawBufferPointer, keepsSpelling: Bool = false) {
        self.bytes = bytes
        self.keepsSpelling = keepsSpelling
    }

    mutating func parseDocument() throws(JSONError) -> JSONValue {
        skipSpace()
        let value = try parseValue(depth: 0)
        try parseEnd()
        return value
    }

    /// What kind of value begins here, by its first byte: `{`, `[`, `"` or another; nil at the end.
    package mutating func nextByte() -> UInt8? {
        skipSpace()
        return position < bytes.count ? bytes[position] : nil
    }

    /// Parses an object after which nothing may come; `member` as for ``parseMembers(depth:_:)``.
    package mutating func parseObjectDocument<Failure: JSONReadingError>(
        _ member: (inout JSONParser, String) throws(Failure) -> Bool
    ) throws(Failure) {
        try parseMembers(depth: 1, member)
        try Failure.lifting { () throws(JSONError) in try parseEnd() }
    }

    /// Makes sure that nothing comes any more.
    package mutating func parseEnd() throws(JSONError) {
        skipSpace()
        if position < bytes.count {
            throw failure("got \(nameOfByte(position)) after the value, expected the end")
        }
    }

    // MARK: Values

    /// Parses a value inside `depth` objects and arrays.
    package mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        guard position < bytes.count else { throw failure("got the end, expected a value") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
        case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: throw failure("got \(nameOfByte(position)), expected a value")
        }
    }

    private mutating func parseWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        let text = UnsafeRawBufferPointer(start: word.utf8Start, count: length)
        guard position + length <= bytes.count,
            UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
                .elementsEqual(text)
        else { throw failure("got \(nameOfByte(position)), expected a value") }
        position += length
        return value
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSONValue {
        var members = JSONObject()
        try parseMembers(depth: depth) { parser, key throws(JSONError) in
            if members.isEmpty { members.reserveCapacity(6) }
            let (value, spelling) = try parser.parseSpeltValue(depth: depth)
            return members.insert(value, spelling: spelling, forNew: key)
        }
        return .object(members)
    }

    /// Parses an object, whose brace comes next.
    ///
    /// - Parameters:
    ///   - depth: the number of objects and arrays around its members
    ///   - member: called with each key, must parse the value; false for a key that was there before
    package mutating func parseMembers<Failure: JSONReadingError>(
        depth: Int, _ member: (inout JSONParser, String) throws(Failure) -> Bool
    ) throws(Failure) {
        try parseList("{", "}", "an object", depth: depth) { parser throws(Failure) in
            let start = parser.position
            let key = try Failure.lifting { () throws(JSONError) in try parser.parseKey() }
            guard try member(&parser, key) else {
                parser.position = start
                throw Failure(
                    parser.failure("got key \"\(key)\" twice, expected unique keys"))
            }
        }
    }

    /// Parses a key and the colon behind it.
    private mutating func parseKey() throws(JSONError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            throw failure("got \(nameOfByte(position)), expected a key in double quotes")
        }
        let key = try parseString()
        skipSpace()
        guard take(UInt8(ascii: ":")) else {
            throw failure("got \(nameOfByte(position)), expected ':' after key \"\(key)\"")
        }
        skipSpace()
        return key
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
        // Token ids: stay in the compact form as long as nothing else comes.
        var integers: [Int32] = []
        var values: [JSONValue] = []
        try parseElements(depth: depth) { parser throws(JSONError) in
            if values.isEmpty {
                if let integer = parser.takeInt32() {
                    integers.append(integer)
                    return
                }
                values = integers.map { .integer(Int64($0)) }
                integers = []
            }
            values.append(try parser.parseValue(depth: depth))
        }
        return integers.isEmpty ? .array(values) : .integers(integers)
    }

    /// Parses an array, whose bracket comes next.
    ///
    /// - Parameters:
    ///   - depth: the number of objects and arrays around its elements
    ///   - element: must parse an element
    package mutating func parseElements<Failure: JSONReadingError>(
        depth: Int, _ element: (inout JSONParser) throws(Failure) -> Void
    ) throws(Failure) {
        try parseList("[", "]", "an array", depth: depth, element)
    }

    /// Parses what stands between `open` and `close`, with commas between the elements.
    @inline(__always)
    private mutating func parseList<Failure: JSONReadingError>(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ name: String, depth: Int,
        _ element: (inout JSONParser) throws(Failure) -> Void
    ) throws(Failure) {
        guard depth <= Self.maximumDepth else {
            throw Failure(
                failure("got nesting deeper than \(Self.maximumDepth), expected at most that"))
        }
        skipSpace()
        guard take(UInt8(ascii: open)) else {
            throw Failure(failure("got \(nameOfByte(position)), expected \(name)"))
        }
        skipSpace()
        if take(UInt8(ascii: close)) { return }
        while true {
            try element(&self)
            skipSpace()
            if take(UInt8(ascii: close)) { return }
            guard take(UInt8(ascii: ",")) else {
                throw Failure(
                    failure("got \(nameOfByte(position)), expected ',' or '\(close)'"))
            }
            skipSpace()
        }
    }

    // MARK: Numbers

    /// Takes an integer of 32 bits without leading zeros, if exactly that stands here.
    package mutating func takeInt32() -> Int32? {
        var index = position
        let count = bytes.count
        let isNegative = index < count && bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let first = index
        var magnitude: Int64 = 0
        while index < count {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            magnitude = magnitude &* 10 &+ Int64(digit)
            index += 1
            // Eleven digits cannot overflow 64 bits and cannot fit 32.
            if index - first > 10 { return nil }
        }
        guard index > first else { return nil }
        if bytes[first] == UInt8(ascii: "0"), index - first > 1 || isNegative { return nil }
        if index < count {
            switch bytes[index] {
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return nil
            default: break
            }
        }
        guard let value = Int32(exactly: isNegative ? -magnitude : magnitude) else { return nil }
        position = index
        return value
    }

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            if isDigit(position) {
                throw failure("got a leading zero, expected a number without")
            }
        } else if skipDigits() == 0 {
            throw failure("got \(nameOfByte(position)), expected a digit")
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            if skipDigits() == 0 {
                throw failure("got \(nameOfByte(position)), expected a digit after '.'")
            }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            if skipDigits() == 0 {
                throw failure("got \(nameOfByte(position)), expected a digit of the exponent")
            }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Minus zero is a number: as an integer it would lose its sign.
        if isInteger, text != "-0", let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite || keepsSpelling else {
            position = start
            throw failure("got number \(text), expected one in the range of a double")
        }
        if keepsSpelling, number.description != text { metOddSpelling = true }
        return .number(number)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while isDigit(position) { position += 1 }
        return position - start
    }

    private func isDigit(_ index: Int) -> Bool {
        index < bytes.count && bytes[index] &- UInt8(ascii: "0") < 10
    }

    // MARK: Bytes

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    // MARK: Errors

    func nameOfByte(_ index: Int) -> String {
        guard index < bytes.count else { return "the end" }
        let byte = bytes[index]
        if (0x21...0x7E).contains(byte) { return "'\(Character(Unicode.Scalar(byte)))'" }
        if byte == 0x0A { return "a line break" }
        if byte == 0x20 { return "a space" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count == 1 ? "0" + digits : digits)
    }

    func failure(_ what: String, at index: Int? = nil) -> JSONError {
        let end = min(index ?? position, bytes.count)
        var line = 1
        var lineStart = 0
        for index in 0..<end where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        let column = end - lineStart + 1
        let place = line == 1 ? "byte \(column)" : "line \(line), byte \(column)"
        return JSONError(description: "not valid JSON at \(place) (\(what))")
    }
}
