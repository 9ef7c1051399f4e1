public import Records
import StreamIO
public import Transformer

/// Adds log-probabilities under a model to records.
public struct RecordScorer {
    private let model: Decoder
    private var limits: SequenceLimits
    private let rowLimit: Int
    /// Whether every token's log-probability of the response is stored too.
    public var perToken = false
    /// The model's hash if the scores are to be stored as those of a reference.
    public var referenceModel: String?
    /// Target tokens of all responses so far.
    public private(set) var responseTokens = 0
    /// Σ log π over the responses so far.
    public private(set) var responseLogProbability = 0.0

    /// - Parameter rowLimit: most rows of a micro-batch
    public init(model: Decoder, rowLimit: Int) {
        self.model = model
        self.rowLimit = rowLimit
        limits = SequenceLimits(model.configuration)
    }

    /// Mean negative log-likelihood per response token so far.
    public var meanNLL: Double {
        responseTokens == 0 ? 0 : -responseLogProbability / Double(responseTokens)
    }

    /// Scores responses and negatives of some records.
    public mutating func score(_ records: [Record]) throws -> [Record] {
        // What is no text to train on may still be counted.
        limits.needsTargets = referenceModel != nil
        var trees: [TokenTree] = []
        for record in records {
            trees.append(try record.candidateTree(limits, negativesRequired: false))
        }
        let scores = tokenLogProbabilities(trees, model: model, rowLimit: rowLimit)
        var result = records
        for index in result.indices {
            try store(scores[index], in: &result[index])
        }
        return result
    }

    private mutating func store(_ tokens: [[Float]], in record: inout Record) throws {
        let sums = tokens.map { $0.reduce(0.0) { $0 + Double($1) } }
        for (index, sum) in sums.enumerated() {
            try record.requireFinite(
                sum, "log-probability of the " + (index == 0 ? "response" : "negative \(index - 1)")
            )
        }
        responseTokens += tokens[0].count
        responseLogProbability += sums[0]
        if let referenceModel {
            try ReferenceField(
                model: referenceModel, scores: sums, precision: model.precision
            ).store(in: &record)
            return
        }
        record.fields["response_logprob"] = .number(sums[0])
        if perToken { record.setNumbers("response_token_logprobs", tokens[0].map(Double.init)) }
        if var negatives = try record.optionalNegatives() {
            for index in negatives.indices { negatives[index].logprob = sums[index + 1] }
            record.setNegatives(negatives)
        }
    }
}
