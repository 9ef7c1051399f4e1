/// How a token takes part in tokenization.
enum TokenKind: UInt8, Sendable {
    /// Made by the model (merges, pieces).
    case ordinary
    /// Cut out of text before the model sees it, always.
    case added
    /// Stands for structure, not for text: cut out of text only if that is asked for.
    case special
}

/// The tokens of a tokenizer: spelling, meaning in bytes, and kind of each id.
struct Vocabulary: Sendable {
    /// Spellings as they stand in the tokenizer's file; the index is the id.
    private(set) var spellings: ByteStringTable
    private(set) var kinds: [TokenKind]
    /// The bytes of text that each token stands for, one after the other.
    private var text: [UInt8] = []
    private var textEnds: [Int] = []

    var count: Int { spellings.count }

    /// A vocabulary from spellings in the order of their ids.
    ///
    /// - Parameters:
    ///   - tokens: spelling of each id.
    ///   - kinds: kind of each id, same length.
    ///   - isByteLevel: whether ordinary tokens are spelt in ``ByteAlphabet``.
    ///   - source: the file's name for messages.
    init(tokens: [String], kinds: [TokenKind], isByteLevel: Bool, source: String)
        throws(TokenizationError)
    {
        spellings = ByteStringTable(capacity: tokens.count)
        self.kinds = kinds
        textEnds.reserveCapacity(tokens.count)
        for (id, token) in tokens.enumerated() {
            let (first, inserted) = spellings.insert(token)
            guard inserted else {
                throw .malformed(
                    source: source, what: "token '\(token)' has two ids (\(first) and \(id))")
            }
            if isByteLevel && kinds[id] == .ordinary {
                text.append(contentsOf: ByteAlphabet.decode(token))
            } else {
                text.append(contentsOf: token.utf8)
            }
            textEnds.append(text.count)
        }
    }

    /// The spelling of `id`, which must be in the vocabulary.
    func spelling(_ id: Int32) -> String { String(decoding: spellings[Int(id)], as: UTF8.self) }

    /// The bytes of text that `id` stands for; `id` must be in the vocabulary.
    func textBytes(_ id: Int32) -> ArraySlice<UInt8> {
        let index = Int(id)
        return text[(index == 0 ? 0 : textEnds[index - 1])..<textEnds[index]]
    }

    /// How many bytes of text `id` stands for.
    func textLength(_ id: Int32) -> Int {
        let index = Int(id)
        return textEnds[index] - (index == 0 ? 0 : textEnds[index - 1])
    }

    /// The id spelt `token`, if there is one.
    func id(_ token: String) -> Int32? { spellings.index(of: token).map { Int32($0) } }

    /// Whether `id` is a token of this vocabulary.
    func contains(_ id: Int32) -> Bool { id >= 0 && Int(id) < count }

    /// The ids of one kind, ascending.
    func ids(of kind: TokenKind) -> [Int32] {
        kinds.indices.filter { kinds[$0] == kind }.map { Int32($0) }
    }
}
