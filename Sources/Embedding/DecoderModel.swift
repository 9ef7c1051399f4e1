import Checkpoints
import Kernels
import Tokenization
import Transformer

/// A decoder with its tokenizer, from a checkpoint directory.
struct DecoderModel {
    let decoder: Decoder
    let tokenizer: Tokenizer
    /// What a user should know about the checkpoint.
    let warnings: [String]

    init(directory: String, precision: InferencePrecision = .fp32) throws {
        let checkpoint = try Checkpoint.load(directory: directory)
        decoder = Decoder(
            configuration: checkpoint.configuration, parameters: checkpoint.parameters,
            precision: precision.products, isQuantized: precision.isQuantized)
        warnings = checkpoint.warnings
        tokenizer = try Tokenizer.load(directory: directory)
    }
}

extension Decoder {
    /// The ids that stand for a text: its own, or for an empty text, which models do generate, the
    /// end of sequence that was all they said; nothing if the model has none.
    func idsStanding(for ids: [Int32]) -> [Int32] {
        ids.isEmpty ? Array(configuration.eosTokenIDs.prefix(1)) : ids
    }
}

/// Makes sure that every sequence has tokens and the model a row for each of them.
func check(_ sequences: [[Int32]], vocabularySize: Int) throws(EmbeddingError) {
    for (index, ids) in sequences.enumerated() {
        guard let least = ids.min(), let greatest = ids.max() else {
            throw .noTokens(index: index)
        }
        guard least >= 0, Int(greatest) < vocabularySize else {
            throw .tokenOutOfRange(
                got: least < 0 ? least : greatest, vocabularySize: vocabularySize)
        }
    }
}
