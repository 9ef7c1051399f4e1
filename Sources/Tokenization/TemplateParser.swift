/// A part of a parsed chat template.
indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplateExpression)
    case loop(variable: String, over: TemplateExpression, body: [TemplateNode])
    case choice([(condition: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode])
    case assignment(String, TemplateExpression)
}

/// Splits a template into text and tags and builds the tree of blocks.
struct TemplateParser {
    private enum Segment {
        case text(String)
        case output(String)
        case block(String)
    }

    /// Blocks inside blocks cost stack, here and when they are rendered.
    private static let maximumDepth = 100

    private var segments: ArraySlice<(segment: Segment, line: Int)>
    /// The line of the template that the tag in hand begins in, from 1.
    private var line = 1
    private var depth = 0

    /// Parses a whole template.
    static func parse(_ text: String) throws(TokenizationError) -> [TemplateNode] {
        var parser = TemplateParser(segments: try split(text)[...])
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
                let keyword =
                    text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
                let rest = String(text.dropFirst(keyword.count))
                switch keyword {
                case "for": result.append(try loop(rest))
                case "if": result.append(try choice(rest))
                case "set": result.append(try assignment(rest))
                case "elif", "else", "endif", "endfor":
                    guard ends.contains(keyword) else {
                        throw .malformedTemplate(what: "'\(text)' without its beginning")
                    }
                    return (result, text)
                default: throw .malformedTemplate(what: "unsupported block '\(text)'")
                }
            }
        }
        guard ends.isEmpty else {
            throw .malformedTemplate(what: "missing '\(ends[ends.count - 1])'")
        }
        return (result, nil)
    }

    private mutating func loop(_ head: String) throws(TokenizationError) -> TemplateNode {
        let words = head.split(maxSplits: 2, whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3, words[1] == "in" else {
            throw .malformedTemplate(what: "unsupported block 'for\(head)'")
        }
        let list = try TemplateExpression.parse(words[2])
        let (body, _) = try nodes(until: ["endfor"])
        return .loop(variable: words[0], over: list, body: body)
    }

    private mutating func choice(_ head: String) throws(TokenizationError) -> TemplateNode {
        var branches: [(condition: TemplateExpression, body: [TemplateNode])] = []
        var condition = try TemplateExpression.parse(head)
        while true {
            let (body, end) = try nodes(until: ["elif", "else", "endif"])
            branches.append((condition, body))
            guard let end, end.hasPrefix("el") else { return .choice(branches, otherwise: []) }
            if end == "else" {
                let (otherwise, _) = try nodes(until: ["endif"])
                return .choice(branches, otherwise: otherwise)
            }
            condition = try TemplateExpression.parse(String(end.dropFirst("elif".count)))
        }
    }

    private func assignment(_ head: String) throws(TokenizationError) -> TemplateNode {
        guard let equals = head.firstIndex(of: "=") else {
            throw .malformedTemplate(what: "unsupported block 'set\(head)'")
        }
        let name = String(head[..<equals].filter { !$0.isWhitespace })
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
            throw .malformedTemplate(what: "unsupported block 'set\(head)'")
        }
        return .assignment(
            name, try TemplateExpression.parse(String(head[head.index(after: equals)...])))
    }

    /// Text and tags. As chat templates are rendered elsewhere, the newline after a block goes,
    /// and so does white space between the start of a line and a block; `-` strips all of it.
    private static func split(_ template: String) throws(TokenizationError) -> [(
        segment: Segment, line: Int
    )] {
        let scalars = Array(template.unicodeScalars)
        var segments: [(segment: Segment, line: Int)] = []
        var lines = (count: 1, upTo: 0)
        /// The line of a place, which must not be before one that was asked for earlier.
        func line(at place: Int) -> Int {
            lines.count += scalars[lines.upTo..<place].count { $0 == "\n" }
            lines.upTo = place
            return lines.count
        }
        var text: [Unicode.Scalar] = []
        var position = 0
        func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }
        while position < scalars.count {
            guard scalars[position] == "{", position + 1 < scalars.count,
                ["{", "%", "#"].contains(scalars[position + 1])
            else {
                text.append(scalars[position])
                position += 1
                continue
            }
            let kind = scalars[position + 1]
            guard let end = tagEnd(scalars, from: position + 2, kind) else {
                throw .malformedTemplate(
                    what: "line \(line(at: position)): a tag that does not end")
            }
            let tagLine = line(at: position)
            var inside = Array(scalars[position + 2..<end])
            if inside.first == "-" {
                inside.removeFirst()
                while let last = text.last, isSpace(last) { text.removeLast() }
            } else if kind != "{" {
                var line = text.count
                while line > 0, text[line - 1] == " " || text[line - 1] == "\t" { line -= 1 }
                if line > 0 ? text[line - 1] == "\n" : segments.isEmpty {
                    text.removeLast(text.count - line)
                }
            }
            position = end + 2
            if inside.last == "-" {
                inside.removeLast()
                while position < scalars.count, isSpace(scalars[position]) { position += 1 }
            } else if kind != "{", position < scalars.count, scalars[position] == "\n" {
                position += 1
            }
            if !text.isEmpty { segments.append((.text(string(text)), tagLine)) }
            text = []
            let trimmed = string(
                inside.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
            if kind == "{" { segments.append((.output(trimmed), tagLine)) }
            if kind == "%" { segments.append((.block(trimmed), tagLine)) }
        }
        if !text.isEmpty { segments.append((.text(string(text)), lines.count)) }
        return segments
    }

    /// Where the tag's closing pair begins, quoted strings left aside.
    private static func tagEnd(
        _ scalars: [Unicode.Scalar], from start: Int, _ kind: Unicode.Scalar
    ) -> Int? {
        let close: Unicode.Scalar = kind == "{" ? "}" : kind
        var quote: Unicode.Scalar?
        var position = start
        while position + 1 < scalars.count {
            let scalar = scalars[position]
            if let open = quote {
                if scalar == "\\" { position += 1 } else if scalar == open { quote = nil }
            } else if kind != "#" && (scalar == "'" || scalar == "\"") {
                quote = scalar
            } else if scalar == close && scalars[position + 1] == "}" {
                return position
            }
            position += 1
        }
        return nil
    }
}
