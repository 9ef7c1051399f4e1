import StreamIO

/// JSON as Hugging Face writes it to configuration files: indented by two, keys sorted, numbers
/// that are not integers always with a point, as their readers insist on `float`.
enum JSONText {
    static func pretty(_ value: JSONValue) -> [UInt8] {
        var text: [UInt8] = []
        append(value, indentation: 0, to: &text)
        text.append(0x0A)
        return text
    }

    private static func append(_ value: JSONValue, indentation: Int, to text: inout [UInt8]) {
        switch value {
        case .null: text += Array("null".utf8)
        case .bool(let flag): text += Array((flag ? "true" : "false").utf8)
        case .integer(let number): text += Array(String(number).utf8)
        // Swift writes the shortest form, and always a point or an exponent.
        case .number(let number): text += Array(number.description.utf8)
        case .string(let string): append(string, to: &text)
        case .integers(let numbers):
            appendList(numbers, "[", "]", indentation, to: &text) { number, text in
                text += Array(String(number).utf8)
            }
        case .array(let values):
            appendList(values, "[", "]", indentation, to: &text) { value, text in
                append(value, indentation: indentation + 2, to: &text)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            appendList(sorted, "{", "}", indentation, to: &text) { member, text in
                append(member.key, to: &text)
                text += Array(": ".utf8)
                append(member.value, indentation: indentation + 2, to: &text)
            }
        }
    }

    private static func appendList<T>(
        _ elements: [T], _ open: String, _ close: String, _ indentation: Int,
        to text: inout [UInt8], _ element: (T, inout [UInt8]) -> Void
    ) {
        text += Array(open.utf8)
        for (index, value) in elements.enumerated() {
            text += Array((index == 0 ? "\n" : ",\n").utf8)
            text += Array(repeating: 0x20, count: indentation + 2)
            element(value, &text)
        }
        if !elements.isEmpty {
            text.append(0x0A)
            text += Array(repeating: 0x20, count: indentation)
        }
        text += Array(close.utf8)
    }

    /// Appends a string in quotes.
    static func append(_ string: String, to text: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): text += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\\"): text += [byte, byte]
            case 0x0A: text += Array("\\n".utf8)
            case 0x0D: text += Array("\\r".utf8)
            case 0x09: text += Array("\\t".utf8)
            case 0..<0x20:
                text += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
