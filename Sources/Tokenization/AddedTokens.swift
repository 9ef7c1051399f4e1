/// Tokens that are cut out of text before the model sees it: special ones (`<|im_start|>`) and
/// plain additions to the vocabulary.
///
/// As in Hugging Face's `tokenizers`: those that are not normalised come first, in the text as it is;
/// the others are looked for in what remains, after normalisation, if there is any.
struct AddedTokens: Sendable {
    /// One such token.
    struct Token: Sendable, Equatable {
        var id: Int32
        var content: String
        var isSpecial: Bool
        /// White space before the token belongs to it.
        var stripsLeft = false
        /// White space after the token belongs to it.
        var stripsRight = false
        /// Letters, digits and the like right before or after the token make it text.
        var isSingleWord = false
        /// Whether it is looked for in normalised text.
        var isNormalized = false
    }

    /// A part of a text.
    enum Piece: Equatable {
        case text(Range<Int>)
        /// A token, and the bytes it covers without the white space that it strips.
        case token(Token, Range<Int>)
    }

    /// Which tokens are cut out.
    enum Scope { case plain, all }

    /// In the order of their ids.
    let tokens: [Token]
    /// The contents of tokens that normalisation changes, which is how these are spelt out.
    let normalizedSpellings: [Int32: [UInt8]]
    private let exact: [Token]
    private let normalized: [Token]
    private let exactMatcher: TokenMatcher
    private let normalizedMatcher: TokenMatcher
    private let special: [Token]
    private let specialMatcher: TokenMatcher
    private let hasPlain: Bool

    /// - Parameter normalize: what is done to the contents of tokens that are normalised
    init(_ tokens: [Token], normalize: ([UInt8]) -> [UInt8] = { $0 }) {
        self.tokens = tokens.sorted { $0.id < $1.id }
        exact = self.tokens.filter { !$0.isNormalized }
        normalized = self.tokens.filter(\.isNormalized)
        exactMatcher = TokenMatcher(exact.map { Array($0.content.utf8) })
        let contents = normalized.map { normalize(Array($0.content.utf8)) }
        normalizedMatcher = TokenMatcher(contents)
        var spellings: [Int32: [UInt8]] = [:]
        for (token, content) in zip(normalized, contents)
        where !content.elementsEqual(token.content.utf8) {
            spellings[token.id] = content
        }
        normalizedSpellings = spellings
        special = self.tokens.filter(\.isSpecial)
        specialMatcher = TokenMatcher(special.map { Array($0.content.utf8) })
        hasPlain = tokens.contains { !$0.isSpecial }
    }

    /// Whether no token is cut out of text.
    func isEmpty(_ scope: Scope) -> Bool { scope == .all ? tokens.isEmpty : !hasPlain }

    /// Whether there are tokens to look for in normalised text.
    var hasNormalized: Bool { !normalizedMatcher.isEmpty }

    /// The first special token at or after `start`, with the bytes it covers.
    func firstSpecial(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (token: Token, range: Range<Int>)? {
        specialMatcher.first(in: text, from: start).map { (special[$0.pattern], $0.range) }
    }

    /// Cuts the tokens that are not normalised out of a text.
    func exactPieces(_ text: UnsafeBufferPointer<UInt8>, _ scope: Scope) -> [Piece] {
        Self.pieces(text, exact, exactMatcher, scope)
    }

    /// Cuts the tokens that are normalised out of a normalised text.
    func normalizedPieces(_ text: UnsafeBufferPointer<UInt8>, _ scope: Scope) -> [Piece] {
        Self.pieces(text, normalized, normalizedMatcher, scope)
    }

    private static func pieces(
        _ text: UnsafeBufferPointer<UInt8>, _ tokens: [Token], _ matcher: TokenMatcher,
        _ scope: Scope
    ) -> [Piece] {
        var pieces: [Piece] = []
        var start = 0
        var position = 0
        while let (index, range) = matcher.first(in: text, from: position) {
            position = range.upperBound
            let token = tokens[index]
            // A special token that counts as text hides what overlaps with it all the same.
            if scope == .plain && token.isSpecial { continue }
            if token.isSingleWord, touchesWord(text, range) { continue }
            // As in the reference, a token that begins in what another one stripped is one all the
            // same, and one of which nothing is left is none.
            let extent = extent(of: token, range, in: text, from: start)
            if start < extent.low { pieces.append(.text(start..<extent.low)) }
            if extent.low < extent.high { pieces.append(.token(token, range)) }
            start = extent.high
        }
        if start < text.count { pieces.append(.text(start..<text.count)) }
        return pieces
    }

    /// Where a token begins and ends with the white space that it strips; the beginning may lie behind
    /// the end if others stripped all of it.
    /// - Parameter start: where what came before ends
    static func extent(
        of token: Token, _ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (low: Int, high: Int) {
        let low =
            token.stripsLeft
            ? max(start, WhiteSpace.start(text, before: range.lowerBound, notBefore: start))
            : range.lowerBound
        let high =
            token.stripsRight ? WhiteSpace.end(text, from: range.upperBound) : range.upperBound
        return (low, high)
    }

    private static func touchesWord(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) -> Bool {
        if let before = lastScalar(text, before: range.lowerBound)?.0, before.isWordCharacter {
            return true
        }
        guard range.upperBound < text.count else { return false }
        return decodeScalar(text, at: range.upperBound).scalar?.isWordCharacter ?? false
    }
}
