public import Kernels
public import Tokenization
import Transformer

/// A sentence embedder: texts to vectors of unit length.
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public struct TextEmbedder {
    private enum Model {
        case encoder(Encoder)
        case decoder(Decoder)
    }

    /// Number of components of an embedding.
    public let width: Int
    /// Longest text in tokens, special ones included; longer ones are cut.
    public let maximumTokens: Int
    /// The model's own tokenizer.
    public let tokenizer: Tokenizer
    /// Tokens that go through the model together; a matter of speed alone.
    public var microBatchTokens = 2048

    /// What a user should know about the model's directory.
    public private(set) var warnings: [String] = []

    private let model: Model
    private let pooling: Pooling
    private let lowercases: Bool
    private let vocabularySize: Int

    /// Loads an embedder.
    ///
    /// - Parameters:
    ///   - directory: a sentence-transformers directory of a BERT encoder, whose files say how to pool
    ///     and how long texts may be, or any decoder checkpoint (GPT-2, Llama), whose embedding is the
    ///     mean of its final hidden states unless a pooling module says otherwise
    ///   - precision: what layers compute with
    /// - Throws: ``EmbeddingError``, `CheckpointError` and `TokenizationError` for whatever is absent,
    ///   damaged, or would be computed wrongly.
    public static func load(
        directory: String, precision: InferencePrecision = .fp32
    ) throws -> TextEmbedder {
        let settings = try SentenceTransformersDirectory(directory)
        let file = try ConfigurationFile(
            path(settings.transformer, "config.json"),
            hint: "an embedder is a directory of a sentence-transformers BERT or of a checkpoint")
        guard try file.string("model_type") == "bert" else {
            let decoder = try DecoderModel(
                directory: settings.transformer, precision: precision)
            var embedder = try TextEmbedder(
                .decoder(decoder.decoder), settings, pooling: settings.pooling ?? .mean,
                width: decoder.decoder.configuration.width,
                maximumPositions: decoder.decoder.configuration.maximumPositions,
                vocabularySize: decoder.decoder.configuration.vocabularySize)
            embedder.warnings = decoder.warnings
            return embedder
        }
        guard let pooling = settings.pooling else {
            throw EmbeddingError.missing(
                path: path(directory, "modules.json"),
                hint: "how to pool is not guessed; put {\"pooling_mode_mean_tokens\": true} "
                    + "into 1_Pooling/config.json if that is what the model was trained with")
        }
        let encoder = try BERTDirectory.load(settings.transformer, precision: precision)
        return try TextEmbedder(
            .encoder(encoder), settings, pooling: pooling, width: encoder.configuration.width,
            maximumPositions: encoder.configuration.maximumPositions,
            vocabularySize: encoder.configuration.vocabularySize)
    }

    private init(
        _ model: Model, _ settings: SentenceTransformersDirectory, pooling: Pooling, width: Int,
        maximumPositions: Int, vocabularySize: Int
    ) throws {
        if let got = settings.pooledWidth, got != width {
            throw EmbeddingError.malformed(
                file: settings.transformer,
                what: "word_embedding_dimension of the pooling module "
                    + "(got \(got), expected \(width))")
        }
        self.model = model
        self.pooling = pooling
        self.width = width
        self.vocabularySize = vocabularySize
        maximumTokens = min(settings.maximumTokens ?? maximumPositions, maximumPositions)
        lowercases = settings.lowercases
        tokenizer = try Tokenizer.load(directory: settings.transformer)
    }

    /// The token ids of a text as the model gets them, cut to ``maximumTokens``.
    public func encoding(of text: String) throws -> Encoding {
        try tokenizer.encoding(
            of: lowercases ? text.lowercased() : text,
            EncodingOptions(addsSpecialTokens: true, maximumLength: maximumTokens))
    }

    /// Embeds texts. An encoder's result for a text does not depend on the other texts, to the bit;
    /// a decoder's not beyond rounding. A decoder's texts have no special tokens, but an empty one is
    /// taken as the end of sequence alone.
    ///
    /// - Returns: (count, width) vectors of unit length, and whether each text was cut.
    /// - Throws: ``EmbeddingError/noTokens(index:)`` for an empty text if the model is a decoder
    ///   without an end of sequence.
    public func embed(_ texts: [String]) throws -> (vectors: [Float], truncated: [Bool]) {
        let encodings = try texts.map { try encoding(of: $0) }
        let ids = encodings.map { encoding in
            guard case .decoder(let decoder) = model else { return encoding.ids }
            return decoder.idsStanding(for: encoding.ids)
        }
        try check(ids, vocabularySize: vocabularySize)
        var vectors = [Float](repeating: 0, count: texts.count * width)
        vectors.withUnsafeMutableBufferPointer { vectors in
            guard let base = vectors.baseAddress else { return }
            for batch in microBatches(lengths: ids.map(\.count), tokens: microBatchTokens) {
                let sequences = batch.map { ids[$0] }
                let targets = batch.map { base + $0 * width }
                switch model {
                case .encoder(let encoder):
                    encoder.withHiddenStates(of: sequences) { pooling.pool($0, into: targets) }
                case .decoder(let decoder):
                    decoder.withHiddenStates(of: sequences, rows: .all) {
                        pooling.pool($0, into: targets)
                    }
                }
            }
        }
        return (vectors, encodings.map(\.isTruncated))
    }
}
