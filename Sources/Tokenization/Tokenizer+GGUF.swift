extension Tokenizer {
    /// The types of tokens in `tokenizer.ggml.token_type`.
    private enum GGUFTokenType {
        static let control: Int32 = 3
        static let userDefined: Int32 = 4
    }

    /// A byte-level BPE tokenizer from the metadata of a GGUF file with
    /// `tokenizer.ggml.model` = `gpt2`.
    ///
    /// - Parameters:
    ///   - ggufTokens: `tokenizer.ggml.tokens`.
    ///   - merges: `tokenizer.ggml.merges`, each `left right`.
    ///   - tokenTypes: `tokenizer.ggml.token_type`, as many as tokens.
    ///   - pre: `tokenizer.ggml.pre`; `smollm`, `gpt-2` and `gpt2` are known, anything else is an
    ///     error, since a guess would give wrong ids silently.
    ///   - special: the `…_token_id` values.
    ///   - chatTemplate: `tokenizer.chat_template`, if there is one.
    /// - Throws: ``TokenizationError/unsupported(source:what:)`` for another `pre`,
    ///   ``TokenizationError/malformed(source:what:)`` for arrays that do not fit.
    public init(
        ggufTokens tokens: [String], merges: [String], tokenTypes: [Int32], pre: String,
        special: SpecialTokenIDs, chatTemplate: String? = nil
    ) throws(TokenizationError) {
        let source = "GGUF metadata"
        let preTokenizer: ByteLevelPreTokenizer
        switch pre {
        case "smollm": preTokenizer = .smolLM
        case "gpt-2", "gpt2": preTokenizer = .gpt2
        default:
            throw .unsupported(
                source: source, what: "tokenizer.ggml.pre '\(pre)' (expected smollm or gpt-2)")
        }
        guard tokens.count == tokenTypes.count else {
            throw .malformed(
                source: source,
                what: "token types do not fit the tokens (got \(tokenTypes.count), "
                    + "expected \(tokens.count))")
        }
        let kinds: [TokenKind] = tokenTypes.map { type in
            switch type {
            case GGUFTokenType.control: .special
            case GGUFTokenType.userDefined: .added
            default: .ordinary
            }
        }
        let vocabulary = try Vocabulary(
            tokens: ByteStrings(tokens), kinds: kinds, isByteLevel: true, source: source)
        for (role, id) in [
            ("bos", special.beginning), ("eos", special.endOfSequence),
            ("unknown", special.unknown),
            ("padding", special.padding),
        ] {
            if let id, !vocabulary.contains(id) {
                throw .malformed(
                    source: source,
                    what: "\(role) id outside the vocabulary (got \(id), expected 0 to "
                        + "\(vocabulary.count - 1))")
            }
        }
        var lists = TokenLists()
        lists.takeMerges(merges)
        let resolved = try lists.resolvedMerges(in: vocabulary, source: source)
        let model = BytePairModel(
            vocabulary: vocabulary, merges: resolved.pairs, results: resolved.results,
            preTokenizer: preTokenizer)
        let added = (vocabulary.ids(of: .special) + vocabulary.ids(of: .added)).map { id in
            AddedTokens.Token(
                id: id, content: vocabulary.spelling(id),
                isSpecial: vocabulary.kinds[Int(id)] == .special)
        }
        self.init(
            vocabulary: vocabulary, model: .bytePairs(model), addedTokens: AddedTokens(added),
            special: special, chatTemplate: chatTemplate,
            pipeline: TokenizerPipeline(byteLevel: preTokenizer))
    }
}
