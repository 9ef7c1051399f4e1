public import StreamIO

extension DirectoryContents {
    /// What ``Tokenizer/save(to:)`` writes.
    public static let tokenizer = DirectoryContents(files: [
        Files(["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
    ])
}

extension Tokenizer {
    /// Writes the tokenizer's files as a directory, which appears whole or not at all. An earlier
    /// tokenizer there is replaced; a directory of other things is not.
    /// - Throws: as ``writeTokenizerJSON(toDirectory:)``, and what `AtomicDirectory` throws.
    public func save(to directory: String) throws {
        try AtomicDirectory.write(to: directory, holding: .tokenizer) {
            try writeTokenizerJSON(toDirectory: $0)
        }
    }

    /// Writes `tokenizer.json`, `tokenizer_config.json` (with the chat template) and
    /// `special_tokens_map.json` into an existing directory, in the form that Hugging Face
    /// `tokenizers` and `transformers` read.
    ///
    /// For an output that appears whole or not at all, write into the directory that
    /// `StreamIO.AtomicDirectory` gives.
    /// - Throws: ``TokenizationError/notAvailable(operation:kind:)`` unless this is BPE of
    ///   bytes or characters; `StreamError`.
    public func writeTokenizerJSON(toDirectory directory: String) throws {
        guard let pipeline, let model = modelDescription else {
            throw TokenizationError.notAvailable(operation: "writing tokenizer.json", kind: kind)
        }
        try write(
            .object([
                "version": .string("1.0"), "truncation": .null, "padding": .null,
                "normalizer": pipeline.normalizer, "pre_tokenizer": pipeline.preTokenizer,
                "post_processor": pipeline.postProcessor, "decoder": pipeline.decoder,
                "added_tokens": .array(addedTokens.tokens.map(description)), "model": model,
            ]), to: directory + "/tokenizer.json")
        try write(.object(configuration), to: directory + "/tokenizer_config.json")
        try write(
            .object(roles.mapValues { .string($0) }), to: directory + "/special_tokens_map.json")
    }

    private var roles: [String: String] {
        var roles: [String: String] = [:]
        for (role, id) in [
            ("bos_token", special.beginning), ("eos_token", special.endOfSequence),
            ("unk_token", special.unknown), ("pad_token", special.padding),
        ] {
            if let id { roles[role] = vocabulary.spelling(id) }
        }
        return roles
    }

    private var configuration: JSONObject {
        var configuration = JSONObject(roles.mapValues { .string($0) })
        // The generic class takes tokenizer.json as it is; a model's own class would put its
        // own pre-tokenizer in the place of ours.
        configuration["tokenizer_class"] = .string("PreTrainedTokenizerFast")
        configuration["clean_up_tokenization_spaces"] = .bool(false)
        configuration["add_prefix_space"] = .bool(false)
        if let chatTemplate { configuration["chat_template"] = .string(chatTemplate) }
        var decoder: JSONObject = [:]
        for token in addedTokens.tokens {
            var entry = description(token).object ?? [:]
            entry["id"] = nil
            decoder[String(token.id)] = .object(entry)
        }
        configuration["added_tokens_decoder"] = .object(decoder)
        return configuration
    }

    private func description(_ token: AddedTokens.Token) -> JSONValue {
        .object([
            "id": .integer(Int64(token.id)), "content": .string(token.content),
            "single_word": .bool(token.isSingleWord), "lstrip": .bool(token.stripsLeft),
            "rstrip": .bool(token.stripsRight), "normalized": .bool(token.isNormalized),
            "special": .bool(token.isSpecial),
        ])
    }

    /// The object `model`; nil for kinds that are not written.
    private var modelDescription: JSONValue? {
        let merges: MergeTable
        let unknownID: Int32?
        var (fusesUnknown, fallsBackToBytes, ignoresMerges) = (false, false, false)
        switch model {
        case .bytePairs(let model):
            (merges, unknownID) = (model.merges, model.unknownID)
            ignoresMerges = model.ignoresMerges
        case .characterPairs(let model):
            (merges, unknownID) = (model.merges, model.unknownID)
            ignoresMerges = model.ignoresMerges
            fusesUnknown = model.fusesUnknown
            fallsBackToBytes = model.byteIDs != nil
        case .sentencePiece, .wordPiece: return nil
        }
        var tokens: JSONObject = [:]
        for id in 0..<Int32(vocabulary.count) where vocabulary.contains(id) {
            tokens[vocabulary.spelling(id)] = .integer(Int64(id))
        }
        let pairs = merges.pairs.map {
            (vocabulary.spelling($0.left), vocabulary.spelling($0.right))
        }
        // `left right` is what all readers know, but does not do for tokens with spaces in them.
        let haveSpaces = pairs.contains { $0.0.utf8.contains(32) || $0.1.utf8.contains(32) }
        let mergeList = pairs.map { left, right in
            haveSpaces
                ? JSONValue.array([.string(left), .string(right)]) : .string(left + " " + right)
        }
        return .object([
            "type": .string("BPE"), "dropout": .null,
            "unk_token": unknownID.map { .string(vocabulary.spelling($0)) } ?? .null,
            "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
            "fuse_unk": .bool(fusesUnknown), "byte_fallback": .bool(fallsBackToBytes),
            "ignore_merges": .bool(ignoresMerges), "vocab": .object(tokens),
            "merges": .array(mergeList),
        ])
    }

    private func write(_ value: JSONValue, to path: String) throws {
        let bytes = try value.serialized() + [UInt8(ascii: "\n")]
        try AtomicFile.write(to: path) { try $0.write(bytes) }
    }
}
