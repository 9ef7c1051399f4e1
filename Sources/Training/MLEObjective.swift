import Objectives
import Scoring
import Transformer

/// Maximum likelihood of responses given their prompts.
public struct MLEObjective: TrainingObjective {
    private let trees: [TokenTree]
    private let rowLimit: Int

    /// - Parameters:
    ///   - examples: prompts with one continuation each
    ///   - rowLimit: most rows of a micro-batch
    public init(_ examples: [TokenTree], rowLimit: Int) {
        trees = examples
        self.rowLimit = rowLimit
    }

    /// Number of records.
    public var recordCount: Int { trees.count }

    /// The record's prompt and response.
    public func tree(of record: Int) -> TokenTree { trees[record] }

    /// Adds the gradient of the mean negative log-likelihood over the batch's target tokens.
    public func accumulate(
        _ records: [Int], step: Int, model: Decoder, gradients: StepGradients
    ) -> StepResult {
        mleStep(records.map { trees[$0] }, rowLimit: rowLimit, model, gradients) { $1 }
    }
}

/// Adds the gradient of the mean negative log-likelihood over the targets of some trees.
///
/// - Parameter inputs: what a micro-batch, that of a range of `trees`, is computed on
func mleStep(
    _ trees: [TokenTree], rowLimit: Int, _ model: Decoder, _ gradients: StepGradients,
    inputs: (Range<Int>, PackedBatch) -> PackedBatch
) -> StepResult {
    let packed = microBatches(trees, rowLimit: rowLimit).map {
        (range: $0, batch: PackedBatch(Array(trees[$0])))
    }
    let loss = MLELoss(tokenCount: packed.reduce(0) { $0 + $1.batch.targetCount })
    var logProbability = 0.0
    for (range, batch) in packed {
        let logProbabilities = model.accumulateGradients(inputs(range, batch), into: gradients) {
            sequences, _ in [Double](repeating: loss.gradient, count: sequences.count)
        }
        logProbability += logProbabilities.reduce(0.0) { $0 + Double($1) }
    }
    return StepResult(
        loss: loss.value(logProbability: logProbability),
        tokens: trees.reduce(0) { $0 + $1.sequenceTokenCount },
        rows: packed.reduce(0) { $0 + $1.batch.rowCount })
}

extension TokenTree {
    /// Tokens of a continuation that have a probability: all but the first of an empty prompt's.
    func targetCount(_ continuation: Int) -> Int {
        let count = continuations[continuation].count
        return prompt.isEmpty ? max(0, count - 1) : count
    }

    /// Tokens of all sequences, the prompt counted with each continuation.
    var sequenceTokenCount: Int {
        continuations.reduce(0) { $0 + prompt.count + $1.count }
    }
}
