/// An expression of the template language.
indirect enum TemplateExpression: Sendable {
    /// Arguments of a call, by place and by name.
    struct Arguments: Sendable {
        var positional: [TemplateExpression] = []
        var named: [String: TemplateExpression] = [:]
    }

    case text(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case none
    case variable(String)
    case list([TemplateExpression])
    case object([(key: TemplateExpression, value: TemplateExpression)])
    case member(TemplateExpression, TemplateExpression)
    case slice(
        TemplateExpression, from: TemplateExpression?, to: TemplateExpression?,
        by: TemplateExpression?)
    case call(TemplateExpression, Arguments)
    case filter(TemplateExpression, String, Arguments)
    case test(TemplateExpression, String, Arguments)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    /// `value if condition else other`
    case choice(
        TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?)

    /// Longer expressions are refused, since each level of nesting costs stack.
    private static let maximumTokens = 500

    /// Parses the inside of a tag.
    static func parse(_ text: String) throws(TokenizationError) -> TemplateExpression {
        var parser = try parser(text)
        return try parser.whole()
    }

    /// A parser of a text.
    static func parser(_ text: String) throws(TokenizationError) -> TemplateExpressionParser {
        let tokens = try TemplateLexer.tokens(text)
        guard tokens.count <= maximumTokens else {
            throw .malformedTemplate(
                what: "an expression of \(tokens.count) parts (expected at most \(maximumTokens))")
        }
        return TemplateExpressionParser(text: text, tokens: tokens[...])
    }
}
