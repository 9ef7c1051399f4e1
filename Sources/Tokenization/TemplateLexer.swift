/// Lexical units of the template language's expressions.
enum TemplateToken: Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case name(String)
    case symbol(String)
}

/// Takes the inside of a tag apart.
struct TemplateLexer {
    private static let symbols: [String] = [
        "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{",
        "}", ".", "|", ":", ",", "<", ">", "=",
    ]

    private let text: String
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var tokens: [TemplateToken] = []

    private init(_ text: String) {
        self.text = text
        scalars = Array(text.unicodeScalars)
    }

    /// The units of a text.
    static func tokens(_ text: String) throws(TokenizationError) -> [TemplateToken] {
        var lexer = TemplateLexer(text)
        while lexer.position < lexer.scalars.count { try lexer.takeToken() }
        return lexer.tokens
    }

    private mutating func takeToken() throws(TokenizationError) {
        let first = scalars[position]
        if first.properties.isWhitespace {
            position += 1
        } else if first == "'" || first == "\"" {
            tokens.append(.text(try takeText(until: first)))
        } else if first == "_" || first.properties.isAlphabetic {
            tokens.append(
                .name(take { $0 == "_" || $0.properties.isAlphabetic || Self.isDigit($0) }))
        } else if Self.isDigit(first) {
            try takeNumber()
        } else {
            let rest = scalars[position...]
            guard
                let symbol = Self.symbols.first(where: { rest.starts(with: $0.unicodeScalars) })
            else { throw .malformedTemplate(what: "unsupported '\(first)' in '\(text)'") }
            tokens.append(.symbol(symbol))
            position += symbol.unicodeScalars.count
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private mutating func take(_ belongs: (Unicode.Scalar) -> Bool) -> String {
        var view = String.UnicodeScalarView()
        while position < scalars.count, belongs(scalars[position]) {
            view.append(scalars[position])
            position += 1
        }
        return String(view)
    }

    private mutating func takeNumber() throws(TokenizationError) {
        let whole = take { ("0"..."9").contains($0) }
        if position + 1 < scalars.count, scalars[position] == ".",
            Self.isDigit(scalars[position + 1])
        {
            position += 1
            let fraction = take { ("0"..."9").contains($0) }
            tokens.append(.number(Double(whole + "." + fraction) ?? 0))
            return
        }
        guard let number = Int(whole) else {
            throw .malformedTemplate(what: "a number too large in '\(text)'")
        }
        tokens.append(.integer(number))
    }

    private mutating func takeText(
        until quote: Unicode.Scalar
    ) throws(TokenizationError) -> String {
        var content = String.UnicodeScalarView()
        position += 1
        while position < scalars.count, scalars[position] != quote {
            if scalars[position] == "\\", position + 1 < scalars.count {
                position += 1
                try takeEscape(into: &content)
            } else {
                content.append(scalars[position])
            }
            position += 1
        }
        guard position < scalars.count else {
            throw .malformedTemplate(what: "a string that does not end in '\(text)'")
        }
        position += 1
        return String(content)
    }

    private mutating func takeEscape(
        into content: inout String.UnicodeScalarView
    ) throws(TokenizationError) {
        let escaped = scalars[position]
        switch escaped {
        case "n": content.append("\n")
        case "t": content.append("\t")
        case "r": content.append("\r")
        case "\\", "'", "\"": content.append(escaped)
        case "x", "u":
            let count = escaped == "x" ? 2 : 4
            let digits = scalars.dropFirst(position + 1).prefix(count)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: digits)
            guard digits.count == count, let value = UInt32(String(view), radix: 16),
                let scalar = Unicode.Scalar(value)
            else { fallthrough }
            content.append(scalar)
            position += count
        default:
            throw .malformedTemplate(what: "unsupported escape '\\\(escaped)' in '\(text)'")
        }
    }
}
