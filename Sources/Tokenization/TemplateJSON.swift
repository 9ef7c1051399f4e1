import StreamIO

/// Values as JSON, spelt as chat templates get it elsewhere: a space after commas and colons, members
/// in their order, what comes from data kept apart from what does not. Strings are spelt as ever.
enum TemplateJSON {
    /// - Parameter indent: spaces a level, each element on a line of its own; nil for one line.
    static func text(
        _ value: TemplateValue, indent: Int?
    ) throws(TokenizationError) -> PromptText {
        var result = PromptText([PromptText.Piece]())
        try append(value, indent.map { min(max($0, 0), 16) }, 0, to: &result)
        return result
    }

    private static let maximumDepth = 64

    private static func append(
        _ value: TemplateValue, _ indent: Int?, _ depth: Int, to result: inout PromptText
    ) throws(TokenizationError) {
        guard depth < maximumDepth else {
            throw .malformedTemplate(what: "tojson of values too deep inside each other")
        }
        func literal(_ text: String) { result.pieces.append(.init(text: text, isData: false)) }
        func line(_ depth: Int) {
            if let indent { literal("\n" + String(repeating: " ", count: indent * depth)) }
        }
        switch value {
        case .none: literal("null")
        case .bool(let flag): literal(flag ? "true" : "false")
        case .integer(let number): literal("\(number)")
        case .number(let number): literal("\(number)")
        case .text(let text): result.pieces += quoted(text).pieces
        case .list(let elements):
            literal("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { literal(indent == nil ? ", " : ",") }
                line(depth + 1)
                try append(element, indent, depth + 1, to: &result)
            }
            if !elements.isEmpty { line(depth) }
            literal("]")
        case .object(let object):
            literal("{")
            for (index, (key, value)) in object.members.enumerated() {
                if index > 0 { literal(indent == nil ? ", " : ",") }
                line(depth + 1)
                result.pieces += quoted(.literal(key)).pieces
                literal(": ")
                try append(value, indent, depth + 1, to: &result)
            }
            if !object.members.isEmpty { line(depth) }
            literal("}")
        case .undefined, .namespace, .macro, .function:
            throw .malformedTemplate(what: "tojson of something that JSON does not have")
        }
    }

    private static func quoted(_ text: PromptText) -> PromptText {
        .literal("\"")
            + text.mapped(JSONString.escaped) + .literal("\"")
    }
}
