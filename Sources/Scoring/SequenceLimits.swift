public import Records
import StreamIO
public import Transformer

/// What every model of a run can take: token ids below the vocabulary's size, sequences of limited
/// length.
public struct SequenceLimits: Sendable {
    private struct Model {
        /// How messages call it.
        let name: String
        let vocabularySize: Int
        let maximumPositions: Int
    }

    private var models: [Model] = []
    /// Whether sequences without a token that has a probability are refused.
    var needsTargets = true

    /// The limits of a model.
    ///
    /// - Parameter name: how messages call it, e.g. `the reference DIR`
    public init(_ configuration: DecoderConfiguration, name: String = "the model") {
        add(configuration, name: name)
    }

    /// Adds the limits of a model that sees the same records.
    public mutating func add(_ configuration: DecoderConfiguration, name: String) {
        models.append(
            Model(
                name: name, vocabularySize: configuration.vocabularySize,
                maximumPositions: configuration.maximumPositions))
    }

    /// Checks one field of a record, e.g. `response_ids`.
    func check(_ ids: [Int32], _ field: String, _ record: Record) throws(RecordError) {
        guard let least = ids.min(), let greatest = ids.max() else { return }
        for model in models where least < 0 || Int(greatest) >= model.vocabularySize {
            throw .invalidValue(
                location: record.location, field: field,
                got: "token id \(least < 0 ? least : greatest)",
                expected: "ids from 0 to \(model.vocabularySize - 1), the vocabulary of "
                    + model.name)
        }
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
        for model in models where length > model.maximumPositions {
            throw .unfit(
                location: record.location,
                reason: "prompt and \(field) are too long for \(model.name) "
                    + "(got \(length) tokens, expected at most \(model.maximumPositions))",
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
