// How values are spelt where they would be written in another way.
extension JSONParser {
    /// Parses a value inside `depth` objects and arrays.
    ///
    /// - Returns: the value and, if it would be written in another way, the JSON text that it is to
    ///   be written as. Objects keep the spellings of their members themselves.
    package mutating func parseSpeltValue(
        depth: Int
    ) throws(JSONError) -> (value: JSONValue, spelling: [UInt8]?) {
        guard keepsSpelling else { return (try parseValue(depth: depth), nil) }
        let outer = metOddSpelling
        defer { metOddSpelling = outer }
        metOddSpelling = false
        let start = position
        let value = try parseValue(depth: depth)
        guard metOddSpelling else { return (value, nil) }
        switch value {
        case .object: return (value, nil)
        case .array:
            let end = position
            position = start
            var spelling = JSONSerializer()
            try spell(to: &spelling, depth: depth)
            position = end
            return (value, [UInt8](spelling.bytes))
        default: return (value, [UInt8](bytes[start..<position]))
        }
    }

    /// Writes the value that stands here: arrays without white space, objects as ever, anything
    /// else to the letter.
    private mutating func spell(
        to output: inout JSONSerializer, depth: Int
    ) throws(JSONError) {
        let start = position
        guard start < bytes.count, bytes[start] == UInt8(ascii: "[") else {
            let value = try parseValue(depth: depth)
            if case .object = value {
                try output.write(value)
            } else {
                output.append(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
            }
            return
        }
        output.append(UInt8(ascii: "["))
        var isFirst = true
        try parseElements(depth: depth + 1) { parser throws(JSONError) in
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            try parser.spell(to: &output, depth: depth + 1)
        }
        output.append(UInt8(ascii: "]"))
    }
}
