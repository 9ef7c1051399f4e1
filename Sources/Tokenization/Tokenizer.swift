import Synchronization

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
/// Byte-level BPE (GPT-2, SmolLM), SentencePiece (Llama) and WordPiece (uncased BERT). A value can
/// be used from any number of threads at once; each keeps a cache of bounded size.
public struct Tokenizer: Sendable {
    /// The algorithm and its tables.
    enum Model: Sendable {
        case bytePairs(BytePairModel)
        case sentencePiece(SentencePieceModel)
        case wordPiece(WordPieceModel)
    }

    let vocabulary: Vocabulary
    let model: Model
    let addedTokens: AddedTokens
    /// Why no token ends a sequence although a file names one; nil otherwise.
    var endOfSequenceFault: String?
    /// The ids that have a role of their own.
    public let special: SpecialTokenIDs
    /// The checkpoint's chat template (Jinja), if it has one.
    public let chatTemplate: String?
    private let workspaces = WorkspacePool()

    init(
        vocabulary: Vocabulary, model: Model, addedTokens: AddedTokens, special: SpecialTokenIDs,
        chatTemplate: String?
    ) {
        self.vocabulary = vocabulary
        self.model = model
        self.addedTokens = addedTokens
        self.special = special
        self.chatTemplate = chatTemplate
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

    /// The ids of a text given as UTF-8. Bytes that are not valid UTF-8 are kept (byte-level BPE)
    /// or replaced by U+FFFD (SentencePiece, WordPiece).
    public func encoding(
        of utf8: [UInt8], _ options: EncodingOptions = EncodingOptions()
    ) throws(TokenizationError) -> Encoding {
        try utf8.withUnsafeBufferPointer { bytes throws(TokenizationError) in
            try encoding(of: bytes, options)
        }
    }

    func encoding(
        of text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions
    ) throws(TokenizationError) -> Encoding {
        var encoding = Encoding()
        if options.recordsOffsets {
            guard case .bytePairs = model else {
                throw .notAvailable(operation: "recording offsets", kind: kind)
            }
        }
        switch options.specialTokens {
        case .asText: withoutSpecialTokens(text, options, into: &encoding)
        case .allow: withSpecialTokens(text, options, into: &encoding)
        case .error:
            if let found = addedTokens.firstSpecial(in: text, from: 0) {
                throw .specialTokenInText(
                    token: found.token.content, byteOffset: found.range.lowerBound)
            }
            withoutSpecialTokens(text, options, into: &encoding)
        }
        frame(&encoding, options)
        return encoding
    }

    private func withoutSpecialTokens(
        _ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions,
        into encoding: inout Encoding
    ) {
        var start = 0
        while let found = addedTokens.firstSpecial(in: text, from: start) {
            encoding.specialTokenOccurrences += 1
            start = found.range.upperBound
        }
        encode(text, cutting: .plain, options, into: &encoding)
    }

    private func withSpecialTokens(
        _ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions,
        into encoding: inout Encoding
    ) {
        encode(text, cutting: .all, options, into: &encoding)
        encoding.specialTokenOccurrences = encoding.ids.count { isSpecial($0) }
    }

    /// Encodes the text between the added tokens of `scope`, and these as themselves.
    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, cutting scope: AddedTokens.Scope,
        _ options: EncodingOptions, into encoding: inout Encoding
    ) {
        if options.recordsOffsets { encoding.offsets = [] }
        let workspace = workspaces.take()
        defer { workspaces.putBack(workspace) }
        if addedTokens.isEmpty(scope) {
            encodeOrdinary(text, 0..<text.count, into: &encoding, workspace)
            return
        }
        for piece in addedTokens.exactPieces(text, scope) {
            switch piece {
            case .token(let token, let range): append(token, range, to: &encoding)
            case .text(let range) where addedTokens.hasNormalized:
                encodeAroundNormalized(text, range, cutting: scope, into: &encoding, workspace)
            case .text(let range): encodeOrdinary(text, range, into: &encoding, workspace)
            }
        }
    }

    private func append(
        _ token: AddedTokens.Token, _ range: Range<Int>, to encoding: inout Encoding
    ) {
        encoding.ids.append(token.id)
        encoding.offsets?.append(range)
    }

    /// Encodes a part of a text in which tokens may stand that are looked for after normalisation.
    private func encodeAroundNormalized(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        cutting scope: AddedTokens.Scope, into encoding: inout Encoding, _ workspace: Workspace
    ) {
        let part = UnsafeBufferPointer(rebasing: text[range])
        if case .wordPiece(let model) = model {
            let normalized = model.normalizer.normalizedBytes(part)
            normalized.withUnsafeBufferPointer { normalized in
                for piece in addedTokens.normalizedPieces(normalized, scope) {
                    switch piece {
                    case .token(let token, _): encoding.ids.append(token.id)
                    case .text(let range):
                        model.encode(
                            normalized: UnsafeBufferPointer(rebasing: normalized[range]),
                            into: &encoding.ids)
                    }
                }
            }
            return
        }
        // The others have no normaliser, or one of their own that added tokens do not pass through.
        for piece in addedTokens.normalizedPieces(part, scope) {
            func inText(_ range: Range<Int>, from start: Int) -> Range<Int> {
                start + range.lowerBound..<start + range.upperBound
            }
            switch piece {
            case .token(let token, let covered):
                append(token, inText(covered, from: range.lowerBound), to: &encoding)
            case .text(let rest):
                encodeOrdinary(
                    text, inText(rest, from: range.lowerBound), into: &encoding, workspace)
            }
        }
    }

    private func encodeOrdinary(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into encoding: inout Encoding,
        _ workspace: Workspace
    ) {
        guard !range.isEmpty else { return }
        let part = UnsafeBufferPointer(rebasing: text[range])
        switch model {
        case .wordPiece(let model): model.encode(part, into: &encoding.ids)
        case .sentencePiece(let model):
            model.encode(part, into: &encoding.ids, workspace.sentencePieces)
        case .bytePairs(let model):
            let first = encoding.ids.count
            encoding.droppedBytes += model.encode(
                part, into: &encoding.ids, workspace.bytePairs)
            guard encoding.offsets != nil else { return }
            let offsets = offsets(of: encoding.ids[first...], in: text, range, model)
            encoding.offsets?.append(contentsOf: offsets)
        }
    }

    /// Puts the model's frame around the ids and cuts to the maximum length.
    private func frame(_ encoding: inout Encoding, _ options: EncodingOptions) {
        var before: [Int32] = []
        var after: [Int32] = []
        if options.addsSpecialTokens, case .wordPiece(let model) = model {
            before = [model.classificationID]
            after = [model.separatorID]
        }
        if let maximum = options.maximumLength {
            let room = max(0, maximum - before.count - after.count)
            if encoding.ids.count > room {
                let surplus = encoding.ids.count - room
                encoding.ids.removeLast(surplus)
                encoding.offsets?.removeLast(surplus)
                encoding.isTruncated = true
            }
        }
        if !before.isEmpty || !after.isEmpty { encoding.ids = before + encoding.ids + after }
    }
}

/// What one thread needs to encode; made when first needed, so that BERT does without.
///
/// `@unchecked Sendable`: moves between threads, but only through ``WorkspacePool``, which hands
/// each to one thread at a time.
final class Workspace: @unchecked Sendable {
    lazy var bytePairs = BytePairWorkspace()
    lazy var sentencePieces = SentencePieceWorkspace()
}

/// Workspaces that no thread is using. There are as many as threads ever encoded at once.
final class WorkspacePool: Sendable {
    private let idle = Mutex<[Workspace]>([])

    func take() -> Workspace { idle.withLock { $0.popLast() } ?? Workspace() }

    func putBack(_ workspace: Workspace) { idle.withLock { $0.append(workspace) } }
}
