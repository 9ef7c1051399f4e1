import StreamIO

extension Tokenizer {
    /// A tokenizer whose model is `BPE`, of bytes or of characters as the pre-tokenizer says.
    static func pairs(
        _ file: TokenizerFile, _ model: JSONObject, _ lists: TokenLists,
        _ added: [AddedTokens.Token], _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        try refuseWhatChangesMerging(file, model)
        guard lists.merges != nil else { throw file.malformed("no array 'model.merges'") }
        let entries = try lists.vocabulary(adding: added, source: file.path)
        let pipeline = TokenizerPipeline(file)
        let parts = PairParts(
            tokens: entries.tokens, kinds: entries.kinds, isInModel: entries.isInModel,
            added: added, lists: lists,
            pipeline: pipeline, unknown: model["unk_token"]?.string,
            fusesUnknown: model["fuse_unk"]?.bool ?? false,
            fallsBackToBytes: model["byte_fallback"]?.bool ?? false,
            ignoresMerges: model["ignore_merges"]?.bool ?? false)
        return try Tokenizer(parts, chatTemplate: roles.chatTemplate) {
            vocabulary throws(TokenizationError) in
            try roles.ids(in: vocabulary)
        }
    }

    private static func refuseWhatChangesMerging(
        _ file: TokenizerFile, _ model: JSONObject
    ) throws(TokenizationError) {
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let value = model[key], !value.isNull, value.string != "" {
                throw file.unsupported("model.\(key)")
            }
        }
        if let dropout = model["dropout"], !dropout.isNull,
            dropout != .integer(0), dropout != .number(0)
        {
            throw file.unsupported("model.dropout other than 0, which makes ids a matter of chance")
        }
    }

    /// What a tokenizer of pairs is made of, whatever file it comes from.
    struct PairParts {
        var tokens: ByteStrings
        var kinds: [TokenKind]
        /// Whether each id is the model's; nil for all.
        var isInModel: [Bool]?
        var added: [AddedTokens.Token]
        var lists: TokenLists
        var pipeline: TokenizerPipeline
        var unknown: String?
        var fusesUnknown = false
        var fallsBackToBytes = false
        var ignoresMerges = false
    }

    /// - Parameter roles: the ids that have a role of their own.
    init(
        _ parts: PairParts, chatTemplate: String?,
        roles: (Vocabulary) throws(TokenizationError) -> SpecialTokenIDs
    ) throws(TokenizationError) {
        let pipeline = parts.pipeline
        let cutting = try pipeline.cutting()
        let isByteLevel = if case .bytes = cutting { true } else { false }
        let vocabulary = try Vocabulary(
            tokens: parts.tokens, kinds: parts.kinds, isByteLevel: isByteLevel,
            source: pipeline.source, isInModel: parts.isInModel)
        let merges = try parts.lists.resolvedMerges(in: vocabulary, source: pipeline.source)
        let unknownID = parts.unknown.flatMap { vocabulary.id($0) }
        let normalizer = try pipeline.textNormalizer()
        var decoder: TokenDecoder? = try pipeline.tokenDecoder()
        let model: Model
        switch cutting {
        case .bytes(let preTokenizer):
            let bytePairs = BytePairModel(
                vocabulary: vocabulary, merges: merges.pairs, results: merges.results,
                preTokenizer: preTokenizer, ignoresMerges: parts.ignoresMerges,
                unknownID: unknownID)
            // Where every byte has a token, nothing is unknown.
            if bytePairs.byteTokens.contains(where: { $0 < 0 }) {
                if parts.fallsBackToBytes { throw pipeline.unsupported("model.byte_fallback") }
                if parts.fusesUnknown, unknownID != nil {
                    throw pipeline.unsupported("model.fuse_unk")
                }
            }
            model = .bytePairs(bytePairs)
            if decoder?.standsForBytes == true { decoder = nil }
        case .characters(let metaspace, let steps):
            model = .characterPairs(
                CharacterPairModel(
                    vocabulary: vocabulary, merges: merges.pairs, results: merges.results,
                    metaspace: metaspace, steps: steps, fallsBackToBytes: parts.fallsBackToBytes,
                    unknownID: unknownID, fusesUnknown: parts.fusesUnknown,
                    ignoresMerges: parts.ignoresMerges))
        }
        let workspace = NormalizerWorkspace()
        self.init(
            vocabulary: vocabulary, model: model,
            addedTokens: AddedTokens(parts.added) { normalizer.normalized($0, workspace) },
            special: try roles(vocabulary), chatTemplate: chatTemplate,
            frame: try pipeline.frame(vocabulary), normalizer: normalizer, decoder: decoder,
            pipeline: pipeline)
    }
}

extension TokenDecoder {
    /// Whether tokens stand for the bytes that they spell, as in files that say so or say nothing.
    fileprivate var standsForBytes: Bool {
        switch steps.first {
        case nil: true
        case .byteLevel: steps.count == 1
        default: false
        }
    }
}
