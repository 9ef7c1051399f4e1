import StreamIO

extension Tokenizer {
    /// A tokenizer whose model is `WordPiece`.
    static func wordPiece(
        _ file: TokenizerFile, _ model: JSONObject, _ lists: TokenLists,
        _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let normalizer = try bertNormalizer(file)
        let added = try addedTokens(file)
        let entries = try lists.vocabulary(adding: added, source: file.path)
        let vocabulary = try Vocabulary(
            tokens: entries.tokens, kinds: entries.kinds, isByteLevel: false, source: file.path)
        func required(_ token: String) throws(TokenizationError) -> Int32 {
            guard let id = vocabulary.id(token) else {
                throw file.malformed("the vocabulary has no token '\(token)'")
            }
            return id
        }
        let ids = try roles.ids(in: vocabulary)
        let wordPiece = WordPieceModel(
            vocabulary: vocabulary, normalizer: normalizer,
            continuationPrefix: model["continuing_subword_prefix"]?.string ?? "##",
            maximumWordLength: model["max_input_chars_per_word"]?.integer ?? 100,
            unknownID: try required(model["unk_token"]?.string ?? "[UNK]"))
        return Tokenizer(
            vocabulary: vocabulary, model: .wordPiece(wordPiece),
            addedTokens: AddedTokens(added) { content in
                content.withUnsafeBufferPointer { normalizer.normalizedBytes($0) }
            }, special: ids, chatTemplate: roles.chatTemplate,
            frame: TokenFrame(
                before: [try required(roles.classification ?? "[CLS]")],
                after: [try required(roles.separator ?? "[SEP]")]))
    }

    /// The normalizer of a WordPiece file.
    private static func bertNormalizer(_ file: TokenizerFile) throws(TokenizationError)
        -> BERTNormalizer
    {
        let type = file.root["pre_tokenizer"]?.object?["type"]?.string ?? "absent"
        guard type == "BertPreTokenizer" else {
            throw file.unsupported("pre_tokenizer \(type) (expected BertPreTokenizer)")
        }
        let normalizer = file.root["normalizer"]?.object
        guard let normalizer, normalizer["type"]?.string == "BertNormalizer" else {
            let type = normalizer?["type"]?.string ?? "absent"
            throw file.unsupported("normalizer \(type) (expected BertNormalizer)")
        }
        let lowercases = normalizer["lowercase"]?.bool ?? true
        return BERTNormalizer(
            cleansText: normalizer["clean_text"]?.bool ?? true,
            separatesChinese: normalizer["handle_chinese_chars"]?.bool ?? true,
            stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases,
            lowercases: lowercases)
    }
}
