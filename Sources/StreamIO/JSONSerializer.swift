/// Writes JSON values as compact text.
struct JSONSerializer {
    private(set) var output: [UInt8] = []

    init() { output.reserveCapacity(1024) }

    mutating func write(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): write(value)
        case .number(let value): try write(value)
        case .string(let value): write(value)
        case .integers(let values): write(values)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for index in values.indices {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                try write(values[index])
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members): try write(members)
        }
    }

    private mutating func write(_ members: [String: JSONValue]) throws(JSONError) {
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        let sorted = members.sorted { left, right in
            left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
        }
        for (key, value) in sorted {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            write(key)
            output.append(UInt8(ascii: ":"))
            do throws(JSONError) {
                try write(value)
            } catch {
                throw error.prefixed(with: key)
            }
        }
        output.append(UInt8(ascii: "}"))
    }

    private mutating func append(_ text: StaticString) {
        output.append(
            contentsOf: UnsafeBufferPointer(
                start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    // MARK: Numbers

    private mutating func write(_ values: [Int32]) {
        output.append(UInt8(ascii: "["))
        for index in values.indices {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(Int64(values[index]))
        }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ value: Int64) {
        if value < 0 { output.append(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        let start = output.count
        repeat {
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
            output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder))
            magnitude = quotient
        } while magnitude > 0
        var left = start
        var right = output.count - 1
        while left < right {
            output.swapAt(left, right)
            left += 1
            right -= 1
        }
    }

    private mutating func write(_ value: Double) throws(JSONError) {
        guard value.isFinite else {
            throw JSONError(
                description: "cannot be written as JSON (got \(value), expected a finite number)")
        }
        // The standard library writes the fewest digits that read back as the same value.
        output.append(contentsOf: value.description.utf8)
    }

    // MARK: Strings

    private mutating func write(_ value: String) {
        output.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            var start = 0
            for index in text.indices {
                let byte = text[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                else { continue }
                output.append(contentsOf: text[start..<index])
                start = index + 1
                escape(byte)
            }
            output.append(contentsOf: text[start...])
        }
        output.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        default:
            let digits = Array("0123456789abcdef".utf8)
            append("\\u00")
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
    }
}

extension JSONError {
    fileprivate func prefixed(with key: String) -> JSONError {
        JSONError(description: "field \"\(key)\" " + description)
    }
}
