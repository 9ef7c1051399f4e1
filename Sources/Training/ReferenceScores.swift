import Scoring
public import Transformer

/// Computes log π(y|x) of every candidate of the examples that the first `steps` steps of a run train
/// on, packed as the run packs them: a policy that equals the reference then has the same bits, and
/// margins of the first step are exactly zero.
///
/// - Returns: for every example the candidates' log-probabilities; empty for examples that no step
///   uses.
public func referenceScores(
    of examples: [PreferenceExample], model: Decoder, order: BatchOrder, steps: Int,
    rowLimit: Int, progress: (_ step: Int) throws -> Void = { _ in }
) rethrows -> [[Double]] {
    var scores = [[Double]](repeating: [], count: examples.count)
    for step in 0..<steps {
        let records = order.records(step: step)
        let trees = records.map { examples[$0].tree }
        for range in microBatches(trees, rowLimit: rowLimit)
        where range.contains(where: { scores[records[$0]].isEmpty }) {
            for (place, sums) in zip(
                range,
                sequenceLogProbabilities(Array(trees[range]), model: model, rowLimit: rowLimit))
            where scores[records[place]].isEmpty {
                scores[records[place]] = sums
            }
        }
        try progress(step)
    }
    return scores
}
