/// The steps that make text of the spellings of tokens.
struct TokenDecoder: Sendable {
    enum Step: Sendable {
        /// Spellings in ``ByteAlphabet`` become the bytes they stand for.
        case byteLevel
        /// Runs of `<0x0A>` become bytes, U+FFFD for each of a run that is no UTF-8.
        case byteFallback
        /// All tokens become one.
        case fuse
        /// So many times, a character goes from the ends of a token.
        case strip([UInt8], start: Int, stop: Int)
        case replace(CharacterRun, with: [UInt8])
        /// The replacement for spaces becomes a space, and goes from the first token.
        case metaspace(replacement: [UInt8], dropsFirst: Bool)
    }

    var steps: [Step]
    /// What stands between tokens where there are no steps.
    var separator: [UInt8] = []

    /// The text of tokens.
    func text(_ tokens: [ArraySlice<UInt8>]) -> [UInt8] {
        var tokens = tokens.map { Array($0) }
        for step in steps { Self.apply(step, to: &tokens) }
        return Array(tokens.joined(separator: separator))
    }

    private static func apply(_ step: Step, to tokens: inout [[UInt8]]) {
        switch step {
        case .byteLevel: tokens = [byteLevel(tokens)]
        case .fuse: tokens = [Array(tokens.joined())]
        case .byteFallback: tokens = byteFallback(tokens)
        case .strip(let content, let start, let stop):
            for index in tokens.indices { strip(&tokens[index], content, start, stop) }
        case .replace(let pattern, let content):
            for index in tokens.indices {
                tokens[index] = tokens[index].withUnsafeBufferPointer { bytes in
                    pattern.spans(bytes).reduce(into: []) { result, span in
                        if span.isMatch { result += content } else { result += bytes[span.range] }
                    }
                }
            }
        case .metaspace(let replacement, let dropsFirst):
            for index in tokens.indices {
                var text: [UInt8] = []
                var rest = tokens[index][...]
                while let byte = rest.first {
                    if rest.starts(with: replacement) {
                        if index > 0 || !dropsFirst { text.append(UInt8(ascii: " ")) }
                        rest.removeFirst(replacement.count)
                    } else {
                        text.append(byte)
                        rest.removeFirst()
                    }
                }
                tokens[index] = text
            }
        }
    }

    private static func byteLevel(_ tokens: [[UInt8]]) -> [UInt8] {
        var text: [UInt8] = []
        for token in tokens {
            let start = text.count
            let isSpelt = token.withUnsafeBufferPointer { ByteAlphabet.decode($0, into: &text) }
            guard !isSpelt else { continue }
            text.removeLast(text.count - start)
            text += token
        }
        return text
    }

    private static func byteFallback(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var bytes: [UInt8] = []
        func flush() {
            guard !bytes.isEmpty else { return }
            if String(validating: bytes, as: UTF8.self) != nil {
                result.append(bytes)
            } else {
                result += [[UInt8]](repeating: [0xEF, 0xBF, 0xBD], count: bytes.count)
            }
            bytes.removeAll()
        }
        for token in tokens {
            if let byte = ByteToken.byte(of: token) {
                bytes.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    private static func strip(
        _ token: inout [UInt8], _ content: [UInt8], _ start: Int, _ stop: Int
    ) {
        guard !content.isEmpty else { return }
        var rest = token[...]
        var count = 0
        while count < start, rest.starts(with: content) {
            rest.removeFirst(content.count)
            count += 1
        }
        count = 0
        while count < stop, rest.count >= content.count,
            rest.suffix(content.count).elementsEqual(content)
        {
            rest.removeLast(content.count)
            count += 1
        }
        token = Array(rest)
    }
}

/// The spelling of single bytes in vocabularies of characters: `<0x0A>`.
enum ByteToken {
    /// The token of a byte.
    static func spelling(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x" + (digits.count == 1 ? "0" + digits : digits) + ">"
    }

    /// The byte that a token stands for, if it is spelt so.
    static func byte(of token: some Collection<UInt8>) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8) else { return nil }
        let digits = token.dropFirst(3).prefix(2)
        let isHexadecimal = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        guard isHexadecimal, token.dropFirst(5).first == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
