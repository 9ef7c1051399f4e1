/// Recursive descent over the operators, loosest first: `if … else`, or, and, not, comparisons, + and
/// -, ~, * and /, signs, then filters, tests, calls and subscripts.
struct TemplateExpressionParser {
    let text: String
    var tokens: ArraySlice<TemplateToken>

    mutating func whole() throws(TokenizationError) -> TemplateExpression {
        let expression = try tuple()
        if !tokens.isEmpty { throw unsupported }
        return expression
    }

    var unsupported: TokenizationError {
        .malformedTemplate(what: "unsupported expression '\(text)'")
    }

    mutating func take(_ token: TemplateToken) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }

    mutating func take(_ symbol: String) -> Bool { take(.symbol(symbol)) }

    private mutating func expect(_ symbol: String) throws(TokenizationError) {
        guard take(symbol) else { throw unsupported }
    }

    mutating func takeName() throws(TokenizationError) -> String {
        guard case .name(let name)? = tokens.popFirst() else { throw unsupported }
        return name
    }

    /// One expression, or several with commas between them.
    mutating func tuple() throws(TokenizationError) -> TemplateExpression {
        let first = try expression()
        guard tokens.first == .symbol(",") else { return first }
        var elements = [first]
        while take(",") {
            guard let next = tokens.first, next != .symbol(")") else { break }
            elements.append(try expression())
        }
        return .list(elements)
    }

    mutating func expression() throws(TokenizationError) -> TemplateExpression {
        let value = try disjunction()
        guard take(.name("if")) else { return value }
        let condition = try disjunction()
        let otherwise = take(.name("else")) ? try expression() : nil
        return .choice(value, condition: condition, otherwise: otherwise)
    }

    // MARK: Operators

    mutating func disjunction() throws(TokenizationError) -> TemplateExpression {
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
        var left = try sum()
        var chain: TemplateExpression?
        while let (symbol, isNegated) = takeComparison() {
            let right = try sum()
            let one = TemplateExpression.binary(symbol, left, right)
            let next = isNegated ? .not(one) : one
            chain = chain.map { .binary("and", $0, next) } ?? next
            left = right
        }
        return chain ?? left
    }

    private mutating func takeComparison() -> (symbol: String, isNegated: Bool)? {
        if take("!=") { return ("==", true) }
        for symbol in ["==", "<=", ">=", "<", ">"] where take(symbol) { return (symbol, false) }
        if take(.name("in")) { return ("in", false) }
        if tokens.first == .name("not"), tokens.dropFirst().first == .name("in") {
            tokens.removeFirst(2)
            return ("in", true)
        }
        return nil
    }

    private mutating func sum() throws(TokenizationError) -> TemplateExpression {
        var left = try concatenation()
        while true {
            if take("+") {
                left = .binary("+", left, try concatenation())
            } else if take("-") {
                left = .binary("-", left, try concatenation())
            } else {
                return left
            }
        }
    }

    private mutating func concatenation() throws(TokenizationError) -> TemplateExpression {
        var left = try product()
        while take("~") { left = .binary("~", left, try product()) }
        return left
    }

    private mutating func product() throws(TokenizationError) -> TemplateExpression {
        var left = try unary()
        while case .symbol(let symbol)? = tokens.first, ["*", "/", "//", "%"].contains(symbol) {
            tokens.removeFirst()
            left = .binary(symbol, left, try unary())
        }
        return left
    }

    private mutating func unary() throws(TokenizationError) -> TemplateExpression {
        if take("-") { return .negative(try unary()) }
        if take("+") { return try unary() }
        return try suffixes(of: try primary(), withFilters: true)
    }

    // MARK: Suffixes

    private mutating func suffixes(
        of base: TemplateExpression, withFilters: Bool
    ) throws(TokenizationError) -> TemplateExpression {
        var value = base
        while true {
            if take(".") {
                if case .integer(let index)? = tokens.first {
                    tokens.removeFirst()
                    value = .member(value, .integer(index))
                } else {
                    value = .member(value, .text(try takeName()))
                }
            } else if take("[") {
                value = try subscripted(value)
            } else if take("(") {
                value = .call(value, try arguments())
            } else if withFilters, take("|") {
                let name = try takeName()
                value = .filter(value, name, take("(") ? try arguments() : .init())
            } else if withFilters, take(.name("is")) {
                value = try tested(value)
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(
        _ base: TemplateExpression
    ) throws(TokenizationError) -> TemplateExpression {
        func isEnd(_ token: TemplateToken?) -> Bool {
            token == .symbol(":") || token == .symbol("]")
        }
        var parts: [TemplateExpression?] = [isEnd(tokens.first) ? nil : try expression()]
        while parts.count < 3, take(":") {
            parts.append(isEnd(tokens.first) ? nil : try expression())
        }
        try expect("]")
        if parts.count == 1 {
            guard let index = parts[0] else { throw unsupported }
            return .member(base, index)
        }
        return .slice(base, from: parts[0], to: parts[1], by: parts.count > 2 ? parts[2] : nil)
    }

    private mutating func tested(
        _ value: TemplateExpression
    ) throws(TokenizationError) -> TemplateExpression {
        let isNegated = take(.name("not"))
        let name = try takeName()
        var arguments = TemplateExpression.Arguments()
        if take("(") {
            arguments = try self.arguments()
        } else if startsArgument {
            arguments.positional = [try suffixes(of: try primary(), withFilters: false)]
        }
        let test = TemplateExpression.test(value, name, arguments)
        return isNegated ? .not(test) : test
    }

    /// Whether an argument of a test comes next, which needs no parentheses.
    private var startsArgument: Bool {
        switch tokens.first {
        case .text, .integer, .number: true
        case .symbol(let symbol): symbol == "[" || symbol == "{"
        case .name(let name): !["else", "or", "and", "is", "if", "in", "not"].contains(name)
        case nil: false
        }
    }

    /// Arguments up to the closing parenthesis.
    mutating func arguments() throws(TokenizationError) -> TemplateExpression.Arguments {
        var arguments = TemplateExpression.Arguments()
        while !take(")") {
            if case .name(let name)? = tokens.first, tokens.dropFirst().first == .symbol("=") {
                tokens.removeFirst(2)
                arguments.named[name] = try expression()
            } else {
                arguments.positional.append(try expression())
            }
            if tokens.first != .symbol(")") { try expect(",") }
        }
        return arguments
    }

    // MARK: Primaries

    private mutating func primary() throws(TokenizationError) -> TemplateExpression {
        switch tokens.popFirst() {
        case .text(var text):
            while case .text(let more)? = tokens.first {
                text += more
                tokens.removeFirst()
            }
            return .text(text)
        case .integer(let number): return .integer(number)
        case .number(let number): return .number(number)
        case .symbol("("):
            if take(")") { return .list([]) }
            let inner = try tuple()
            try expect(")")
            return inner
        case .symbol("["): return .list(try elements(until: "]"))
        case .symbol("{"): return .object(try members())
        case .name("true"), .name("True"): return .bool(true)
        case .name("false"), .name("False"): return .bool(false)
        case .name("none"), .name("None"): return .none
        case .name(let name):
            guard !["if", "else", "and", "or", "not", "is", "in"].contains(name) else {
                throw unsupported
            }
            return .variable(name)
        default: throw unsupported
        }
    }

    private mutating func elements(
        until end: String
    ) throws(TokenizationError) -> [TemplateExpression] {
        var elements: [TemplateExpression] = []
        while !take(end) {
            elements.append(try expression())
            if tokens.first != .symbol(end) { try expect(",") }
        }
        return elements
    }

    private mutating func members() throws(TokenizationError) -> [(
        key: TemplateExpression, value: TemplateExpression
    )] {
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !take("}") {
            let key = try expression()
            try expect(":")
            members.append((key, try expression()))
            if tokens.first != .symbol("}") { try expect(",") }
        }
        return members
    }
}
