extension Tokenizer {
    /// The tokenizer of a directory with SentencePiece's `tokenizer.model`, and with
    /// `added_tokens.json` where tokens were added to it later.
    static func loadSentencePiece(
        _ directory: String, _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let file = try SentencePieceFile(path: directory + "/tokenizer.model")
        var tokens = file.pieces
        var kinds = file.types.map { $0 == .control ? TokenKind.special : .ordinary }
        for (id, content) in try addedTokens(directory, after: tokens) {
            guard Int(id) == tokens.count else {
                throw .malformed(
                    source: directory + "/added_tokens.json",
                    what: "id of '\(content)' (got \(id), expected \(tokens.count))")
            }
            tokens.append(content)
            kinds.append(.special)
        }
        let vocabulary = try Vocabulary(
            tokens: tokens, kinds: kinds, isByteLevel: false, source: file.path)
        let model = try SentencePieceModel(file, table: vocabulary.spellings)
        let special = vocabulary.ids(of: .special).map {
            AddedTokens.Token(id: $0, content: vocabulary.spelling($0), isSpecial: true)
        }
        var ids = try roles.ids(in: vocabulary, fallback: file.endOfSequence)
        ids.unknown = ids.unknown ?? model.unknownID
        ids.beginning = ids.beginning ?? Self.control(file.beginning, vocabulary)
        ids.padding = ids.padding ?? Self.control(file.padding, vocabulary)
        return Tokenizer(
            vocabulary: vocabulary, model: .sentencePiece(model),
            addedTokens: AddedTokens(special), special: ids, chatTemplate: roles.chatTemplate,
            frame: TokenFrame(
                // Models of this kind begin with a token unless they say otherwise.
                before: roles.addsBeginning ?? true ? [ids.beginning].compactMap { $0 } : [],
                after: roles.addsEnd ?? false ? [ids.endOfSequence].compactMap { $0 } : []))
    }

    /// Tokens of `added_tokens.json` that are not among the pieces, in the order of their ids.
    private static func addedTokens(
        _ directory: String, after pieces: ByteStrings
    ) throws(TokenizationError) -> [(id: Int32, content: String)] {
        let path = directory + "/added_tokens.json"
        guard TokenizerFile.exists(path) else { return [] }
        var added: [(id: Int32, content: String)] = []
        for (content, id) in try TokenizerFile.tokens(path) {
            if Int(id) >= pieces.count {
                added.append((id, content))
            } else if !pieces[Int(id)].elementsEqual(content.utf8) {
                throw .malformed(
                    source: path, what: "id \(id) of '\(content)' is that of another piece")
            }
        }
        return added.sorted { $0.id < $1.id }
    }

    private static func control(_ piece: String, _ vocabulary: Vocabulary) -> Int32? {
        vocabulary.id(piece).flatMap { vocabulary.kinds[Int($0)] == .special ? $0 : nil }
    }
}
