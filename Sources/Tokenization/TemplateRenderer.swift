/// A value of the template language.
enum TemplateValue: Sendable, Equatable {
    case undefined
    case none
    case bool(Bool)
    case integer(Int)
    case text(PromptText)
    case list([TemplateValue])
    case object([String: TemplateValue])

    /// Whether a condition takes the value for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .text(let value): value.pieces.contains { !$0.text.isEmpty }
        case .list(let values): !values.isEmpty
        case .object(let values): !values.isEmpty
        }
    }

    /// Equality of the template language: texts by content, whatever they came from.
    func equals(_ other: TemplateValue) -> Bool {
        if case .text(let left) = self, case .text(let right) = other {
            return left.text.utf8.elementsEqual(right.text.utf8)
        }
        return self == other
    }
}

/// Walks the tree of a template and collects its output.
struct TemplateRenderer {
    private var variables: [String: TemplateValue]
    private(set) var output = PromptText([])
    /// How many bytes of text may still be put together, taken apart or compared.
    private var allowance: Int

    /// - Parameter allowance: how many bytes of text may be put together, taken apart or compared in
    ///   all. A few assignments that double a text would else fill any memory.
    init(variables: [String: TemplateValue], allowance: Int) {
        self.variables = variables
        self.allowance = allowance
    }

    mutating func render(_ nodes: [TemplateNode]) throws(TokenizationError) {
        for node in nodes {
            switch node {
            case .text(let text): output.pieces += PromptText.literal(text).pieces
            case .output(let expression):
                switch try value(expression) {
                case .text(let text):
                    try spend(text)
                    output.pieces += text.pieces
                case .integer(let number): output.pieces += PromptText.literal("\(number)").pieces
                case .undefined, .none: break
                default: throw .malformedTemplate(what: "output of something that is not text")
                }
            case .assignment(let name, let expression):
                variables[name] = try value(expression)
            case .choice(let branches, let otherwise):
                try render(try branch(branches, otherwise))
            case .loop(let variable, let expression, let body):
                guard case .list(let elements) = try value(expression) else {
                    throw .malformedTemplate(what: "a loop over something that is not a list")
                }
                // What is set inside a loop is not seen after it.
                let saved = variables
                for (index, element) in elements.enumerated() {
                    variables[variable] = element
                    variables["loop"] = .object([
                        "first": .bool(index == 0), "last": .bool(index == elements.count - 1),
                        "index0": .integer(index), "index": .integer(index + 1),
                        "length": .integer(elements.count),
                    ])
                    try render(body)
                }
                variables = saved
            }
        }
    }

    private mutating func branch(
        _ branches: [(condition: TemplateExpression, body: [TemplateNode])],
        _ otherwise: [TemplateNode]
    ) throws(TokenizationError) -> [TemplateNode] {
        for (condition, body) in branches where try value(condition).isTrue { return body }
        return otherwise
    }

    private mutating func value(
        _ expression: TemplateExpression
    ) throws(TokenizationError) -> TemplateValue {
        switch expression {
        case .text(let text): return .text(.literal(text))
        case .integer(let number): return .integer(number)
        case .bool(let flag): return .bool(flag)
        case .none: return .none
        case .variable(let name): return variables[name] ?? .undefined
        case .not(let operand): return .bool(!(try value(operand).isTrue))
        case .isDefined(let operand): return .bool(try value(operand) != .undefined)
        case .isNone(let operand): return .bool(try value(operand) == .none)
        case .trimmed(let operand): return try trimmed(try value(operand))
        case .failure(let message):
            guard case .text(let text) = try value(message) else {
                throw .malformedTemplate(what: "the chat template refuses the messages")
            }
            throw .malformedTemplate(what: "the chat template says: \(text.text)")
        case .slice(let list, let from):
            let first: TemplateValue = if let from { try value(from) } else { .integer(0) }
            guard case .list(let elements) = try value(list), case .integer(let start) = first
            else { throw .malformedTemplate(what: "a slice of something that is not a list") }
            return .list(Array(elements.dropFirst(start)))
        case .member(let base, let key): return try member(try value(base), try value(key))
        case .binary(let symbol, let left, let right):
            return try binary(symbol, try value(left), right)
        }
    }

    private func member(
        _ base: TemplateValue, _ key: TemplateValue
    ) throws(TokenizationError) -> TemplateValue {
        switch (base, key) {
        case (.object(let fields), .text(let name)): return fields[name.text] ?? .undefined
        case (.list(let elements), .integer(let index)):
            return elements.indices.contains(index) ? elements[index] : .undefined
        case (.undefined, _): throw .malformedTemplate(what: "a member of an undefined value")
        default: return .undefined
        }
    }

    private mutating func binary(
        _ symbol: String, _ left: TemplateValue, _ rightExpression: TemplateExpression
    ) throws(TokenizationError) -> TemplateValue {
        // The second operand of `and` and `or` may only make sense if it is needed.
        if symbol == "and" { return left.isTrue ? try value(rightExpression) : left }
        if symbol == "or" { return left.isTrue ? left : try value(rightExpression) }
        let right = try value(rightExpression)
        for case .text(let text) in [left, right] { try spend(text) }
        switch (symbol, left, right) {
        case ("==", _, _): return .bool(left.equals(right))
        case ("+", .text(let left), .text(let right)):
            return .text(PromptText(left.pieces + right.pieces))
        case ("+", .integer(let left), .integer(let right)): return .integer(left &+ right)
        case ("in", _, .list(let elements)):
            return .bool(elements.contains { $0.equals(left) })
        case ("in", .text(let left), .object(let fields)): return .bool(fields[left.text] != nil)
        case ("in", .text(let left), .text(let right)):
            return .bool(right.text.contains(left.text))
        default:
            throw .malformedTemplate(what: "'\(symbol)' between values that do not fit")
        }
    }

    /// The text without white space at its ends; pieces keep their origin.
    private mutating func trimmed(_ value: TemplateValue) throws(TokenizationError) -> TemplateValue
    {
        guard case .text(var text) = value else {
            throw .malformedTemplate(what: "trim of something that is not text")
        }
        try spend(text)
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }
        if let first = text.pieces.firstIndex(where: { !$0.text.unicodeScalars.allSatisfy(isSpace) }
        ) {
            text.pieces.removeFirst(first)
            let start = text.pieces[0].text.unicodeScalars.drop(while: isSpace)
            text.pieces[0].text = String(start)
        } else {
            text.pieces = []
        }
        if let last = text.pieces.lastIndex(where: { !$0.text.unicodeScalars.allSatisfy(isSpace) })
        {
            text.pieces.removeLast(text.pieces.count - 1 - last)
            let kept = text.pieces[last].text.unicodeScalars.reversed().drop(while: isSpace)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: kept.reversed())
            text.pieces[last].text = String(view)
        }
        return .text(text)
    }

    private mutating func spend(_ text: PromptText) throws(TokenizationError) {
        // A piece is kept with what belongs to it.
        allowance -= text.pieces.reduce(0) { $0 + $1.text.utf8.count + 64 }
        guard allowance >= 0 else {
            throw .malformedTemplate(what: "the chat template makes far more text than it is given")
        }
    }
}
