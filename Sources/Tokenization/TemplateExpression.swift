/// An expression of the template language.
indirect enum TemplateExpression: Sendable {
    case text(String)
    case integer(Int)
    case bool(Bool)
    case none
    case variable(String)
    case member(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, from: TemplateExpression?)
    case binary(String, TemplateExpression, TemplateExpression)
    case not(TemplateExpression)
    case isDefined(TemplateExpression)
    case isNone(TemplateExpression)
    case trimmed(TemplateExpression)
    case failure(TemplateExpression)

    /// Longer expressions are refused, since each level of nesting costs stack.
    private static let maximumTokens = 500

    /// Parses the inside of a tag.
    static func parse(_ text: String) throws(TokenizationError) -> TemplateExpression {
        let tokens = try lex(text)
        guard tokens.count <= maximumTokens else {
            throw .malformedTemplate(
                what: "an expression of \(tokens.count) parts (expected at most \(maximumTokens))")
        }
        var parser = TemplateExpressionParser(text: text, tokens: tokens[...])
        return try parser.whole()
    }

    /// A lexical unit.
    enum Token: Equatable {
        case text(String)
        case integer(Int)
        case name(String)
        case symbol(String)
    }

    private static func lex(_ text: String) throws(TokenizationError) -> [Token] {
        let characters = Array(text.unicodeScalars)
        var tokens: [Token] = []
        var position = 0
        while position < characters.count {
            let first = characters[position]
            if first.properties.isWhitespace {
                position += 1
            } else if first == "'" || first == "\"" {
                var content = String.UnicodeScalarView()
                position += 1
                while position < characters.count, characters[position] != first {
                    if characters[position] == "\\", position + 1 < characters.count {
                        position += 1
                        switch characters[position] {
                        case "n": content.append("\n")
                        case "t": content.append("\t")
                        case "r": content.append("\r")
                        case let other where ["\\", "'", "\""].contains(other):
                            content.append(other)
                        case let other:
                            throw .malformedTemplate(
                                what: "unsupported escape '\\\(other)' in '\(text)'")
                        }
                    } else {
                        content.append(characters[position])
                    }
                    position += 1
                }
                guard position < characters.count else {
                    throw .malformedTemplate(what: "a string that does not end in '\(text)'")
                }
                position += 1
                tokens.append(.text(String(content)))
            } else if first == "_" || first.properties.isAlphabetic {
                var name = String.UnicodeScalarView()
                while position < characters.count,
                    characters[position] == "_" || characters[position].properties.isAlphabetic
                        || ("0"..."9").contains(characters[position])
                {
                    name.append(characters[position])
                    position += 1
                }
                tokens.append(.name(String(name)))
            } else if ("0"..."9").contains(first) {
                var digits = String.UnicodeScalarView()
                while position < characters.count, ("0"..."9").contains(characters[position]) {
                    digits.append(characters[position])
                    position += 1
                }
                guard let number = Int(String(digits)) else {
                    throw .malformedTemplate(what: "a number too large in '\(text)'")
                }
                tokens.append(.integer(number))
            } else {
                let pair =
                    position + 1 < characters.count
                    ? "\(first)\(characters[position + 1])" : ""
                if ["==", "!="].contains(pair) {
                    tokens.append(.symbol(pair))
                    position += 2
                } else if ["+", "~", "(", ")", "[", "]", ".", "|", ":", ","].contains(first) {
                    tokens.append(.symbol(String(first)))
                    position += 1
                } else {
                    throw .malformedTemplate(what: "unsupported '\(first)' in '\(text)'")
                }
            }
        }
        return tokens
    }
}

/// Recursive descent over the operators, loosest first: or, and, not, comparisons, +, filters
/// and subscripts.
struct TemplateExpressionParser {
    let text: String
    var tokens: ArraySlice<TemplateExpression.Token>

    mutating func whole() throws(TokenizationError) -> TemplateExpression {
        let expression = try disjunction()
        if !tokens.isEmpty { throw unsupported }
        return expression
    }

    private var unsupported: TokenizationError {
        .malformedTemplate(what: "unsupported expression '\(text)'")
    }

    private mutating func take(_ token: TemplateExpression.Token) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func disjunction() throws(TokenizationError) -> TemplateExpression {
        var left = try conjunction()
        while take(.name("or")) { left = .binary("or", left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(TokenizationError) -> TemplateExpression {
        var left = try negation()
        while take(.name("and")) { left = .binary("and", left, try negation()) }
        return left
    }

    private mutating func negation() throws(TokenizationError) -> TemplateExpression {
        if take(.name("not")) { return .not(try negation()) }
        return try comparison()
    }

    private mutating func comparison() throws(TokenizationError) -> TemplateExpression {
        let left = try sum()
        if take(.symbol("==")) { return .binary("==", left, try sum()) }
        if take(.symbol("!=")) { return .not(.binary("==", left, try sum())) }
        if take(.name("in")) { return .binary("in", left, try sum()) }
        if take(.name("is")) {
            let isNegated = take(.name("not"))
            let test: TemplateExpression
            if take(.name("defined")) {
                test = .isDefined(left)
            } else if take(.name("none")) || take(.name("None")) {
                test = .isNone(left)
            } else {
                throw unsupported
            }
            return isNegated ? .not(test) : test
        }
        return left
    }

    private mutating func sum() throws(TokenizationError) -> TemplateExpression {
        var left = try postfix()
        while take(.symbol("+")) || take(.symbol("~")) {
            left = .binary("+", left, try postfix())
        }
        return left
    }

    private mutating func postfix() throws(TokenizationError) -> TemplateExpression {
        var value = try primary()
        while true {
            if take(.symbol(".")) {
                guard case .name(let name)? = tokens.popFirst() else { throw unsupported }
                value = .member(value, .text(name))
            } else if take(.symbol("[")) {
                if take(.symbol(":")) {
                    value = .slice(value, from: nil)
                } else {
                    let index = try disjunction()
                    value =
                        take(.symbol(":")) ? .slice(value, from: index) : .member(value, index)
                }
                guard take(.symbol("]")) else { throw unsupported }
            } else if take(.symbol("|")) {
                guard take(.name("trim")) else { throw unsupported }
                value = .trimmed(value)
            } else {
                return value
            }
        }
    }

    private mutating func primary() throws(TokenizationError) -> TemplateExpression {
        switch tokens.popFirst() {
        case .text(let text): return .text(text)
        case .integer(let number): return .integer(number)
        case .symbol("("):
            let inner = try disjunction()
            guard take(.symbol(")")) else { throw unsupported }
            return inner
        case .name("true"), .name("True"): return .bool(true)
        case .name("false"), .name("False"): return .bool(false)
        case .name("none"), .name("None"): return .none
        case .name("raise_exception"):
            guard take(.symbol("(")) else { throw unsupported }
            let message = try disjunction()
            guard take(.symbol(")")) else { throw unsupported }
            return .failure(message)
        case .name(let name):
            if tokens.first == .symbol("(") { throw unsupported }
            return .variable(name)
        default: throw unsupported
        }
    }
}
