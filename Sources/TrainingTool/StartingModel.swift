public import Checkpoints
import Tokenization
public import ToolKit
public import Transformer

/// The model that a run starts from. Its weights are not made before it is known how to hold them.
public enum StartingModel: Sendable {
    /// The checkpoint in a directory.
    case checkpoint(String)
    /// Random weights of the shape that a `config.json` names, and the directory of its tokenizer.
    case random(configuration: String, tokenizer: String?, seed: UInt64)

    /// The model's shape; a tokenizer that does not fit it is refused.
    public func shape() throws -> DecoderConfiguration {
        switch self {
        case .checkpoint(let directory):
            return try Checkpoint.configuration(directory: directory)
        case .random(let file, let tokenizer, _):
            let shape = try HuggingFaceConfig(file: file).configuration
            if let tokenizer {
                try Self.requireFit(shape, try Tokenizer.load(directory: tokenizer), file)
            }
            return shape
        }
    }

    /// Which model it is, by content.
    public func identity() throws -> ModelIdentity {
        switch self {
        case .checkpoint(let directory): try ModelIdentity(directory: directory)
        case .random(let file, _, let seed): try ModelIdentity(configuration: file, seed: seed)
        }
    }

    /// The model, its weights in memory.
    ///
    /// - Parameter isCompact: whether they are held in bfloat16
    public func load(isCompact: Bool) throws -> Checkpoint {
        switch self {
        case .checkpoint(let directory):
            return try Checkpoint.load(directory: directory, isCompact: isCompact)
        case .random(let file, let tokenizer, let seed):
            let config = try HuggingFaceConfig(file: file)
            let weights = ParameterStorage(
                count: ParameterLayout(config.configuration).count, isCompact: isCompact)
            weights.initialize(config.configuration, seed: seed)
            var checkpoint = Checkpoint(config: config, weights: weights)
            checkpoint.directory = tokenizer
            return checkpoint
        }
    }

    /// A model whose end of text is not the tokenizer's would never stop.
    private static func requireFit(
        _ configuration: DecoderConfiguration, _ tokenizer: Tokenizer, _ file: String
    ) throws(CheckpointError) {
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw .configuration(
                file: file,
                what: "vocab_size is below the tokenizer's (got \(configuration.vocabularySize), "
                    + "expected at least \(tokenizer.vocabularySize))")
        }
        if let end = tokenizer.endOfSequenceID, !configuration.eosTokenIDs.contains(end) {
            let got = configuration.eosTokenIDs.map(String.init).joined(separator: ", ")
            throw .configuration(
                file: file,
                what: "eos_token_id is not the tokenizer's (got \(got), expected \(end))")
        }
    }
}

extension Checkpoint {
    /// Number of tokens that the model's tokenizer has, if it has one: its table is often padded beyond.
    public func usedVocabulary(_ log: Log) -> Int? {
        guard let directory else { return nil }
        do {
            return try Tokenizer.load(directory: directory).vocabularySize
        } catch TokenizationError.noTokenizer {
            return nil
        } catch {
            log.warning("all rows of the model's table may be drawn: \(error)")
            return nil
        }
    }
}
