public import Records
import StreamIO
public import Transformer

/// What a model can take: token ids below the vocabulary's size, sequences of limited length.
public struct SequenceLimits: Sendable {
    private let vocabularySize: Int
    private let maximumPositions: Int
    /// Whether sequences without a token that has a probability are refused.
    var needsTargets = true

    /// The limits of a model.
    public init(_ configuration: DecoderConfiguration) {
        vocabularySize = configuration.vocabularySize
        maximumPositions = configuration.maximumPositions
    }

    /// Checks one field of a record, e.g. `response_ids`.
    func check(_ ids: [Int32], _ field: String, _ record: Record) throws(RecordError) {
        guard let foreign = ids.first(where: { Int($0) >= vocabularySize }) else { return }
        throw .invalidValue(
            location: record.location, field: field, got: "token id \(foreign)",
            expected: "ids below the model's vocabulary size \(vocabularySize)")
    }

    /// Checks the length of prompt and continuation together.
    func check(
        prompt: [Int32], continuation: [Int32], _ field: String, _ record: Record
    ) throws(RecordError) {
        guard !continuation.isEmpty else {
            throw .invalidValue(
                location: record.location, field: field, got: "no tokens",
                expected: "at least one token")
        }
        guard !needsTargets || prompt.count + continuation.count > 1 else {
            throw .invalidValue(
                location: record.location, field: field, got: "one token after an empty prompt",
                expected: "a prompt, or at least two tokens: the first of a text has no probability"
            )
        }
        let length = prompt.count + continuation.count
        guard length <= maximumPositions else {
            throw .unfit(
                location: record.location,
                reason: "prompt and \(field) are too long for the model "
                    + "(got \(length) tokens, expected at most \(maximumPositions))",
                hint: "tokenize --max-prompt-tokens and --max-response-tokens shorten them")
        }
    }
}

extension Record {
    /// The record's prompt with its response as the only continuation.
    public func responseTree(_ limits: SequenceLimits) throws(RecordError) -> TokenTree {
        let prompt = try tokenIDs("prompt_ids")
        try limits.check(prompt, "prompt_ids", self)
        let response = try tokenIDs("response_ids")
        try limits.check(response, "response_ids", self)
        try limits.check(prompt: prompt, continuation: response, "response_ids", self)
        return TokenTree(prompt: prompt, continuations: [response])
    }

    /// The record's prompt with its response and then its negatives as continuations.
    ///
    /// - Parameter negativesRequired: whether a record without negatives is an error
    public func candidateTree(
        _ limits: SequenceLimits, negativesRequired: Bool
    ) throws(RecordError) -> TokenTree {
        var tree = try responseTree(limits)
        let negatives = try negativesRequired ? self.negatives() : optionalNegatives() ?? []
        if negativesRequired, negatives.isEmpty {
            throw .invalidValue(
                location: location, field: "negatives", got: "an empty array",
                expected: "at least one negative")
        }
        for (index, negative) in negatives.enumerated() {
            let field = "negatives[\(index)].ids"
            guard let ids = negative.ids else {
                throw .missingField(
                    location: location, field: field, expected: "array of integers")
            }
            try limits.check(ids, field, self)
            try limits.check(prompt: tree.prompt, continuation: ids, field, self)
            tree.continuations.append(ids)
        }
        return tree
    }
}
