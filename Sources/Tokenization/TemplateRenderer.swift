/// Walks the tree of a template and collects its output.
struct TemplateRenderer {
    /// How a run of nodes ended.
    enum Course { case goesOn, leaves, next }

    var variables: [String: TemplateValue]
    private(set) var output = PromptText([PromptText.Piece]())
    var namespaces: [TemplateObject] = []
    /// How many bytes of text may still be put together, taken apart or compared.
    private var allowance: Int
    /// Macros cost stack where they call each other.
    private var depth = 0
    private static let maximumDepth = 40
    /// What a step costs, in bytes of text.
    private static let stepCost = 32

    /// - Parameter allowance: how many bytes of text may be put together, taken apart or compared in
    ///   all. A few assignments that double a text would else fill any memory.
    init(variables: [String: TemplateValue], allowance: Int) {
        self.variables = variables
        self.allowance = allowance
    }

    func fault(_ what: String) -> TokenizationError { .malformedTemplate(what: what) }

    @discardableResult
    mutating func render(_ nodes: [TemplateNode]) throws(TokenizationError) -> Course {
        for node in nodes {
            try spend(Self.stepCost)
            let course = try render(node)
            if course != .goesOn { return course }
        }
        return .goesOn
    }

    private mutating func render(_ node: TemplateNode) throws(TokenizationError) -> Course {
        switch node {
        case .text(let text): output.pieces += PromptText.literal(text).pieces
        case .output(let expression):
            let text = try self.text(of: try value(expression))
            try spend(text)
            output.pieces += text.pieces
        case .assignment(let target, let expression): try assign(try value(expression), to: target)
        case .capture(let target, let body): try assign(.text(try captured(body)), to: target)
        case .choice(let branches, let otherwise):
            return try render(try branch(branches, otherwise))
        case .loop(let loop): try render(loop)
        case .macro(let macro): variables[macro.name] = .macro(macro)
        case .leave: return .leaves
        case .next: return .next
        }
        return .goesOn
    }

    /// What the nodes make, apart from the output.
    private mutating func captured(_ nodes: [TemplateNode]) throws(TokenizationError) -> PromptText
    {
        let outer = output
        output = PromptText([PromptText.Piece]())
        try render(nodes)
        let made = output
        output = outer
        return made
    }

    private mutating func branch(
        _ branches: [(condition: TemplateExpression, body: [TemplateNode])],
        _ otherwise: [TemplateNode]
    ) throws(TokenizationError) -> [TemplateNode] {
        for (condition, body) in branches where try value(condition).isTrue { return body }
        return otherwise
    }

    private mutating func assign(
        _ value: TemplateValue, to target: TemplateNode.Target
    ) throws(TokenizationError) {
        switch target {
        case .name(let name): variables[name] = value
        case .names(let names): try unpack(value, into: names)
        case .member(let name, let key):
            guard case .namespace(let number)? = variables[name] else {
                throw fault("'\(name)' is no namespace")
            }
            namespaces[number][key] = value
        }
    }

    private mutating func unpack(
        _ value: TemplateValue, into names: [String]
    ) throws(TokenizationError) {
        guard names.count > 1 else {
            for name in names { variables[name] = value }
            return
        }
        guard case .list(let elements) = value, elements.count == names.count else {
            throw fault("\(names.count) names for something that is not as many values")
        }
        for (name, element) in zip(names, elements) { variables[name] = element }
    }

    // MARK: Loops

    private mutating func render(_ loop: TemplateNode.Loop) throws(TokenizationError) {
        // What is set inside a loop is not seen after it, nor the next time round.
        let saved = variables
        defer { variables = saved }
        var elements: [TemplateValue] = []
        for element in try self.elements(of: try value(loop.list)) {
            if let condition = loop.condition {
                try unpack(element, into: loop.variables)
                guard try value(condition).isTrue else { continue }
            }
            elements.append(element)
        }
        if elements.isEmpty {
            try render(loop.otherwise)
            return
        }
        for (index, element) in elements.enumerated() {
            variables = saved
            try unpack(element, into: loop.variables)
            variables["loop"] = .object(Self.state(index, elements))
            if try render(loop.body) == .leaves { break }
        }
    }

    private static func state(_ index: Int, _ elements: [TemplateValue]) -> TemplateObject {
        let count = elements.count
        return TemplateObject([
            ("first", .bool(index == 0)), ("last", .bool(index == count - 1)),
            ("index0", .integer(index)), ("index", .integer(index + 1)),
            ("revindex0", .integer(count - 1 - index)), ("revindex", .integer(count - index)),
            ("length", .integer(count)),
            ("previtem", index > 0 ? elements[index - 1] : .undefined),
            ("nextitem", index + 1 < count ? elements[index + 1] : .undefined),
        ])
    }

    /// What a loop goes over.
    mutating func elements(of value: TemplateValue) throws(TokenizationError) -> [TemplateValue] {
        switch value {
        case .list(let elements): return elements
        case .object(let object): return object.members.map { .literal($0.key) }
        case .undefined: return []
        case .text(let text):
            try spend(text)
            return text.cells.map { .text(PromptText([$0])) }
        default: throw fault("a loop over something that is not a list")
        }
    }

    // MARK: Calls

    mutating func call(
        _ macro: TemplateNode.Macro, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw fault("macros that call each other too deep")
        }
        let saved = variables
        defer { variables = saved }
        for (place, parameter) in macro.parameters.enumerated() {
            if place < arguments.positional.count {
                variables[parameter.name] = arguments.positional[place]
            } else if let named = arguments.named[parameter.name] {
                variables[parameter.name] = named
            } else {
                variables[parameter.name] =
                    try parameter.standard.map {
                        expression throws(TokenizationError) in try value(expression)
                    } ?? .undefined
            }
        }
        return .text(try captured(macro.body))
    }

    // MARK: Limits

    mutating func spend(_ text: PromptText) throws(TokenizationError) {
        // A piece is kept with what belongs to it.
        try spend(text.pieces.reduce(0) { $0 + $1.text.utf8.count + 64 })
    }

    mutating func spend(_ bytes: Int) throws(TokenizationError) {
        allowance -= bytes
        guard allowance >= 0 else {
            throw fault("the chat template makes far more text than it is given")
        }
    }

    /// A value as it is printed.
    func text(of value: TemplateValue) throws(TokenizationError) -> PromptText {
        switch value {
        case .text(let text): return text
        case .integer(let number): return .literal("\(number)")
        case .number(let number): return .literal("\(number)")
        case .bool(let flag): return .literal(flag ? "True" : "False")
        case .none: return .literal("None")
        case .undefined: return PromptText([PromptText.Piece]())
        default: throw fault("output of something that is not text")
        }
    }
}

/// Arguments of a call, worked out.
struct TemplateArguments {
    var positional: [TemplateValue] = []
    var named: [String: TemplateValue] = [:]

    /// The argument at a place, or by its name.
    func value(_ place: Int, _ name: String = "") -> TemplateValue? {
        place < positional.count ? positional[place] : named[name]
    }

    func text(_ place: Int, _ name: String = "") -> PromptText? {
        if case .text(let text)? = value(place, name) { text } else { nil }
    }

    func integer(_ place: Int, _ name: String = "") -> Int? {
        if case .integer(let number)? = value(place, name) { number } else { nil }
    }
}
