public import StreamIO

/// What can be wrong with models that embed and score texts, and with what they are given.
public enum EmbeddingError: ReportedError, Hashable {
    /// A file of the model's directory does not exist.
    case missing(path: String, hint: String?)
    /// A file of the model's directory is not what it should be.
    case malformed(file: String, what: String)
    /// The directory asks for something that is not done here, and would be computed wrongly.
    case unsupported(file: String, what: String)
    /// A text of a decoder has no token to take a hidden state from; the index counts from 0.
    case noTokens(index: Int)
    /// The tokenizer gives ids that the model has no row for.
    case tokenOutOfRange(got: Int32, vocabularySize: Int)
    /// A prompt and its continuation have more tokens than the model has positions.
    case tooLong(index: Int, got: Int, maximum: Int)
    /// As many prompts as continuations are needed.
    case unequalCounts(prompts: Int, continuations: Int)

    /// The status that a tool exits with.
    public var exitStatus: ExitStatus {
        switch self {
        case .missing: .missingInput
        case .unequalCounts: .internalFailure
        default: .badData
        }
    }

    /// What is wrong.
    public var description: String {
        switch self {
        case .missing(let path, _): "\(path): no such file"
        case .malformed(let file, let what): "\(file): \(what)"
        case .unsupported(let file, let what): "\(file): not supported: \(what)"
        case .noTokens(let index):
            "text \(index + 1) is empty (expected at least one token for a decoder's embedding)"
        case .tokenOutOfRange(let got, let size):
            "token id outside the model's vocabulary (got \(got), expected 0 to \(size - 1))"
        case .tooLong(let index, let got, let maximum):
            "sequence \(index + 1) is too long for the model "
                + "(got \(got) tokens, expected at most \(maximum))"
        case .unequalCounts(let prompts, let continuations):
            "numbers of prompts and continuations differ "
                + "(got \(continuations) continuations, expected \(prompts))"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .missing(_, let hint): hint
        case .noTokens: "a sentence embedder takes empty texts; or leave the record out"
        case .tokenOutOfRange: "the tokenizer files may belong to another model"
        default: nil
        }
    }
}
