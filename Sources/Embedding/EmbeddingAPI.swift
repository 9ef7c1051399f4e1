public import StreamIO

/// What can be wrong with models that embed and score texts.
public enum EmbeddingError: ReportedError, Hashable {
    /// The model cannot be used for what is asked of it.
    case unavailable(what: String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .unavailable(let what): "\(what) is not available in this version"
        }
    }

    /// Always ``ExitStatus/internalFailure``.
    public var exitStatus: ExitStatus { .internalFailure }
}

/// A sentence embedder: texts to vectors of unit length.
public struct TextEmbedder: Sendable {
    /// Number of components of an embedding.
    public let width: Int
    /// Longest text in tokens; longer ones are cut.
    public let maximumTokens: Int

    /// Loads an embedder from a Hugging Face directory.
    public static func load(directory: String) throws -> TextEmbedder {
        throw EmbeddingError.unavailable(what: "embedding by \(directory)")
    }

    /// Embeds texts.
    ///
    /// - Returns: (count, width) vectors of unit length, and whether each text was cut.
    public func embed(_ texts: [String]) throws -> (vectors: [Float], truncated: [Bool]) {
        throw EmbeddingError.unavailable(what: "embedding")
    }
}

/// A decoder whose hidden states are features of texts.
public struct FeatureExtractor: Sendable {
    /// Number of features.
    public let width: Int

    /// Loads a checkpoint directory.
    public static func load(directory: String) throws -> FeatureExtractor {
        throw EmbeddingError.unavailable(what: "feature extraction by \(directory)")
    }

    /// The final hidden state at the last token of each text, which is cut to `maximumTokens`.
    ///
    /// - Returns: (count, width) features.
    public func lastTokenFeatures(_ texts: [String], maximumTokens: Int) throws -> [Float] {
        throw EmbeddingError.unavailable(what: "feature extraction")
    }
}

/// A decoder that gives probabilities to texts.
public struct SequenceScorer: Sendable {
    /// Loads a checkpoint directory.
    public static func load(directory: String) throws -> SequenceScorer {
        throw EmbeddingError.unavailable(what: "scoring by \(directory)")
    }

    /// Token ids of a text, without special tokens.
    public func tokenIDs(of text: String) throws -> [Int32] {
        throw EmbeddingError.unavailable(what: "tokenization")
    }

    /// log π(continuation ∣ prompt), summed over the continuation's tokens.
    public func logProbabilities(
        prompts: [[Int32]], continuations: [[Int32]]
    ) throws -> [Double] {
        throw EmbeddingError.unavailable(what: "scoring")
    }

    /// The log-probability of each of `tokens` as the next one after `prompt`.
    public func nextTokenLogProbabilities(
        prompt: [Int32], tokens: [Int32]
    ) throws -> [Double] {
        throw EmbeddingError.unavailable(what: "scoring")
    }
}
