public import Evaluation

/// The judges that need no network.
public enum LocalJudge: String, CaseIterable {
    /// A decoder answers the template with a letter.
    case model
    /// The cosine similarity of embeddings to the ground truth or the prompt.
    case embedding
    /// The mean log-probability of an answer's tokens.
    case likelihood

    /// Comparisons that go through a model together.
    private static let comparisonsAtOnce = 32

    /// Judges all comparisons, some at a time, in their order.
    ///
    /// - Parameters:
    ///   - warn: called with what a user should know about the model
    ///   - report: called with each batch of verdicts
    /// - Returns: how many comparisons have a text that the embedder cut.
    public func run(
        on comparisons: [Comparison], modelDirectory: String, template: JudgeTemplate,
        order: PresentationOrder, seed: UInt64, warn: (String) -> Void,
        _ report: ([Verdict]) throws -> Void
    ) throws -> Int {
        let batches = stride(from: 0, to: comparisons.count, by: Self.comparisonsAtOnce).map {
            Array(comparisons[$0..<min(comparisons.count, $0 + Self.comparisonsAtOnce)])
        }
        switch self {
        case .embedding:
            let embedder = try TextEmbedder.load(directory: modelDirectory)
            embedder.warnings.forEach(warn)
            var judge = SimilarityJudge()
            for batch in batches {
                try report(try judge.verdicts(on: batch, embed: embedder.embed))
            }
            return judge.truncatedCount
        case .likelihood:
            let scorer = try SequenceScorer.load(directory: modelDirectory)
            scorer.warnings.forEach(warn)
            for batch in batches {
                try report(
                    try LikelihoodJudge().verdicts(
                        on: batch, encode: scorer.tokenIDs, score: scorer.logProbabilities))
            }
        case .model:
            let scorer = try SequenceScorer.load(directory: modelDirectory)
            scorer.warnings.forEach(warn)
            let judge = try LetterJudge(
                template: template, order: order, seed: seed, encode: scorer.tokenIDs)
            for comparison in comparisons {
                try report([
                    try judge.verdict(
                        on: comparison, encode: scorer.tokenIDs,
                        next: scorer.nextTokenLogProbabilities)
                ])
            }
        }
        return 0
    }
}
