public import Objectives
import Scoring
public import Transformer

extension Evaluation {
    /// The mean negative log-likelihood over all response tokens.
    ///
    /// - Parameters:
    ///   - trees: prompts with one continuation each
    ///   - recordIDs: names of the records
    ///   - rowLimit: most rows of a micro-batch
    public static func likelihood(
        of trees: [TokenTree], recordIDs: [String], rowLimit: Int
    ) -> Evaluation {
        Evaluation(recordIDs: recordIDs) { model in
            try tokenLogProbabilities(
                trees, model: model, rowLimit: rowLimit, onBatch: checkInterruption
            ).map { continuations in
                Term(
                    loss: -continuations[0].reduce(0.0) { $0 + Double($1) },
                    weight: Double(continuations[0].count))
            }
        }
    }

    /// The mean of a preference loss over prompts.
    ///
    /// - Parameters:
    ///   - examples: prompts with their candidates
    ///   - reference: log π_ref of every candidate of every example
    ///   - recordIDs: names of the records
    ///   - rowLimit: most rows of a micro-batch
    public static func preference(
        _ loss: PreferenceLoss, beta: Double, of examples: [PreferenceExample],
        reference: [[Double]], recordIDs: [String], rowLimit: Int
    ) -> Evaluation {
        Evaluation(recordIDs: recordIDs) { model in
            let policy = try sequenceLogProbabilities(
                examples.map(\.tree), model: model, rowLimit: rowLimit, onBatch: checkInterruption)
            return examples.indices.map {
                let candidates = examples[$0].candidates(
                    policy: policy[$0], reference: reference[$0])
                return Term(loss: loss.evaluate(candidates, beta: beta).value, weight: 1)
            }
        }
    }
}
