/// A part of a parsed chat template.
indirect enum TemplateNode: Sendable {
    /// What is assigned to: a name, several, or a member of a namespace.
    enum Target: Sendable {
        case name(String)
        case names([String])
        case member(of: String, String)
    }

    /// `for variables in list if condition`
    struct Loop: Sendable {
        var variables: [String]
        var list: TemplateExpression
        var condition: TemplateExpression?
        var body: [TemplateNode]
        var otherwise: [TemplateNode]
    }

    /// `macro name(parameters)`
    struct Macro: Sendable {
        var name: String
        var parameters: [(name: String, standard: TemplateExpression?)]
        var body: [TemplateNode]
    }

    case text(String)
    case output(TemplateExpression)
    case loop(Loop)
    case choice([(condition: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode])
    case assignment(Target, TemplateExpression)
    /// What the nodes make is assigned.
    case capture(Target, [TemplateNode])
    case macro(Macro)
    case leave
    case next
}

/// Builds the tree of blocks of a template.
struct TemplateParser {
    /// Blocks inside blocks cost stack, here and when they are rendered.
    private static let maximumDepth = 100

    private var segments: ArraySlice<(segment: TemplateSegments.Segment, line: Int)>
    /// The line of the template that the tag in hand begins in, from 1.
    private var line = 1
    private var depth = 0

    /// Parses a whole template.
    static func parse(_ text: String) throws(TokenizationError) -> [TemplateNode] {
        var parser = TemplateParser(segments: try TemplateSegments(text).segments[...])
        do throws(TokenizationError) {
            let (nodes, end) = try parser.nodes(until: [])
            if let end { throw .malformedTemplate(what: "'\(end)' without its beginning") }
            return nodes
        } catch {
            guard case .malformedTemplate(let what) = error else { throw error }
            throw .malformedTemplate(what: "line \(parser.line): \(what)")
        }
    }

    /// Nodes up to a block whose keyword is in `ends`; that block's text is returned too.
    private mutating func nodes(
        until ends: [String]
    ) throws(TokenizationError) -> ([TemplateNode], end: String?) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw .malformedTemplate(
                what: "blocks inside blocks (expected at most \(Self.maximumDepth) deep)")
        }
        var result: [TemplateNode] = []
        while let (segment, line) = segments.popFirst() {
            self.line = line
            switch segment {
            case .text(let text): result.append(.text(text))
            case .output(let text): result.append(.output(try TemplateExpression.parse(text)))
            case .block(let text):
                let keyword = Self.keyword(text)
                if ends.contains(keyword) { return (result, text) }
                result += try block(keyword, String(text.dropFirst(keyword.count)), text)
            }
        }
        guard ends.isEmpty else {
            throw .malformedTemplate(what: "missing '\(ends[ends.count - 1])'")
        }
        return (result, nil)
    }

    private static func keyword(_ text: String) -> String {
        String(text.prefix { $0.isLetter || $0 == "_" })
    }

    private mutating func block(
        _ keyword: String, _ rest: String, _ text: String
    ) throws(TokenizationError) -> [TemplateNode] {
        switch keyword {
        case "for": return [.loop(try loop(rest))]
        case "if": return [try choice(rest)]
        case "set": return [try assignment(rest)]
        case "macro": return [.macro(try macro(rest))]
        case "break" where rest.isEmpty: return [.leave]
        case "continue" where rest.isEmpty: return [.next]
        // Marks what a model writes, for training elsewhere.
        case "generation": return try nodes(until: ["endgeneration"]).0
        case "elif", "else", "endif", "endfor", "endset", "endmacro", "endgeneration":
            throw .malformedTemplate(what: "'\(text)' without its beginning")
        default: throw .malformedTemplate(what: "unsupported block '\(text)'")
        }
    }

    private mutating func loop(_ head: String) throws(TokenizationError) -> TemplateNode.Loop {
        var parser = try TemplateExpression.parser(head)
        var variables = [try parser.takeName()]
        while parser.take(",") { variables.append(try parser.takeName()) }
        guard parser.take(.name("in")) else {
            throw .malformedTemplate(what: "unsupported block 'for\(head)'")
        }
        let list = try parser.disjunction()
        let condition = parser.take(.name("if")) ? try parser.expression() : nil
        guard parser.tokens.isEmpty else {
            throw .malformedTemplate(what: "unsupported block 'for\(head)'")
        }
        let (body, end) = try nodes(until: ["else", "endfor"])
        let otherwise = end == "else" ? try nodes(until: ["endfor"]).0 : []
        return TemplateNode.Loop(
            variables: variables, list: list, condition: condition, body: body,
            otherwise: otherwise)
    }

    private mutating func choice(_ head: String) throws(TokenizationError) -> TemplateNode {
        var branches: [(condition: TemplateExpression, body: [TemplateNode])] = []
        var condition = try TemplateExpression.parse(head)
        while true {
            let (body, end) = try nodes(until: ["elif", "else", "endif"])
            branches.append((condition, body))
            guard let end, end.hasPrefix("el") else { return .choice(branches, otherwise: []) }
            if Self.keyword(end) == "else" {
                let (otherwise, _) = try nodes(until: ["endif"])
                return .choice(branches, otherwise: otherwise)
            }
            condition = try TemplateExpression.parse(String(end.dropFirst("elif".count)))
        }
    }

    private mutating func assignment(_ head: String) throws(TokenizationError) -> TemplateNode {
        var parser = try TemplateExpression.parser(head)
        let first = try parser.takeName()
        var target = TemplateNode.Target.name(first)
        if parser.take(".") {
            target = .member(of: first, try parser.takeName())
        } else if parser.tokens.first == .symbol(",") {
            var names = [first]
            while parser.take(",") { names.append(try parser.takeName()) }
            target = .names(names)
        }
        if parser.tokens.isEmpty {
            let (body, _) = try nodes(until: ["endset"])
            return .capture(target, body)
        }
        guard parser.take("=") else {
            throw .malformedTemplate(what: "unsupported block 'set\(head)'")
        }
        return .assignment(target, try parser.whole())
    }

    private mutating func macro(_ head: String) throws(TokenizationError) -> TemplateNode.Macro {
        var parser = try TemplateExpression.parser(head)
        let name = try parser.takeName()
        guard parser.take("(") else { throw parser.unsupported }
        var parameters: [(name: String, standard: TemplateExpression?)] = []
        while !parser.take(")") {
            let parameter = try parser.takeName()
            let standard = parser.take("=") ? try parser.expression() : nil
            parameters.append((parameter, standard))
            guard parser.take(",") || parser.tokens.first == .symbol(")") else {
                throw parser.unsupported
            }
        }
        guard parser.tokens.isEmpty else { throw parser.unsupported }
        let (body, _) = try nodes(until: ["endmacro"])
        return TemplateNode.Macro(name: name, parameters: parameters, body: body)
    }
}
