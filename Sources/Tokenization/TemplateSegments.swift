/// The text and tags of a template, in order.
///
/// As chat templates are rendered elsewhere, the newline after a block goes, and so does white space
/// between the start of a line and a block; `-` strips all of it, `+` none. Newlines are `\n`, and one
/// at the very end goes.
struct TemplateSegments {
    enum Segment {
        case text(String)
        case output(String)
        case block(String)
    }

    private(set) var segments: [(segment: Segment, line: Int)] = []
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var text: [Unicode.Scalar] = []
    /// Whether ``text`` begins at the beginning of a line.
    private var isAtLineStart = true
    private var lines = (count: 1, upTo: 0)

    /// Splits a template.
    init(_ template: String) throws(TokenizationError) {
        scalars = Self.normalizedNewlines(template)
        while position < scalars.count {
            guard scalars[position] == "{", position + 1 < scalars.count,
                ["{", "%", "#"].contains(scalars[position + 1])
            else {
                text.append(scalars[position])
                position += 1
                continue
            }
            try takeTag(scalars[position + 1])
        }
        appendText(line: lines.count)
    }

    private static func normalizedNewlines(_ template: String) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        var followsReturn = false
        for scalar in template.unicodeScalars {
            if scalar == "\n" && followsReturn {
                followsReturn = false
                continue
            }
            followsReturn = scalar == "\r"
            scalars.append(followsReturn ? "\n" : scalar)
        }
        if scalars.last == "\n" { scalars.removeLast() }
        return scalars
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// The line of a place, which must not be before one that was asked for earlier.
    private mutating func line(at place: Int) -> Int {
        lines.count += scalars[lines.upTo..<place].count { $0 == "\n" }
        lines.upTo = place
        return lines.count
    }

    private mutating func appendText(line: Int) {
        if !text.isEmpty { segments.append((.text(Self.string(text)), line)) }
        text = []
    }

    private mutating func takeTag(_ kind: Unicode.Scalar) throws(TokenizationError) {
        let line = line(at: position)
        guard let end = tagEnd(from: position + 2, kind) else {
            throw .malformedTemplate(what: "line \(line): a tag that does not end")
        }
        var inside = scalars[position + 2..<end]
        if inside.first == "-" {
            inside.removeFirst()
            while let last = text.last, Self.isSpace(last) { text.removeLast() }
        } else if inside.first == "+" {
            inside.removeFirst()
        } else if kind != "{" {
            let start = text.lastIndex(of: "\n").map { $0 + 1 } ?? 0
            if start > 0 || isAtLineStart, text[start...].allSatisfy(Self.isSpace) {
                text.removeLast(text.count - start)
            }
        }
        position = end + 2
        let strips = inside.last == "-"
        if strips || inside.last == "+" { inside.removeLast() }
        let from = position
        if strips {
            while position < scalars.count, Self.isSpace(scalars[position]) { position += 1 }
        } else if kind != "{", scalars[end - 1] != "+", position < scalars.count,
            scalars[position] == "\n"
        {
            position += 1
        }
        isAtLineStart = position > from && scalars[position - 1] == "\n"
        appendText(line: line)
        let trimmed = Self.string(
            inside.drop(while: Self.isSpace).reversed().drop(while: Self.isSpace).reversed())
        if kind == "{" { segments.append((.output(trimmed), line)) }
        if kind == "%" { segments.append((.block(trimmed), line)) }
    }

    /// Where the tag's closing pair begins, quoted strings and braces inside left aside.
    private func tagEnd(from start: Int, _ kind: Unicode.Scalar) -> Int? {
        let close: Unicode.Scalar = kind == "{" ? "}" : kind
        var quote: Unicode.Scalar?
        var depth = 0
        var place = start
        while place + 1 < scalars.count {
            let scalar = scalars[place]
            if let open = quote {
                if scalar == "\\" { place += 1 } else if scalar == open { quote = nil }
            } else if kind != "#" && (scalar == "'" || scalar == "\"") {
                quote = scalar
            } else if kind == "{" && scalar == "{" {
                depth += 1
            } else if depth > 0 && scalar == "}" {
                depth -= 1
            } else if scalar == close && scalars[place + 1] == "}" {
                return place
            }
            place += 1
        }
        return nil
    }
}
