import StreamIO

extension Tokenizer {
    /// The tokenizer of a checkpoint directory: `tokenizer.json`, else `vocab.json` with
    /// `merges.txt`, else SentencePiece's `tokenizer.model`; roles of ids and the chat template from
    /// the files beside it.
    ///
    /// Checkpoints of Llama come with both a `tokenizer.model` and a `tokenizer.json` that asks for
    /// what this library does not do but says the same; then the model is taken.
    /// - Throws: ``TokenizationError``; whatever the files ask for and this library does not do
    ///   is an error that names it.
    public static func load(directory: String) throws(TokenizationError) -> Tokenizer {
        let roles = try SpecialTokenRoles(directory: directory)
        var tokenizer = try load(directory, roles)
        tokenizer.paddedSize = max(tokenizer.vocabularySize, roles.modelSize ?? 0)
        if tokenizer.endOfSequenceID == nil { tokenizer.endOfSequenceFault = roles.unusableEnd }
        return tokenizer
    }

    private static func load(
        _ directory: String, _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let hasPieces = TokenizerFile.exists(directory + "/tokenizer.model")
        if TokenizerFile.exists(directory + "/tokenizer.json") {
            do throws(TokenizationError) {
                return try loadTokenizerJSON(directory, roles)
            } catch {
                guard hasPieces, case .unsupported = error else { throw error }
            }
        }
        let hasVocabulary = TokenizerFile.exists(directory + "/vocab.json")
        if hasVocabulary && TokenizerFile.exists(directory + "/merges.txt") {
            return try loadVocabularyAndMerges(directory, roles: roles)
        }
        if hasPieces { return try loadSentencePiece(directory, roles) }
        if hasVocabulary {
            throw .unreadable(
                path: directory + "/merges.txt",
                reason: "no such file (expected beside vocab.json)")
        }
        throw .noTokenizer(directory: directory)
    }

    private static func loadTokenizerJSON(
        _ directory: String, _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        var lists = TokenLists()
        let file = try TokenizerFile(path: directory + "/tokenizer.json", lists: &lists)
        guard let model = file.root["model"]?.object else {
            throw file.malformed("no object 'model'")
        }
        guard lists.tokens != nil || model["type"]?.string == "Unigram" else {
            throw file.malformed("no object 'model.vocab'")
        }
        // Files from before the key was introduced leave BPE out.
        let type = model["type"]?.string ?? (lists.merges == nil ? "absent" : "BPE")
        switch type {
        case "BPE": return try pairs(file, model, lists, try addedTokens(file), roles)
        case "WordPiece": return try wordPiece(file, model, lists, roles)
        default: throw file.unsupported("model.type '\(type)'")
        }
    }

    static func addedTokens(
        _ file: TokenizerFile
    ) throws(TokenizationError) -> [AddedTokens.Token] {
        guard let list = file.root["added_tokens"], !list.isNull else { return [] }
        guard let elements = list.elements else { throw file.malformed("added_tokens: no array") }
        var result: [AddedTokens.Token] = []
        for element in elements {
            guard let token = element.object, let content = token["content"]?.string,
                let id = token["id"]?.integer.flatMap({ Int32(exactly: $0) }), id >= 0,
                !content.isEmpty
            else { throw file.malformed("added_tokens: an entry without content or id") }
            let isSpecial = token["special"]?.bool ?? false
            result.append(
                AddedTokens.Token(
                    id: id, content: content, isSpecial: isSpecial,
                    stripsLeft: token["lstrip"]?.bool ?? false,
                    stripsRight: token["rstrip"]?.bool ?? false,
                    isSingleWord: token["single_word"]?.bool ?? false,
                    isNormalized: token["normalized"]?.bool ?? !isSpecial))
        }
        return result
    }

    /// GPT-2's original pair of files.
    private static func loadVocabularyAndMerges(
        _ directory: String, roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let path = directory + "/vocab.json"
        var lists = TokenLists()
        try TokenizerFile.parse(path) { parser throws(JSONError) in
            try lists.takeTokens(&parser, depth: 1)
            try parser.parseEnd()
        }
        var added: [AddedTokens.Token] = []
        let more = directory + "/added_tokens.json"
        if TokenizerFile.exists(more) {
            for (content, id) in try TokenizerFile.tokens(more) {
                added.append(AddedTokens.Token(id: id, content: content, isSpecial: true))
            }
        }
        // GPT-2 itself comes without a list of special tokens; this is its only one.
        for content in roles.contents + ["<|endoftext|>"] {
            guard let id = lists.id(of: content) else { continue }
            if !added.contains(where: { $0.id == id }) {
                added.append(AddedTokens.Token(id: id, content: content, isSpecial: true))
            }
        }
        let entries = try lists.vocabulary(adding: added, source: path)
        let vocabulary = try Vocabulary(
            tokens: entries.tokens, kinds: entries.kinds, isByteLevel: true, source: path)
        let mergesPath = directory + "/merges.txt"
        lists.takeMerges(lines: try TokenizerFile.bytes(of: mergesPath))
        let resolved = try lists.resolvedMerges(in: vocabulary, source: mergesPath)
        let model = BytePairModel(
            vocabulary: vocabulary, merges: resolved.pairs, results: resolved.results,
            preTokenizer: .gpt2)
        return Tokenizer(
            vocabulary: vocabulary, model: .bytePairs(model), addedTokens: AddedTokens(added),
            special: try roles.ids(in: vocabulary, fallback: "<|endoftext|>"),
            chatTemplate: roles.chatTemplate, pipeline: TokenizerPipeline(byteLevel: .gpt2))
    }
}
