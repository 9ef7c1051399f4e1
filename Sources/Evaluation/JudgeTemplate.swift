public import StreamIO

/// The text of a question to a judge, with places for the query and the two answers.
///
/// What is filled in is never searched for places itself, so braces in answers are harmless.
public struct JudgeTemplate: Sendable, Hashable {
    /// What the template is called: `dolly`, `wiki` or a file's name.
    public let name: String
    /// The text with its places, exactly as given.
    public let text: String
    private let pieces: [Piece]

    private enum Piece: Sendable, Hashable {
        case literal(String)
        case query, a, b
    }

    /// The template for instruction following (appendix A.3 of the paper), character for character;
    /// its places `{}` stand for the query, the first and the second answer.
    public static let dolly = JudgeTemplate(name: "dolly", positional: dollyText)

    /// The template for text continuation (appendix A.3 of the paper), character for character.
    public static let wiki = JudgeTemplate(name: "wiki", positional: wikiText)

    /// Reads a template with the places `{query}`, `{a}` and `{b}`; other braces are text.
    ///
    /// - Throws: ``EvaluationError/template(name:problem:)`` if a place is missing.
    public init(name: String, text: String) throws(EvaluationError) {
        self.name = name
        self.text = text
        pieces = Self.pieces(of: text, places: [("{query}", .query), ("{a}", .a), ("{b}", .b)])
        for (place, piece) in [("{query}", Piece.query), ("{a}", .a), ("{b}", .b)]
        where !pieces.contains(piece) {
            throw .template(name: name, problem: "the place \(place) is missing")
        }
    }

    /// The question with everything filled in.
    public func filled(query: String, a: String, b: String) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .literal(let text): result += text
            case .query: result += query
            case .a: result += a
            case .b: result += b
            }
        }
        return result
    }

    /// SHA-256 of the template's text, which results carry.
    public var sha256: String { SHA256Digest.hex(of: text.utf8) }

    /// How a judge was asked, as results say it.
    public func provenance(_ order: PresentationOrder) -> JSONObject {
        [
            "template": .string(name), "template_sha256": .string(sha256),
            "order": .string(order.rawValue),
        ]
    }

    /// A text with exactly three places `{}`.
    private init(name: String, positional text: String) {
        self.name = name
        self.text = text
        var values: [Piece] = [.query, .a, .b]
        pieces = Self.pieces(of: text, places: [("{}", .query)]).map { piece in
            piece == .query && !values.isEmpty ? values.removeFirst() : piece
        }
    }

    /// Cuts the text at its places, from left to right.
    private static func pieces(of text: String, places: [(name: String, piece: Piece)]) -> [Piece] {
        var pieces: [Piece] = []
        let bytes = Array(text.utf8)
        var literal: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let place =
                bytes[index] == UInt8(ascii: "{")
                ? places.first { bytes[index...].starts(with: $0.name.utf8) } : nil
            guard let place else {
                literal.append(bytes[index])
                index += 1
                continue
            }
            if !literal.isEmpty {
                pieces.append(.literal(String(decoding: literal, as: UTF8.self)))
            }
            literal = []
            pieces.append(place.piece)
            index += place.name.utf8.count
        }
        if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
        return pieces
    }
}

private let dollyText = """
    For the following query to a chatbot, which response is more helpful?
     Query: {}
     Response A: {}
     Response B: {}
     State only "A" or "B" to indicate which response is more helpful.
     More helpful:
    """

private let wikiText = """
    For the following prefix, which continuation is better?
     Prefix: {}
     Continuation A: {}
     Continuation B: {}
     State only "A" or "B" to indicate which continuation is more helpful.
     Better:
    """
