/// What to do with text that is spelt like a special token (`<|endoftext|>` in a document).
public enum SpecialTokenPolicy: String, Sendable, CaseIterable, CustomStringConvertible {
    /// It is ordinary text, so that data can never end a sequence or fake a role.
    case asText = "text"
    /// It is the token.
    case allow
    /// It is an error.
    case error

    /// The name that the flag has.
    public var description: String { rawValue }
}

/// How to encode a text.
public struct EncodingOptions: Sendable {
    /// What to do with text that is spelt like a special token.
    public var specialTokens: SpecialTokenPolicy
    /// Whether to put the model's own frame around the ids (`[CLS] … [SEP]` for BERT). Byte-level
    /// BPE has none.
    public var addsSpecialTokens: Bool
    /// At most this many ids, the frame included; nil for no limit.
    public var maximumLength: Int?
    /// Whether to report where in the text each token comes from.
    public var recordsOffsets: Bool

    /// Ordinary text, no frame, no limit, no offsets, unless said otherwise.
    public init(
        specialTokens: SpecialTokenPolicy = .asText, addsSpecialTokens: Bool = false,
        maximumLength: Int? = nil, recordsOffsets: Bool = false
    ) {
        self.specialTokens = specialTokens
        self.addsSpecialTokens = addsSpecialTokens
        self.maximumLength = maximumLength
        self.recordsOffsets = recordsOffsets
    }
}

/// An encoded text.
public struct Encoding: Sendable, Equatable {
    /// The token ids.
    public var ids: [Int32] = []
    /// For each id the bytes of the text's UTF-8 that it covers, if they were asked for.
    public var offsets: [Range<Int>]?
    /// How many times text was spelt like a special token.
    public var specialTokenOccurrences = 0
    /// How many bytes were left out because the vocabulary has no token for them, as the
    /// reference implementations do.
    public var droppedBytes = 0
    /// Whether ids were cut off at ``EncodingOptions/maximumLength``.
    public var isTruncated = false
}
