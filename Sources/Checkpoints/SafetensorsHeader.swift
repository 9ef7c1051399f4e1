import StreamIO

/// The header of a safetensors file, checked in full against the file's size.
struct SafetensorsHeader {
    /// The largest header that the format allows, in bytes.
    static let limit = 100_000_000

    /// A tensor and where its bytes are, relative to the data section.
    struct Entry {
        let description: TensorDescription
        let begin: Int
        let end: Int
    }

    /// In the order of their bytes.
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    /// Where the data section begins in the file.
    let dataStart: Int

    /// Parses and checks the header of a file with the content `bytes`.
    init(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsFault) {
        guard bytes.count >= 8 else { throw .noHeaderLength(got: bytes.count) }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.limit) else { throw .headerTooLarge(got: length) }
        dataStart = 8 + Int(length)
        guard bytes.count >= dataStart else {
            throw .headerTruncated(got: bytes.count, expected: dataStart)
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart])
        guard let first = text.first else { throw .headerSyntax(at: 0, what: "header is empty") }
        guard first == UInt8(ascii: "{") else { throw .headerStart(got: first) }
        try parse(text)
        try checkExtents(fileSize: bytes.count)
    }

    private mutating func parse(_ text: UnsafeRawBufferPointer) throws(SafetensorsFault) {
        guard UTF8Text.validEnd(text, in: 0..<text.count) == text.count else {
            throw .headerEncoding
        }
        var parser = JSONParser(text)
        var names: Set<ExactString> = []
        try parser.parseMembers(depth: 1) { parser, name throws(SafetensorsFault) in
            guard names.insert(ExactString(name)).inserted else { throw .duplicateName(name) }
            if name == "__metadata__" {
                try parseMetadata(&parser)
            } else {
                entries.append(try Self.parseEntry(name, &parser))
            }
            return true
        }
        // White space pads the header.
        if let got = parser.nextByte() {
            throw .headerSyntax(
                at: parser.position, what: "text after the object (got byte \(got))")
        }
    }

    private mutating func parseMetadata(
        _ parser: inout JSONParser
    ) throws(SafetensorsFault) {
        try parser.parseMembers(depth: 2) { parser, key throws(SafetensorsFault) in
            guard parser.nextByte() == UInt8(ascii: "\"") else { throw .metadataValue(key: key) }
            guard metadata.updateValue(try Self.parseString(&parser), forKey: key) == nil else {
                throw .duplicateField(tensor: "__metadata__", field: key)
            }
            return true
        }
    }

    private static func parseEntry(
        _ name: String, _ parser: inout JSONParser
    ) throws(SafetensorsFault) -> Entry {
        var type: TensorType?
        var shape: [Int]?
        var offsets: [Int]?
        try parser.parseMembers(depth: 2) { parser, field throws(SafetensorsFault) in
            switch field {
            case "dtype":
                guard type == nil else { throw .duplicateField(tensor: name, field: field) }
                let text = try parseString(&parser)
                guard let known = TensorType(rawValue: text) else {
                    throw .unknownType(tensor: name, got: text)
                }
                type = known
            case "shape":
                guard shape == nil else { throw .duplicateField(tensor: name, field: field) }
                shape = try parseIntegers(&parser)
            case "data_offsets":
                guard offsets == nil else { throw .duplicateField(tensor: name, field: field) }
                offsets = try parseIntegers(&parser)
            default: throw .unknownField(tensor: name, field: field)
            }
            return true
        }
        guard let type else { throw .missingField(tensor: name, field: "dtype") }
        guard let shape else { throw .missingField(tensor: name, field: "shape") }
        guard let offsets else { throw .missingField(tensor: name, field: "data_offsets") }
        guard offsets.count == 2 else { throw .offsetCount(tensor: name, got: offsets.count) }
        let (begin, end) = (offsets[0], offsets[1])
        guard begin <= end else { throw .offsetOrder(tensor: name, begin: begin, end: end) }
        guard let size = checkedProduct(shape, times: type.size) else {
            throw .shapeOverflow(tensor: name, shape: shape)
        }
        guard end - begin == size else {
            throw .byteCount(tensor: name, got: end - begin, expected: size)
        }
        let description = TensorDescription(name: name, type: type, shape: shape)
        return Entry(description: description, begin: begin, end: end)
    }

    private static func parseString(
        _ parser: inout JSONParser
    ) throws(SafetensorsFault) -> String {
        try SafetensorsFault.lifting { () throws(JSONError) in try parser.parseString() }
    }

    /// Parses an array of integers that are not negative.
    private static func parseIntegers(
        _ parser: inout JSONParser
    ) throws(SafetensorsFault) -> [Int] {
        var integers: [Int] = []
        try parser.parseElements(depth: 3) { parser throws(SafetensorsFault) in
            let start = parser.position
            let digits: ClosedRange<UInt8> = 0x30...0x39
            guard let first = parser.nextByte(), digits.contains(first) else {
                throw .headerSyntax(
                    at: start, what: "not a number (expected a non-negative integer)")
            }
            let value = try SafetensorsFault.lifting { () throws(JSONError) in
                try parser.parseValue(depth: 3)
            }
            guard let integer = value.integer else {
                let isWhole = parser.bytes[start..<parser.position].allSatisfy(digits.contains)
                throw .headerSyntax(
                    at: start, what: isWhole ? "number does not fit 64 bits" : "not an integer")
            }
            integers.append(integer)
        }
        return integers
    }

    /// Sorts the entries, and makes sure that they cover the data section without gap or overlap.
    private mutating func checkExtents(fileSize: Int) throws(SafetensorsFault) {
        entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        var expected = 0
        for entry in entries {
            let name = entry.description.name
            guard entry.begin >= expected else {
                throw .overlap(tensor: name, got: entry.begin, expected: expected)
            }
            guard entry.begin == expected else {
                throw .hole(tensor: name, got: entry.begin, expected: expected)
            }
            expected = entry.end
        }
        let (size, overflow) = dataStart.addingReportingOverflow(expected)
        guard !overflow, fileSize >= size else {
            throw .dataTruncated(got: fileSize, expected: overflow ? .max : size)
        }
        guard fileSize == size else { throw .trailingBytes(got: fileSize, expected: size) }
    }
}

/// The product of non-negative factors, nil if it does not fit.
func checkedProduct(_ factors: [Int], times first: Int = 1) -> Int? {
    // A zero makes the product zero whatever the others are, but they must not overflow either.
    var product = first
    for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        if overflow { return nil }
        product = next
    }
    return product
}
