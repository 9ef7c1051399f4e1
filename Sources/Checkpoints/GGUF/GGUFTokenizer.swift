/// The tokenizer that a GGUF file carries.
public struct GGUFTokenizer: Sendable, Hashable {
    /// The kind: `gpt2` for byte-level BPE, `llama` for SentencePiece.
    public let model: String
    /// The pre-tokenizer's name, e.g. `smollm`.
    public let pre: String?
    /// The tokens by id, those of `gpt2` in its byte-to-Unicode spelling.
    public let tokens: [String]
    /// The merges in order of rank, each two tokens with a space between.
    public let merges: [String]
    /// The kind of every token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public let tokenTypes: [Int32]
    /// The scores of SentencePiece tokens.
    public let scores: [Float]
    /// The token that begins a text.
    public let bos: Int32?
    /// The token that ends a text.
    public let eos: Int32?
    /// The token that stands for what is unknown.
    public let unknown: Int32?
    /// The token that pads.
    public let pad: Int32?
    /// Whether the model expects ``bos`` at the start.
    public let addBOS: Bool?
    /// Whether the model expects ``eos`` at the end.
    public let addEOS: Bool?
    /// SentencePiece: whether a space is put before a text.
    public let addSpacePrefix: Bool?
    /// What a user should know, such as special ids that no token has.
    public let warnings: [String]
    /// A chat template in Jinja.
    public let chatTemplate: String?

    /// The tokenizer of a file, nil if it has none.
    ///
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if its parts do not fit together.
    public init?(_ file: GGUFFile) throws(CheckpointError) {
        let metadata = GGUFMetadata(file)
        // llama.cpp's name for none.
        guard let model = try metadata.string("tokenizer.ggml.model"), model != "no_vocab" else {
            return nil
        }
        self.model = model
        pre = try metadata.string("tokenizer.ggml.pre")
        tokens = try metadata.strings("tokenizer.ggml.tokens") ?? []
        merges = try metadata.strings("tokenizer.ggml.merges") ?? []
        tokenTypes =
            try metadata.integers("tokenizer.ggml.token_type")
            ?? Array(repeating: 1, count: tokens.count)
        scores = try metadata.numbers("tokenizer.ggml.scores") ?? []
        guard !tokens.isEmpty else { throw metadata.fault(.missingKey("tokenizer.ggml.tokens")) }
        guard tokenTypes.count == tokens.count else {
            throw metadata.fault(
                .value(
                    key: "tokenizer.ggml.token_type", got: "\(tokenTypes.count) elements",
                    expected: "\(tokens.count), one a token"))
        }
        guard scores.isEmpty || scores.count == tokens.count else {
            throw metadata.fault(
                .value(
                    key: "tokenizer.ggml.scores", got: "\(scores.count) elements",
                    expected: "\(tokens.count), one a token"))
        }
        var warnings: [String] = []
        bos = try metadata.token("bos", below: tokens.count, &warnings)
        eos = try metadata.token("eos", below: tokens.count, &warnings)
        unknown = try metadata.token("unknown", below: tokens.count, &warnings)
        pad = try metadata.token("padding", below: tokens.count, &warnings)
        self.warnings = warnings
        addBOS = try metadata.flag("tokenizer.ggml.add_bos_token")
        addEOS = try metadata.flag("tokenizer.ggml.add_eos_token")
        addSpacePrefix = try metadata.flag("tokenizer.ggml.add_space_prefix")
        chatTemplate = try metadata.string("tokenizer.chat_template")
    }
}
