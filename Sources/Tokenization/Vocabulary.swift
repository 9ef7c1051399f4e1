/// How a token takes part in tokenization.
enum TokenKind: UInt8, Sendable {
    /// Made by the model (merges, pieces).
    case ordinary
    /// Cut out of text before the model sees it, always.
    case added
    /// Stands for structure, not for text: cut out of text only if that is asked for.
    case special
    /// No token has this id.
    case unused
}

/// The tokens of a tokenizer: spelling, meaning in bytes, and kind of each id.
struct Vocabulary: Sendable {
    /// Spellings as they stand in the tokenizer's file; the index is the id.
    let spellings: ByteStringTable
    let kinds: [TokenKind]
    /// Whether each id is the model's too, not only an addition to it.
    private let isInModel: [Bool]
    /// The bytes of text that each token stands for.
    private let texts: ByteStrings

    var count: Int { spellings.count }

    /// A vocabulary from spellings in the order of their ids.
    ///
    /// - Parameters:
    ///   - tokens: spelling of each id.
    ///   - kinds: kind of each id, same length.
    ///   - isByteLevel: whether tokens are spelt in ``ByteAlphabet``; those that are not stand for
    ///     themselves.
    ///   - source: the file's name for messages.
    ///   - isInModel: whether each id is the model's, not only an addition to it; nil for all.
    init(
        tokens: ByteStrings, kinds: [TokenKind], isByteLevel: Bool, source: String,
        isInModel: [Bool]? = nil
    ) throws(TokenizationError) {
        var duplicate = (0, 0)
        guard
            let spellings = ByteStringTable(
                tokens, leavingOut: { kinds[$0] == .unused }, duplicate: &duplicate)
        else {
            let token = String(decoding: tokens[duplicate.0], as: UTF8.self)
            throw .malformed(
                source: source,
                what: "token '\(token)' has two ids (\(duplicate.0) and \(duplicate.1))")
        }
        self.spellings = spellings
        self.kinds = kinds
        self.isInModel = isInModel ?? kinds.map { _ in true }
        texts = isByteLevel ? Self.decoded(tokens, kinds) : tokens
    }

    private static func decoded(_ tokens: ByteStrings, _ kinds: [TokenKind]) -> ByteStrings {
        var texts = ByteStrings()
        texts.reserveCapacity(tokens.count, bytes: tokens.storage.count)
        var text: [UInt8] = []
        for id in 0..<tokens.count {
            text.removeAll(keepingCapacity: true)
            if tokens.withBytes(of: id, { ByteAlphabet.decode($0, into: &text) }) {
                texts.append(text)
            } else {
                texts.append(tokens[id])
            }
        }
        return texts
    }

    /// The spelling of `id`, which must be in the vocabulary.
    func spelling(_ id: Int32) -> String { String(decoding: spellings[Int(id)], as: UTF8.self) }

    /// The bytes of text that `id` stands for; `id` must be in the vocabulary.
    func textBytes(_ id: Int32) -> ArraySlice<UInt8> { texts[Int(id)] }

    /// How many bytes of text `id` stands for.
    func textLength(_ id: Int32) -> Int { texts.range(of: Int(id)).count }

    /// The id spelt `token`, if there is one.
    func id(_ token: String) -> Int32? { spellings.index(of: token).map { Int32($0) } }

    /// The id spelt `token`, if there is one.
    func id(_ token: UnsafeBufferPointer<UInt8>) -> Int32? {
        spellings.index(of: token).map { Int32($0) }
    }

    /// The id that the model may make of data spelt `token`: no special token, no mere addition.
    func modelID(_ token: UnsafeBufferPointer<UInt8>) -> Int32? {
        id(token).flatMap { kinds[Int($0)] != .special && isInModel[Int($0)] ? $0 : nil }
    }

    /// The id that the model may make of data spelt `token`: no special token, no mere addition.
    func modelID(_ token: String) -> Int32? {
        var token = token
        return token.withUTF8 { modelID($0) }
    }

    /// Whether `id` is a token of this vocabulary.
    func contains(_ id: Int32) -> Bool {
        id >= 0 && Int(id) < count && kinds[Int(id)] != .unused
    }

    /// The ids of one kind, ascending.
    func ids(of kind: TokenKind) -> [Int32] {
        kinds.indices.filter { kinds[$0] == kind }.map { Int32($0) }
    }
}
