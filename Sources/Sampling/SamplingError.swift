public import StreamIO

/// What can be wrong with a request for text.
public enum SamplingError: ReportedError, Hashable {
    /// A prompt without tokens, and the model has no token to begin with.
    case emptyPrompt
    /// A response without tokens.
    case emptyResponse
    /// A token that the model does not have.
    case unknownToken(Int32, vocabularySize: Int)
    /// A prompt that leaves no room for a single token.
    case overlongPrompt(got: Int, positions: Int)
    /// A prompt and response that do not fit into the model's positions together.
    case overlongSequence(got: Int, positions: Int)
    /// A description of a mix of negatives that cannot be read.
    case unreadableMix(String, reason: String)
    /// A kind of negatives that needs an EOS token, and a model without one.
    case noEOS
    /// Logits that are infinite or no numbers behind so many tokens of a record.
    case nonFiniteLogits(id: String, length: Int)
    /// The kind `given` for a record that holds nothing to take.
    case nothingGiven

    /// ``ExitStatus/usage`` for a mix, ``ExitStatus/internalFailure`` for logits, else
    /// ``ExitStatus/badData``.
    public var exitStatus: ExitStatus {
        switch self {
        case .unreadableMix: .usage
        case .nonFiniteLogits: .internalFailure
        default: .badData
        }
    }

    /// What is wrong.
    public var description: String {
        switch self {
        case .emptyPrompt: "empty prompt (got 0 tokens, expected at least 1)"
        case .emptyResponse: "empty response (got 0 tokens, expected at least 1)"
        case .unknownToken(let id, let size):
            "token the model does not have (got \(id), expected 0 to \(size - 1))"
        case .overlongPrompt(let got, let positions):
            "prompt too long (got \(got) tokens, expected fewer than the model's \(positions) "
                + "positions)"
        case .overlongSequence(let got, let positions):
            "prompt and response too long (got \(got) tokens, expected at most \(positions))"
        case .unreadableMix(let text, let reason):
            "unreadable mix of negatives: \(reason) (got '\(text)', expected e.g. 'an:4' or "
                + "'bn:2,mn:2,tn:1')"
        case .noEOS: "truncated negatives need an EOS token (got none in the model's configuration)"
        case .nonFiniteLogits(let id, let length):
            "record \"\(id)\": the model's logits behind \(length) tokens are not finite (got NaN or "
                + "infinity, expected numbers)"
        case .nothingGiven: "no given negative (got no 'rejected' or 'rejected_ids')"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .overlongPrompt: "--on-overlong truncate-left or drop says what to do with it"
        case .overlongSequence: "--on-overlong drop leaves such records out"
        case .unknownToken: "was the record tokenized for another model?"
        case .emptyPrompt: "the model's configuration has no bos_token_id to begin with"
        case .nonFiniteLogits: "the model's weights are damaged, or too large for this --precision"
        default: nil
        }
    }
}
