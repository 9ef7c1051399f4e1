public import Objectives
import Scoring
public import Transformer

/// Contrastive preference optimization, or DPO, of candidates against a frozen reference.
public struct PreferenceObjective: TrainingObjective {
    private let examples: [PreferenceExample]
    private let reference: [[Double]]
    private let loss: PreferenceLoss
    private let beta: Double
    private let nllWeight: Double
    private let rowLimit: Int
    private let sharesPrompts: Bool

    /// - Parameters:
    ///   - examples: prompts with candidates
    ///   - reference: log π_ref of every candidate of every example; empty for examples that are not used
    ///   - loss: what is minimized
    ///   - beta: β
    ///   - nllWeight: weight of the ground truth's mean negative log-likelihood in the loss
    ///   - rowLimit: most rows of a micro-batch
    ///   - sharesPrompts: whether a prompt is computed once for all its candidates
    public init(
        _ examples: [PreferenceExample], reference: [[Double]], loss: PreferenceLoss,
        beta: Double, nllWeight: Double = 0, rowLimit: Int, sharesPrompts: Bool = true
    ) {
        precondition(
            reference.count == examples.count
                && zip(reference, examples).allSatisfy {
                    $0.isEmpty || $0.count == $1.tree.continuations.count
                }, "reference scores of other candidates")
        self.examples = examples
        self.reference = reference
        self.loss = loss
        self.beta = beta
        self.nllWeight = nllWeight
        self.rowLimit = rowLimit
        self.sharesPrompts = sharesPrompts
    }

    /// Number of records.
    public var recordCount: Int { examples.count }

    /// The record's prompt and candidates.
    public func tree(of record: Int) -> TokenTree { examples[record].tree }

    /// Adds the gradient of the mean loss over the batch's prompts.
    public func accumulate(
        _ records: [Int], step: Int, model: Decoder, gradients: StepGradients
    ) -> StepResult {
        let trees = records.map { examples[$0].tree }
        let chosenTokens = trees.reduce(0) { $0 + $1.targetCount(0) }
        let nll = MLELoss(tokenCount: chosenTokens)
        var total = PreferenceTotals()
        var rows = 0

        /// The weights of one prompt's candidates in the step's loss.
        func weights(_ place: Int, _ policy: [Double]) -> [Double] {
            let record = records[place]
            let value = loss.evaluate(
                examples[record].candidates(policy: policy, reference: reference[record]),
                beta: beta)
            total.add(
                value, policy: policy,
                rewards: implicitRewards(
                    policy: policy, reference: reference[record], beta: beta))
            for (candidate, values) in zip(policy, reference[record]).enumerated() {
                let gap = ReferenceGap(
                    record: record, candidate: candidate, policy: values.0, reference: values.1,
                    tokens: examples[record].tree.targetCount(candidate))
                if gap.perToken > total.gap?.perToken ?? -1 { total.gap = gap }
            }
            var weights = value.gradient.map { $0 / Double(records.count) }
            weights[0] += nllWeight * nll.gradient
            return weights
        }

        for range in microBatches(trees, rowLimit: rowLimit, sharesPrompts: sharesPrompts) {
            let first = trees[range.lowerBound]
            if range.count == 1 {
                let parts = branchBatches(
                    first, rowLimit: rowLimit, sharesPrompts: sharesPrompts)
                if parts.count > 1 {
                    rows += accumulateInParts(
                        first, parts, sharesPrompts: sharesPrompts, model: model,
                        gradients: gradients
                    ) { weights(range.lowerBound, $0) }
                    continue
                }
            }
            let batch = PackedBatch(Array(trees[range]), sharesPrompts: sharesPrompts)
            rows += batch.rowCount
            _ = model.accumulateGradients(batch, into: gradients) { sequences, policy in
                batch.sequenceRanges.indices.filter {
                    sequences.contains(batch.sequenceRanges[$0].lowerBound)
                }.flatMap { tree in
                    weights(
                        range.lowerBound + tree,
                        batch.sequenceRanges[tree].map { policy[$0 - sequences.lowerBound] })
                }
            }
        }
        return StepResult(
            loss: total.loss / Double(records.count)
                + nllWeight * nll.value(logProbability: total.logProbabilityChosen),
            tokens: trees.reduce(0) { $0 + $1.sequenceTokenCount }, rows: rows,
            preference: total.means(prompts: records.count), referenceGap: total.gap)
    }
}

/// Trains on a tree that is too large for one micro-batch: first the log-probabilities of all its
/// candidates, a few at a time, then, with the loss's weights known, their gradients.
///
/// - Returns: the number of rows that were computed.
private func accumulateInParts(
    _ tree: TokenTree, _ ranges: [Range<Int>], sharesPrompts: Bool, model: Decoder,
    gradients: StepGradients, weights: ([Double]) -> [Double]
) -> Int {
    let parts = ranges.map { range in
        (
            range,
            PackedBatch(
                [TokenTree(prompt: tree.prompt, continuations: Array(tree.continuations[range]))],
                sharesPrompts: sharesPrompts)
        )
    }
    let policy = parts.flatMap { _, batch in
        let logProbabilities = model.logProbabilities(batch)
        return (0..<batch.sequenceCount).map { batch.sum(logProbabilities, ofSequence: $0) }
    }
    let weights = weights(policy)
    for (range, batch) in parts {
        _ = model.accumulateGradients(batch, into: gradients) { sequences, _ in
            sequences.map { weights[range.lowerBound + $0] }
        }
    }
    return 2 * parts.reduce(0) { $0 + $1.1.rowCount }
}

/// Sums over the prompts of a step.
private struct PreferenceTotals {
    var loss = 0.0
    var logProbabilityChosen = 0.0
    var gap: ReferenceGap?
    private var metrics = PreferenceMetrics()

    mutating func add(_ prompt: LossValue, policy: [Double], rewards: [Double]) {
        loss += prompt.value
        logProbabilityChosen += policy[0]
        metrics.rewardChosen += rewards[0]
        metrics.logProbabilityChosen += policy[0]
        let negatives = Double(max(1, rewards.count - 1))
        metrics.rewardRejected += rewards.dropFirst().reduce(0, +) / negatives
        metrics.logProbabilityRejected += policy.dropFirst().reduce(0, +) / negatives
        metrics.rewardAccuracy +=
            Double(rewards.dropFirst().count { $0 < rewards[0] }) / negatives
    }

    func means(prompts: Int) -> PreferenceMetrics {
        var means = metrics
        let count = Double(max(1, prompts))
        means.rewardChosen /= count
        means.rewardRejected /= count
        means.rewardAccuracy /= count
        means.logProbabilityChosen /= count
        means.logProbabilityRejected /= count
        return means
    }
}
