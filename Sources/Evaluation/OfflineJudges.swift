import Glibc

/// The judge `embedding`: the answer that is more similar wins.
///
/// It stands in for a reader where none is at hand; what it measures is closeness to the ground
/// truth (or, when the ground truth itself competes, to the query), not helpfulness.
public struct SimilarityJudge: Sendable, Hashable {
    /// How many comparisons had a text that was longer than the embedder's limit.
    public private(set) var truncatedCount = 0

    /// A judge that has seen nothing yet.
    public init() {}

    /// Compares by cosine similarity to each comparison's `reference`, or to its `query` where
    /// there is none.
    public mutating func verdicts(
        on comparisons: [Comparison], embed: EmbeddingFunction
    ) throws -> [Verdict] {
        let embeddings = try TextEmbeddings(
            of: comparisons.flatMap { [$0.reference ?? $0.query, $0.a, $0.b] }, by: embed)
        return try comparisons.map { comparison in
            let target = comparison.reference ?? comparison.query
            if [target, comparison.a, comparison.b].contains(where: embeddings.wasTruncated) {
                truncatedCount += 1
            }
            let similarities = try [comparison.a, comparison.b].map { answer in
                try finite(
                    cosineSimilarity(embeddings[target], embeddings[answer]), "similarity",
                    of: comparison)
            }
            return comparison.measured(
                Verdict(id: comparison.id, a: similarities[0], b: similarities[1]))
        }
    }
}

/// The judge `likelihood`: the answer to which a language model gives the higher mean
/// log-probability per token, given the prompt, wins. An answer without tokens loses.
public struct LikelihoodJudge: Sendable, Hashable {
    /// A judge.
    public init() {}

    /// Compares answers.
    ///
    /// - Parameters:
    ///   - encode: token ids of a text, without special tokens.
    ///   - score: for each prompt and continuation the log-probability of the continuation, summed
    ///     over its tokens.
    public func verdicts(
        on comparisons: [Comparison], encode: (String) throws -> [Int32],
        score: (_ prompts: [[Int32]], _ continuations: [[Int32]]) throws -> [Double]
    ) throws -> [Verdict] {
        var prompts: [[Int32]] = []
        var continuations: [[Int32]] = []
        for comparison in comparisons {
            let prompt = try encode(comparison.prompt)
            for side in Side.allCases {
                prompts.append(prompt)
                continuations.append(try encode(comparison.answer(of: side)))
            }
        }
        // Answers without tokens are not put to the model.
        let scored = continuations.indices.filter { !continuations[$0].isEmpty }
        let sums = try score(scored.map { prompts[$0] }, scored.map { continuations[$0] })
        guard sums.count == scored.count else {
            throw EvaluationError.sizeMismatch(
                what: "number of log-probabilities", got: sums.count, expected: scored.count)
        }
        var means = [Double](repeating: -.infinity, count: continuations.count)
        for (index, sum) in zip(scored, sums) {
            means[index] =
                try finite(
                    sum, "log-probability", of: comparisons[index / Side.allCases.count])
                / Double(continuations[index].count)
        }
        return comparisons.enumerated().map { index, comparison in
            comparison.measured(
                Verdict(id: comparison.id, a: means[2 * index], b: means[2 * index + 1]))
        }
    }
}

/// The judge `model`: a local checkpoint reads the filled template; the letter to which it gives
/// the higher probability as the next token is its answer.
public struct LetterJudge: Sendable, Hashable {
    /// The question.
    public let template: JudgeTemplate
    /// The orders in which it is asked.
    public let order: PresentationOrder
    private let seed: UInt64
    private let spellings: [[Int32]]

    /// A judge that puts `template`, using the tokens that spell the two letters with and without
    /// a leading space.
    ///
    /// - Parameter encode: token ids of a text, without special tokens.
    /// - Throws: ``EvaluationError/template(name:problem:)`` if no spelling of a letter is a single
    ///   token.
    public init(
        template: JudgeTemplate, order: PresentationOrder, seed: UInt64 = 0,
        encode: (String) throws -> [Int32]
    ) throws {
        self.template = template
        self.order = order
        self.seed = seed
        spellings = try ["A", "B"].map { letter in
            let tokens = try [letter, " " + letter].map(encode).filter { $0.count == 1 }
            let distinct = Set(tokens.compactMap(\.first)).sorted()
            guard !distinct.isEmpty else {
                throw EvaluationError.template(
                    name: template.name,
                    problem: "the model's tokenizer has no single token for \"\(letter)\"")
            }
            return distinct
        }
    }

    /// Asks about one comparison.
    ///
    /// - Parameter next: log-probabilities of the given tokens after the given prompt.
    public func verdict(
        on comparison: Comparison, encode: (String) throws -> [Int32],
        next: (_ prompt: [Int32], _ tokens: [Int32]) throws -> [Double]
    ) throws -> Verdict {
        let questions = comparison.questions(template: template, order: order, seed: seed)
        let orders = try questions.map { question in
            let values = try next(try encode(question.text), spellings[0] + spellings[1])
            let split = spellings[0].count
            guard values.count == split + spellings[1].count else {
                throw EvaluationError.sizeMismatch(
                    what: "number of log-probabilities", got: values.count,
                    expected: split + spellings[1].count)
            }
            let sums = try [values[..<split], values[split...]].map { spellings in
                try finite(
                    logSum(spellings), "log-probability of a letter",
                    of: comparison)
            }
            return JudgedOrder(
                first: question.first, logProbabilityA: sums[0], logProbabilityB: sums[1])
        }
        return comparison.verdict(orders)
    }
}

/// The value that was measured about a record.
///
/// - Throws: ``EvaluationError/notFiniteMeasure(what:id:got:)``: compared with anything, such a value
///   would decide nothing, or everything.
private func finite(
    _ value: Double, _ what: String, of comparison: Comparison
) throws(EvaluationError) -> Double {
    guard value.isFinite else {
        throw .notFiniteMeasure(what: what, id: comparison.id, got: "\(value)")
    }
    return value
}

/// log Σ exp(v); -∞ of none, NaN if one of them is.
func logSum(_ values: some Collection<Double>) -> Double {
    guard !values.contains(where: \.isNaN) else { return .nan }
    guard let largest = values.max(), largest.isFinite else { return values.max() ?? -.infinity }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}
