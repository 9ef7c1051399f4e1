import StreamIO

/// What can go wrong when a tokenizer is loaded, used, learned or written.
public enum TokenizationError: ReportedError, Equatable {
    /// None of the files that could hold a tokenizer is in the directory.
    case noTokenizer(directory: String)
    /// A file cannot be read.
    case unreadable(path: String, reason: String)
    /// A file is not what it should be.
    case malformed(source: String, what: String)
    /// A file asks for something that this tokenizer does not do.
    case unsupported(source: String, what: String)
    /// Text held special tokens although ``SpecialTokenPolicy/error`` was asked for.
    case specialTokenInText(token: String, byteOffset: Int)
    /// An id without a token.
    case unknownID(got: Int32, vocabularySize: Int)
    /// An operation that only some kinds of tokenizer have.
    case notAvailable(operation: String, kind: String)
    /// The tokenizer has no end-of-sequence token.
    /// Or a file names one that is none; then the argument says which.
    case noEndOfSequence(fault: String?)
    /// The vocabulary asked for is smaller than bytes and special tokens alone.
    case vocabularyTooSmall(got: Int, minimum: Int)
    /// Nothing to learn from.
    case nothingToLearn
    /// A prompt template has a place that the record has no field for.
    case missingField(name: String, template: String)
    /// A record that no token record can be made of; `what` has the form "what (got X, expected Y)".
    case unfitRecord(what: String, hint: String? = nil)
    /// A prompt template's text is wrong.
    case malformedTemplate(what: String)

    /// See ``StreamIO/ExitStatus``.
    public var exitStatus: ExitStatus {
        switch self {
        case .noTokenizer, .unreadable: .missingInput
        case .vocabularyTooSmall, .notAvailable: .usage
        case .malformed, .unsupported, .specialTokenInText, .unknownID, .noEndOfSequence,
            .nothingToLearn, .missingField, .unfitRecord, .malformedTemplate:
            .badData
        }
    }

    /// What is wrong, in lower case.
    public var description: String {
        switch self {
        case .noTokenizer(let directory):
            "no tokenizer in \(directory) "
                + "(expected tokenizer.json, vocab.json with merges.txt, or tokenizer.model)"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .malformed(let source, let what): "\(source): \(what)"
        case .unsupported(let source, let what): "\(source): unsupported \(what)"
        case .specialTokenInText(let token, let offset):
            "text contains the special token \(token) at byte \(offset)"
        case .unknownID(let got, let size):
            "token id outside the vocabulary (got \(got), expected 0 to \(size - 1))"
        case .notAvailable(let operation, let kind):
            "\(operation) is not available for a \(kind) tokenizer"
        case .noEndOfSequence(let fault):
            "the tokenizer names no end-of-sequence token" + (fault.map { " (\($0))" } ?? "")
        case .vocabularyTooSmall(let got, let minimum):
            "vocabulary size too small (got \(got), expected at least \(minimum))"
        case .nothingToLearn: "no text to learn a vocabulary from"
        case .missingField(let name, let template):
            "field \"\(name)\" for the template '\(template)' (got no string, expected string)"
        case .unfitRecord(let what, _): what
        case .malformedTemplate(let what): "prompt template: \(what)"
        }
    }

    /// What to do about it, where that is known.
    public var hint: String? {
        switch self {
        case .specialTokenInText:
            "--special text takes it as ordinary text, --special allow as the token"
        case .noEndOfSequence:
            "name eos_token in tokenizer_config.json or eos_token_id in generation_config.json"
        case .unfitRecord(_, let hint): hint
        case .unsupported:
            "records whose ids were made elsewhere, prompt_ids and response_ids, need no tokenizer"
        case .missingField: "choose another --template (dolly, plain, chat or a file)"
        default: nil
        }
    }
}
