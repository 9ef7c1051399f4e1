/// What templates do to texts; every character keeps its origin.
extension PromptText {
    /// A character and whether it came from the record.
    typealias Cell = (scalar: Unicode.Scalar, isData: Bool)

    var cells: [Cell] {
        pieces.flatMap { piece in piece.text.unicodeScalars.map { ($0, piece.isData) } }
    }

    init(_ cells: some Sequence<Cell>) {
        self.init([Piece]())
        var run = String.UnicodeScalarView()
        var origin: Bool?
        for (scalar, isData) in cells {
            if let known = origin, known != isData {
                pieces.append(Piece(text: String(run), isData: known))
                run = String.UnicodeScalarView()
            }
            origin = isData
            run.append(scalar)
        }
        if let origin { pieces.append(Piece(text: String(run), isData: origin)) }
    }

    static func + (left: PromptText, right: PromptText) -> PromptText {
        PromptText(left.pieces + right.pieces)
    }

    /// The same with every piece's text replaced.
    func mapped(_ transform: (String) -> String) -> PromptText {
        PromptText(pieces.map { Piece(text: transform($0.text), isData: $0.isData) })
    }

    var scalarCount: Int { pieces.reduce(0) { $0 + $1.text.unicodeScalars.count } }

    /// Without the characters at its ends that are among `characters`; nil stands for white space.
    func stripped(
        left: Bool = true, right: Bool = true, of characters: PromptText? = nil
    ) -> PromptText {
        let set = characters.map { Set($0.cells.map(\.scalar)) }
        func goes(_ cell: Cell) -> Bool {
            set?.contains(cell.scalar) ?? Self.isSpace(cell.scalar)
        }
        var rest = cells[...]
        if left { rest = rest.drop(while: goes) }
        if right { while let last = rest.last, goes(last) { rest.removeLast() } }
        return PromptText(rest)
    }

    /// White space as Python has it: Unicode's, and four separators.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    func starts(with prefix: PromptText) -> Bool { text.utf8.starts(with: prefix.text.utf8) }

    func ends(with suffix: PromptText) -> Bool {
        text.utf8.reversed().starts(with: suffix.text.utf8.reversed())
    }

    /// Where `part` begins, left to right and without overlaps.
    private static func places(of part: [Unicode.Scalar], in cells: [Cell]) -> [Int] {
        guard let first = part.first, part.count <= cells.count else { return [] }
        var places: [Int] = []
        var start = 0
        while start + part.count <= cells.count {
            if cells[start].scalar == first,
                part.indices.allSatisfy({ cells[start + $0].scalar == part[$0] })
            {
                places.append(start)
                start += part.count
            } else {
                start += 1
            }
        }
        return places
    }

    /// How often a text occurs in it, and where first, in characters.
    func occurrences(of part: PromptText) -> (count: Int, first: Int?) {
        let places = Self.places(of: part.cells.map(\.scalar), in: cells)
        return (places.count, places.first)
    }

    func contains(_ part: PromptText) -> Bool {
        part.scalarCount == 0 || occurrences(of: part).count > 0
    }

    /// The parts between occurrences of a separator; nil separates by white space.
    func split(by separator: PromptText?, atMost limit: Int?) -> [PromptText] {
        let cells = cells
        guard let separator else { return Self.words(cells, atMost: limit) }
        let part = separator.cells.map(\.scalar)
        var parts: [PromptText] = []
        var start = 0
        for place in Self.places(of: part, in: cells).prefix(limit ?? .max) {
            parts.append(PromptText(cells[start..<place]))
            start = place + part.count
        }
        return parts + [PromptText(cells[start...])]
    }

    private static func words(_ cells: [Cell], atMost limit: Int?) -> [PromptText] {
        var parts: [PromptText] = []
        var rest = cells[...].drop { isSpace($0.scalar) }
        while !rest.isEmpty {
            guard parts.count < limit ?? .max else {
                return parts + [PromptText(rest)]
            }
            let word = rest.prefix { !isSpace($0.scalar) }
            parts.append(PromptText(word))
            rest = rest.dropFirst(word.count).drop { isSpace($0.scalar) }
        }
        return parts
    }

    func replacing(_ old: PromptText, with new: PromptText, atMost limit: Int?) -> PromptText {
        let parts = split(by: old, atMost: limit)
        return Self.joined(parts, by: new)
    }

    static func joined(_ parts: [PromptText], by separator: PromptText) -> PromptText {
        var result = PromptText([Piece]())
        for (index, part) in parts.enumerated() {
            if index > 0 { result.pieces += separator.pieces }
            result.pieces += part.pieces
        }
        return result
    }

    /// The first character large, the others small.
    var capitalized: PromptText {
        var isFirst = true
        return mapped { text in
            text.unicodeScalars.reduce(into: "") { result, scalar in
                result +=
                    isFirst
                    ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
                isFirst = false
            }
        }
    }

    /// The first letter of every word large, the others small; a word is a run of letters.
    var titlecased: PromptText { titlecased { !$0.properties.isCased } }

    /// The same with words that begin after spaces, hyphens and opening brackets, as the filter has it.
    var titlecasedAfterSpaces: PromptText {
        titlecased { Self.isSpace($0) || ["-", "(", "{", "[", "<"].contains($0) }
    }

    private func titlecased(after isBoundary: (Unicode.Scalar) -> Bool) -> PromptText {
        var isInside = false
        return mapped { text in
            text.unicodeScalars.reduce(into: "") { result, scalar in
                let properties = scalar.properties
                result += isInside ? properties.lowercaseMapping : properties.titlecaseMapping
                isInside = !isBoundary(scalar)
            }
        }
    }
}
