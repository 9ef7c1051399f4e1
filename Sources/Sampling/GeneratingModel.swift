import Checkpoints
public import Kernels
public import Tokenization
public import Transformer

/// A model to generate with, and its tokenizer if there is one.
public struct GeneratingModel {
    /// The model, ready for incremental decoding.
    public let decoder: IncrementalDecoder
    /// Its tokenizer; `nil` if the checkpoint has none that can be used.
    public let tokenizer: Tokenizer?
    /// What a user should know about the checkpoint.
    public let warnings: [String]

    /// Reads a checkpoint directory.
    ///
    /// A checkpoint without a tokenizer, or with one of an unknown kind, works on token ids alone.
    ///
    /// - Parameter precision: what layers compute with
    public init(directory: String, precision: InferencePrecision = .fp32) throws {
        let checkpoint = try Checkpoint.load(directory: directory)
        var warnings = checkpoint.warnings
        do {
            tokenizer = try Tokenizer.load(directory: directory)
        } catch {
            tokenizer = nil
            switch error {
            case .noTokenizer: break
            default: warnings.append("no text in the output: \(error.description)")
            }
        }
        if checkpoint.configuration.eosTokenIDs.isEmpty {
            warnings.append("the model names no EOS token; every output reaches the length limit")
        }
        self.warnings = warnings
        decoder = IncrementalDecoder(
            Decoder(
                configuration: checkpoint.configuration, parameters: checkpoint.parameters,
                precision: precision.products, isQuantized: precision.isQuantized),
            keepsWeights: false)
    }

    /// The model's configuration.
    public var configuration: DecoderConfiguration { decoder.configuration }

    /// When outputs of this model end, and which tokens they may hold.
    public func limits(
        maxNewTokens: Int, minNewTokens: Int = 0, ignoresEOS: Bool = false
    ) -> DecodingLimits {
        DecodingLimits(
            maxNewTokens: maxNewTokens, minNewTokens: minNewTokens, ignoresEOS: ignoresEOS,
            eosTokenIDs: configuration.eosTokenIDs, usableVocabulary: usableVocabulary)
    }

    /// Ids below this belong to tokens; embedding tables are often padded beyond it.
    public var usableVocabulary: Int {
        min(configuration.vocabularySize, tokenizer?.vocabularySize ?? .max)
    }
}
