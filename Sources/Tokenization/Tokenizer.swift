/// The ids that have a role of their own.
public struct SpecialTokenIDs: Sendable, Equatable {
    /// Beginning of sequence; nothing here adds it on its own.
    public var beginning: Int32?
    /// End of sequence: what `tokenize` puts at the end of a response.
    public var endOfSequence: Int32?
    /// All ids at which generation stops, ``endOfSequence`` first.
    public var stops: [Int32]
    /// Stands for what the vocabulary cannot spell.
    public var unknown: Int32?
    /// Fills up batches elsewhere; nothing here needs it.
    public var padding: Int32?

    /// All unset unless given; `stops` gets `endOfSequence` in front if it is missing there.
    public init(
        beginning: Int32? = nil, endOfSequence: Int32? = nil, stops: [Int32] = [],
        unknown: Int32? = nil, padding: Int32? = nil
    ) {
        self.beginning = beginning
        self.endOfSequence = endOfSequence
        self.stops = stops
        self.unknown = unknown
        self.padding = padding
        if let endOfSequence, stops.first != endOfSequence {
            self.stops = [endOfSequence] + stops.filter { $0 != endOfSequence }
        }
    }
}

/// Text ↔ token ids, after a checkpoint's own vocabulary.
///
/// Byte-level BPE (GPT-2, Llama 3, Qwen), BPE of characters with byte fallback (Gemma, Llama 2),
/// SentencePiece and WordPiece (uncased BERT). A value can be used from any number of threads at
/// once; each keeps a cache of bounded size.
public struct Tokenizer: Sendable {
    /// The algorithm and its tables.
    enum Model: Sendable {
        case bytePairs(BytePairModel)
        case characterPairs(CharacterPairModel)
        case sentencePiece(SentencePieceModel)
        case wordPiece(WordPieceModel)
    }

    let vocabulary: Vocabulary
    let model: Model
    let addedTokens: AddedTokens
    /// Why no token ends a sequence although a file names one; nil otherwise.
    var endOfSequenceFault: String?
    /// How many ids there are with those that only fill up the model's embeddings, which stand for
    /// nothing.
    var paddedSize = 0
    /// The ids that have a role of their own.
    public let special: SpecialTokenIDs
    /// The checkpoint's chat template (Jinja), if it has one.
    public let chatTemplate: String?
    /// The ids that the model expects around a text.
    let frame: TokenFrame
    /// What happens to text before a model of pairs sees it; nil for nothing.
    let normalizer: TextNormalizer?
    /// How spellings become text; nil where each token stands for its bytes.
    let decoder: TokenDecoder?
    /// The file's own description of all that, for writing; nil for kinds that are not written.
    let pipeline: TokenizerPipeline?
    let workspaces = WorkspacePool()

    init(
        vocabulary: Vocabulary, model: Model, addedTokens: AddedTokens, special: SpecialTokenIDs,
        chatTemplate: String?, frame: TokenFrame = TokenFrame(),
        normalizer: TextNormalizer? = nil, decoder: TokenDecoder? = nil,
        pipeline: TokenizerPipeline? = nil
    ) {
        self.vocabulary = vocabulary
        self.model = model
        self.addedTokens = addedTokens
        self.special = special
        self.chatTemplate = chatTemplate
        self.frame = frame
        self.normalizer = normalizer.flatMap { $0.isIdentity ? nil : $0 }
        self.decoder = decoder
        self.pipeline = pipeline
    }

    /// The number of ids, added and special tokens included; ids are `0..<vocabularySize`, of which
    /// some files leave a few unused.
    public var vocabularySize: Int { vocabulary.count }

    /// The end-of-sequence id.
    public var endOfSequenceID: Int32? { special.endOfSequence }

    /// The spelling of a token in the tokenizer's file, `Ġthe` for " the"; nil if there is no
    /// such id.
    public func token(for id: Int32) -> String? {
        vocabulary.contains(id) ? vocabulary.spelling(id) : nil
    }

    /// The id of the token spelt so in the tokenizer's file.
    public func id(for token: String) -> Int32? { vocabulary.id(token) }

    /// Whether `id` is a special token (structure, not text).
    public func isSpecial(_ id: Int32) -> Bool {
        vocabulary.contains(id) && vocabulary.kinds[Int(id)] == .special
    }

    /// The special tokens by spelling.
    public var specialTokens: [String: Int32] {
        var result: [String: Int32] = [:]
        for id in vocabulary.ids(of: .special) { result[vocabulary.spelling(id)] = id }
        return result
    }

    /// What kind of tokenizer this is, for messages, such as `byte-level BPE`.
    public var kind: String {
        switch model {
        case .bytePairs: "byte-level BPE"
        case .characterPairs(let model):
            model.byteIDs == nil ? "BPE of characters" : "BPE with byte fallback"
        case .sentencePiece(let model):
            model.algorithm == .unigram ? "SentencePiece unigram" : "SentencePiece BPE"
        case .wordPiece: "WordPiece"
        }
    }

    // MARK: Encoding

    /// The ids of `text`, taken as ordinary text; no special tokens are added.
    public func encode(_ text: String) -> [Int32] {
        var text = text
        var encoding = Encoding()
        text.withUTF8 { bytes in
            withoutSpecialTokens(bytes, EncodingOptions(), into: &encoding)
        }
        return encoding.ids
    }

    /// The ids of `text` and what there is to say about them.
    /// - Throws: ``TokenizationError/specialTokenInText(token:byteOffset:)`` under
    ///   ``SpecialTokenPolicy/error``; ``TokenizationError/notAvailable(operation:kind:)`` for
    ///   offsets unless this is byte-level BPE.
    public func encoding(
        of text: String, _ options: EncodingOptions = EncodingOptions()
    ) throws(TokenizationError) -> Encoding {
        try encoding(of: Array(text.utf8), options)
    }

    /// The ids of a text given as UTF-8. Bytes that are not valid UTF-8 are kept (BPE) or replaced by
    /// U+FFFD (SentencePiece, WordPiece).
    public func encoding(
        of utf8: [UInt8], _ options: EncodingOptions = EncodingOptions()
    ) throws(TokenizationError) -> Encoding {
        try utf8.withUnsafeBufferPointer { bytes throws(TokenizationError) in
            try encoding(of: bytes, options)
        }
    }
}
