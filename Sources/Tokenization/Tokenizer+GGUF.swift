import StreamIO

/// The tokenizer that the metadata of a GGUF file describe.
public struct GGUFTokenizerParts: Sendable {
    /// `tokenizer.ggml.model`: `gpt2` for byte-level BPE, `llama` for SentencePiece's BPE.
    public var model: String
    /// `tokenizer.ggml.tokens`.
    public var tokens: [String]
    /// `tokenizer.ggml.token_type`, as many as tokens.
    public var tokenTypes: [Int32]
    /// `tokenizer.ggml.merges`, each `left right`; for `gpt2`.
    public var merges: [String] = []
    /// `tokenizer.ggml.scores`, as many as tokens; for `llama`.
    public var scores: [Float] = []
    /// `tokenizer.ggml.pre`, for `gpt2`.
    public var pre: String?
    /// The `…_token_id` values.
    public var special = SpecialTokenIDs()
    /// `tokenizer.ggml.add_bos_token`; nil for what is usual of such a tokenizer.
    public var addsBeginning: Bool?
    /// `tokenizer.ggml.add_eos_token`.
    public var addsEnd = false
    /// `tokenizer.ggml.add_space_prefix`, for `llama`; nil for yes.
    public var addsSpacePrefix: Bool?
    /// `tokenizer.chat_template`.
    public var chatTemplate: String?

    /// The parts that every file has; the others are properties.
    public init(model: String, tokens: [String], tokenTypes: [Int32]) {
        self.model = model
        self.tokens = tokens
        self.tokenTypes = tokenTypes
    }
}

extension Tokenizer {
    /// The types of tokens in `tokenizer.ggml.token_type`.
    private enum GGUFTokenType {
        static let unknown: Int32 = 2
        static let control: Int32 = 3
        static let userDefined: Int32 = 4
        static let unused: Int32 = 5
    }

    private static let ggufSource = "GGUF metadata"

    /// The tokenizer of a GGUF file.
    ///
    /// It is the one that ``writeTokenizerJSON(toDirectory:)`` describes: what is written gives the
    /// same ids.
    /// - Throws: ``TokenizationError/unsupported(source:what:)`` for another `model` or `pre`,
    ///   ``TokenizationError/malformed(source:what:)`` for arrays that do not fit.
    public init(_ gguf: GGUFTokenizerParts) throws(TokenizationError) {
        let count = gguf.tokens.count
        guard gguf.tokenTypes.count == count else {
            throw .malformed(
                source: Self.ggufSource,
                what: "token types do not fit the tokens (got \(gguf.tokenTypes.count), "
                    + "expected \(count))")
        }
        var parts = Self.parts(gguf)
        let addsBeginning: Bool
        switch gguf.model {
        case "gpt2":
            let pre = try GGUFPreTokenization(gguf.pre, source: Self.ggufSource)
            addsBeginning = gguf.addsBeginning ?? pre.addsBeginning
            parts.pipeline = pre.pipeline(source: Self.ggufSource)
            parts.ignoresMerges = pre.ignoresMerges
            parts.lists.takeMerges(gguf.merges)
        case "llama":
            guard gguf.scores.count == count else {
                throw .malformed(
                    source: Self.ggufSource,
                    what: "scores do not fit the tokens (got \(gguf.scores.count), "
                        + "expected \(count))")
            }
            addsBeginning = gguf.addsBeginning ?? true
            parts.pipeline = Self.sentencePiecePipeline(
                addsSpace: gguf.addsSpacePrefix ?? true)
            parts.lists.takeMerges(pairs: try Self.merges(gguf, parts))
            let unknown =
                gguf.special.unknown.map { Int($0) }
                ?? gguf.tokenTypes.firstIndex(of: GGUFTokenType.unknown)
            parts.unknown = unknown.flatMap { $0 < count ? gguf.tokens[$0] : nil }
            parts.fusesUnknown = true
            parts.fallsBackToBytes = gguf.tokens.contains(ByteToken.spelling(0))
        case let model:
            throw .unsupported(
                source: Self.ggufSource,
                what: "tokenizer.ggml.model '\(model)' (expected gpt2 or llama)")
        }
        try Self.check(gguf.special, below: count)
        parts.pipeline.postProcessor = Self.frame(gguf, addsBeginning: addsBeginning)
        try self.init(parts, chatTemplate: gguf.chatTemplate) { _ in gguf.special }
    }

    private static func parts(_ gguf: GGUFTokenizerParts) -> PairParts {
        let isByteLevel = gguf.model == "gpt2"
        let kinds: [TokenKind] = gguf.tokenTypes.map { type in
            switch type {
            case GGUFTokenType.control, GGUFTokenType.unknown: .special
            case GGUFTokenType.userDefined: .added
            // The names of rows that have no token.
            case GGUFTokenType.unused where isByteLevel: .unused
            default: .ordinary
            }
        }
        let added = kinds.indices.filter { kinds[$0] == .special || kinds[$0] == .added }
        return PairParts(
            tokens: ByteStrings(gguf.tokens), kinds: kinds,
            added: added.filter { !gguf.tokens[$0].isEmpty }.map { id in
                AddedTokens.Token(
                    id: Int32(id), content: gguf.tokens[id], isSpecial: kinds[id] == .special)
            }, lists: TokenLists(), pipeline: TokenizerPipeline(byteLevel: .gpt2))
    }

    private static func check(
        _ special: SpecialTokenIDs, below count: Int
    ) throws(TokenizationError) {
        for (role, id) in [
            ("bos", special.beginning), ("eos", special.endOfSequence),
            ("unknown", special.unknown), ("padding", special.padding),
        ] {
            if let id, id < 0 || Int(id) >= count {
                throw .malformed(
                    source: ggufSource,
                    what: "\(role) id outside the vocabulary (got \(id), expected 0 to "
                        + "\(count - 1))")
            }
        }
    }

    private static func merges(
        _ gguf: GGUFTokenizerParts, _ parts: PairParts
    ) throws(TokenizationError) -> ByteStrings {
        let vocabulary = try Vocabulary(
            tokens: parts.tokens, kinds: parts.kinds, isByteLevel: false, source: ggufSource)
        guard gguf.scores.allSatisfy(\.isFinite) else {
            throw .malformed(source: ggufSource, what: "a score that is no number")
        }
        return ScoredMerges.merges(vocabulary.spellings, scores: gguf.scores) {
            parts.kinds[$0] == .ordinary && ByteToken.byte(of: parts.tokens[$0]) == nil
        }
    }

    private static func sentencePiecePipeline(addsSpace: Bool) -> TokenizerPipeline {
        var pipeline = TokenizerPipeline(byteLevel: .gpt2)
        pipeline.source = ggufSource
        func replace(_ text: String, with content: String) -> JSONValue {
            .object([
                "type": .string("Replace"), "pattern": .object(["String": .string(text)]),
                "content": .string(content),
            ])
        }
        func step(_ type: String) -> JSONValue { .object(["type": .string(type)]) }
        let space = "\u{2581}"
        var decoders = [replace(space, with: " "), step("ByteFallback"), step("Fuse")]
        pipeline.normalizer = replace(" ", with: space)
        if addsSpace {
            pipeline.normalizer = .object([
                "type": .string("Sequence"),
                "normalizers": .array([
                    .object(["type": .string("Prepend"), "prepend": .string(space)]),
                    pipeline.normalizer,
                ]),
            ])
            decoders.append(
                .object([
                    "type": .string("Strip"), "content": .string(" "), "start": .integer(1),
                    "stop": .integer(0),
                ]))
        }
        pipeline.preTokenizer = .null
        pipeline.decoder = .object([
            "type": .string("Sequence"), "decoders": .array(decoders),
        ])
        return pipeline
    }

    /// The post-processor that puts the ids in their places.
    private static func frame(_ gguf: GGUFTokenizerParts, addsBeginning: Bool) -> JSONValue {
        let before = addsBeginning ? gguf.special.beginning : nil
        let after = gguf.addsEnd ? gguf.special.endOfSequence : nil
        guard before != nil || after != nil else { return .null }
        var single: [JSONValue] = []
        var tokens: JSONObject = [:]
        func append(_ id: Int32?) {
            guard let id else { return }
            let token = gguf.tokens[Int(id)]
            single.append(
                .object([
                    "SpecialToken": .object(["id": .string(token), "type_id": .integer(0)])
                ]))
            tokens[token] = .object([
                "id": .string(token), "ids": .integers([id]), "tokens": .array([.string(token)]),
            ])
        }
        func text(_ name: String) -> JSONValue {
            .object(["Sequence": .object(["id": .string(name), "type_id": .integer(0)])])
        }
        append(before)
        single.append(text("A"))
        append(after)
        return .object([
            "type": .string("TemplateProcessing"), "single": .array(single),
            "pair": .array([text("A"), text("B")]), "special_tokens": .object(tokens),
        ])
    }
}
