import StreamIO

extension Tokenizer {
    /// The tokenizer of a checkpoint directory: `tokenizer.json`, else `vocab.json` with
    /// `merges.txt`; roles of ids and the chat template from the files beside it.
    /// - Throws: ``TokenizationError``; whatever the files ask for and this library does not do
    ///   is an error that names it.
    public static func load(directory: String) throws(TokenizationError) -> Tokenizer {
        if let file = try TokenizerFile.optional(directory, "tokenizer.json") {
            return try load(file, roles: try SpecialTokenRoles(directory: directory))
        }
        let hasVocabulary = TokenizerFile.exists(directory + "/vocab.json")
        if hasVocabulary && TokenizerFile.exists(directory + "/merges.txt") {
            return try loadVocabularyAndMerges(
                directory, roles: try SpecialTokenRoles(directory: directory))
        }
        if hasVocabulary {
            throw .unreadable(
                path: directory + "/merges.txt",
                reason: "no such file (expected beside vocab.json)")
        }
        if TokenizerFile.exists(directory + "/tokenizer.model") {
            throw .unsupported(
                source: directory + "/tokenizer.model", what: "kind of tokenizer (SentencePiece)")
        }
        throw .noTokenizer(directory: directory)
    }

    private static func load(
        _ file: TokenizerFile, roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        guard let model = file.root["model"]?.object else {
            throw file.malformed("no object 'model'")
        }
        guard let vocabulary = model["vocab"]?.object else {
            throw file.malformed("no object 'model.vocab'")
        }
        // Files from before the key was introduced leave BPE out.
        let type = model["type"]?.string ?? (model["merges"] == nil ? "absent" : "BPE")
        let added = try addedTokens(file)
        let entries = try tokens(vocabulary, added, file)
        switch type {
        case "BPE": return try bytePairs(file, model, entries, added, roles)
        case "WordPiece": return try wordPiece(file, model, entries, added, roles)
        default: throw file.unsupported("model.type '\(type)'")
        }
    }

    /// The vocabulary in the order of its ids.
    static func tokens(
        _ vocabulary: [String: JSONValue], _ added: [AddedTokens.Token], _ file: TokenizerFile
    ) throws(TokenizationError) -> (tokens: [String], kinds: [TokenKind]) {
        var byID: [Int32: String] = [:]
        byID.reserveCapacity(vocabulary.count + added.count)
        for (token, value) in vocabulary {
            guard let id = value.integer.flatMap({ Int32(exactly: $0) }), id >= 0 else {
                throw file.malformed("token '\(token)' has no id")
            }
            if let other = byID.updateValue(token, forKey: id) {
                throw file.malformed("id \(id) has two tokens ('\(other)' and '\(token)')")
            }
        }
        for token in added {
            if let other = byID.updateValue(token.content, forKey: token.id),
                other != token.content
            {
                throw file.malformed(
                    "id \(token.id) has two tokens ('\(other)' and '\(token.content)')")
            }
        }
        var tokens: [String] = []
        tokens.reserveCapacity(byID.count)
        for id in 0..<Int32(byID.count) {
            guard let token = byID[id] else {
                throw file.malformed("no token has the id \(id), but later ids are in use")
            }
            tokens.append(token)
        }
        var kinds = [TokenKind](repeating: .ordinary, count: tokens.count)
        for token in added { kinds[Int(token.id)] = token.isSpecial ? .special : .added }
        return (tokens, kinds)
    }

    private static func addedTokens(
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
            if token["single_word"]?.bool == true {
                throw file.unsupported("added token '\(content)' with single_word")
            }
            result.append(
                AddedTokens.Token(
                    id: id, content: content, isSpecial: token["special"]?.bool ?? false,
                    stripsLeft: token["lstrip"]?.bool ?? false,
                    stripsRight: token["rstrip"]?.bool ?? false))
        }
        return result
    }

    private static func bytePairs(
        _ file: TokenizerFile, _ model: [String: JSONValue],
        _ entries: (tokens: [String], kinds: [TokenKind]), _ added: [AddedTokens.Token],
        _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let preTokenizer = try byteLevelPreTokenizer(file)
        for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
            if let value = model[key], !value.isNull, value.string != "", value != .integer(0) {
                throw file.unsupported("model.\(key)")
            }
        }
        for key in ["byte_fallback", "fuse_unk"] where model[key]?.bool == true {
            // Fusing matters only where an unknown token exists.
            if key == "fuse_unk" && model["unk_token"]?.string == nil { continue }
            throw file.unsupported("model.\(key)")
        }
        let vocabulary = try Vocabulary(
            tokens: entries.tokens, kinds: entries.kinds, isByteLevel: true, source: file.path)
        guard let mergeValues = model["merges"]?.elements else {
            throw file.malformed("no array 'model.merges'")
        }
        var merges: [(String, String)] = []
        merges.reserveCapacity(mergeValues.count)
        for (index, value) in mergeValues.enumerated() {
            if let text = value.string, let pair = splitMerge(text) {
                merges.append(pair)
            } else if let pair = value.elements, pair.count == 2, let left = pair[0].string,
                let right = pair[1].string
            {
                merges.append((left, right))
            } else {
                throw file.malformed("model.merges[\(index)] is not a pair of tokens")
            }
        }
        let resolved = try resolve(merges, in: vocabulary, source: file.path)
        let unknown = model["unk_token"]?.string.flatMap { vocabulary.id($0) }
        let bytePairs = BytePairModel(
            vocabulary: vocabulary, merges: resolved.pairs, results: resolved.results,
            preTokenizer: preTokenizer, ignoresMerges: model["ignore_merges"]?.bool ?? false,
            unknownID: unknown)
        return Tokenizer(
            vocabulary: vocabulary, model: .bytePairs(bytePairs), addedTokens: AddedTokens(added),
            special: try roles.ids(in: vocabulary), chatTemplate: roles.chatTemplate)
    }

    /// The two tokens of a merge written `left right`.
    static func splitMerge(_ text: String) -> (String, String)? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    /// The ids of merges and of what they make.
    static func resolve(
        _ merges: [(String, String)], in vocabulary: Vocabulary, source: String
    ) throws(TokenizationError) -> (pairs: [(left: Int32, right: Int32)], results: [Int32]) {
        var pairs: [(left: Int32, right: Int32)] = []
        var results: [Int32] = []
        pairs.reserveCapacity(merges.count)
        results.reserveCapacity(merges.count)
        for (rank, (left, right)) in merges.enumerated() {
            guard let leftID = vocabulary.id(left), let rightID = vocabulary.id(right),
                let result = vocabulary.id(left + right)
            else {
                throw .malformed(
                    source: source,
                    what: "merge \(rank) ('\(left)' and '\(right)') names or makes a token "
                        + "that is not in the vocabulary")
            }
            pairs.append((leftID, rightID))
            results.append(result)
        }
        return (pairs, results)
    }

    private static func wordPiece(
        _ file: TokenizerFile, _ model: [String: JSONValue],
        _ entries: (tokens: [String], kinds: [TokenKind]), _ added: [AddedTokens.Token],
        _ roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let normalizer = try bertNormalizer(file)
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
            unknownID: try required(model["unk_token"]?.string ?? "[UNK]"),
            classificationID: try required(roles.classification ?? "[CLS]"),
            separatorID: try required(roles.separator ?? "[SEP]"))
        return Tokenizer(
            vocabulary: vocabulary, model: .wordPiece(wordPiece), addedTokens: AddedTokens(added),
            special: ids, chatTemplate: roles.chatTemplate)
    }

    /// GPT-2's original pair of files.
    private static func loadVocabularyAndMerges(
        _ directory: String, roles: SpecialTokenRoles
    ) throws(TokenizationError) -> Tokenizer {
        let file = try TokenizerFile(path: directory + "/vocab.json")
        var added: [AddedTokens.Token] = []
        if let more = try TokenizerFile.optional(directory, "added_tokens.json") {
            for (content, value) in more.root {
                guard let id = value.integer.flatMap({ Int32(exactly: $0) }), id >= 0 else {
                    throw more.malformed("token '\(content)' has no id")
                }
                added.append(AddedTokens.Token(id: id, content: content, isSpecial: true))
            }
        }
        // GPT-2 itself comes without a list of special tokens; this is its only one.
        for content in roles.contents + ["<|endoftext|>"] {
            guard let id = file.root[content]?.integer.flatMap({ Int32(exactly: $0) }) else {
                continue
            }
            if !added.contains(where: { $0.id == id }) {
                added.append(AddedTokens.Token(id: id, content: content, isSpecial: true))
            }
        }
        let entries = try tokens(file.root, added, file)
        let vocabulary = try Vocabulary(
            tokens: entries.tokens, kinds: entries.kinds, isByteLevel: true, source: file.path)
        let mergesPath = directory + "/merges.txt"
        let text = String(decoding: try TokenizerFile.bytes(of: mergesPath), as: UTF8.self)
        var merges: [(String, String)] = []
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            if index == 0 && line.hasPrefix("#version") { continue }
            guard let pair = splitMerge(String(line)) else {
                throw .malformed(
                    source: mergesPath, what: "'\(line)' is not a pair of tokens")
            }
            merges.append(pair)
        }
        let resolved = try resolve(merges, in: vocabulary, source: mergesPath)
        let model = BytePairModel(
            vocabulary: vocabulary, merges: resolved.pairs, results: resolved.results,
            preTokenizer: .gpt2)
        return Tokenizer(
            vocabulary: vocabulary, model: .bytePairs(model), addedTokens: AddedTokens(added),
            special: try roles.ids(in: vocabulary, fallback: "<|endoftext|>"),
            chatTemplate: roles.chatTemplate)
    }
}
