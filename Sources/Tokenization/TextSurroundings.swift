/// Unicode's white space at the ends of a text.
enum WhiteSpace {
    /// Where the white space begins that ends at `end`.
    static func start(
        _ text: UnsafeBufferPointer<UInt8>, before end: Int, notBefore limit: Int = 0
    ) -> Int {
        var end = end
        while end > limit, let (scalar, start) = lastScalar(text, before: end), start >= limit,
            scalar.properties.isWhitespace
        {
            end = start
        }
        return end
    }

    /// Where the white space ends that begins at `start`.
    static func end(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var start = start
        while start < text.count {
            let (scalar, length) = decodeScalar(text, at: start)
            guard let scalar, scalar.properties.isWhitespace else { break }
            start += length
        }
        return start
    }
}

/// The scalar that ends before `end`, and where it begins; nil if there is no valid one.
func lastScalar(
    _ text: UnsafeBufferPointer<UInt8>, before end: Int
) -> (Unicode.Scalar, start: Int)? {
    for length in 1...4 where length <= end {
        guard text[end - length] & 0xC0 != 0x80 else { continue }
        let (scalar, got) = decodeScalar(text, at: end - length)
        guard let scalar, got == length else { return nil }
        return (scalar, end - length)
    }
    return nil
}

extension Unicode.Scalar {
    /// Whether this is a letter, mark, decimal digit, connector or joiner: `\w` of Unicode's regular
    /// expressions.
    var isWordCharacter: Bool {
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }
}
