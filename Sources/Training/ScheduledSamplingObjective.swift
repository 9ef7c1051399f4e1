import Kernels
import Objectives
import Scoring
public import Transformer

/// Parallel scheduled sampling (Duckworth et al. 2019): maximum likelihood of the true tokens given
/// inputs some of which are the model's own.
///
/// In each pass every input token of a continuation is replaced, with probability p, by one drawn from
/// what the pass before predicted at its place, all places at once; the pass before the first has the
/// true tokens as inputs. The loss is the negative log-likelihood of the true tokens under the inputs
/// of the last pass. Draws are a function of seed, step, record, pass and place.
public struct ScheduledSamplingObjective: TrainingObjective {
    private let trees: [TokenTree]
    private let rowLimit: Int
    private let probability: Double
    private let passes: Int
    private let seed: UInt64
    private let vocabularySize: Int?

    /// - Parameters:
    ///   - examples: prompts with one continuation each
    ///   - probability: p; with 0 everything is as in ``MLEObjective``, to the bit
    ///   - passes: at least 1
    ///   - rowLimit: most rows of a micro-batch
    ///   - vocabularySize: number of tokens that there are, if the model's table has more rows; those
    ///     beyond are never drawn
    public init(
        _ examples: [TokenTree], probability: Double, passes: Int, seed: UInt64, rowLimit: Int,
        vocabularySize: Int? = nil
    ) {
        trees = examples
        self.probability = probability
        self.passes = passes
        self.seed = seed
        self.rowLimit = rowLimit
        self.vocabularySize = vocabularySize
    }

    /// Number of records.
    public var recordCount: Int { trees.count }

    /// The record's prompt and response.
    public func tree(of record: Int) -> TokenTree { trees[record] }

    /// Adds the gradient of the mean negative log-likelihood over the batch's target tokens.
    public func accumulate(
        _ records: [Int], step: Int, model: Decoder, gradients: StepGradients
    ) -> StepResult {
        mleStep(records.map { trees[$0] }, rowLimit: rowLimit, model, gradients) { range, batch in
            probability > 0
                ? mixed(batch, records: Array(records[range]), step: step, model) : batch
        }
    }

    /// The batch with the inputs of the last pass.
    private func mixed(
        _ batch: PackedBatch, records: [Int], step: Int, _ model: Decoder
    ) -> PackedBatch {
        var inputs = batch
        for pass in 0..<passes {
            var chosen: [Int] = []
            var uniforms: [Double] = []
            for (sequence, record) in records.enumerated() {
                var random = RandomStream(
                    seed: seed, name: "scheduled sampling", String(step), String(record),
                    String(pass))
                for target in batch.inputTargets(ofSequence: sequence) {
                    let (choice, draw) = (random.uniform(), random.uniform())
                    guard choice < probability else { continue }
                    chosen.append(target)
                    uniforms.append(draw)
                }
            }
            var tokens = [Int32](repeating: 0, count: chosen.count)
            tokens.withUnsafeMutableBufferPointer { tokens in
                model.predict(chosen, of: inputs) { index, logits in
                    let rows = model.configuration.vocabularySize
                    tokens[index] = Self.draw(
                        logits, count: min(rows, vocabularySize ?? rows), uniform: uniforms[index])
                }
            }
            inputs = batch.replacingInputs(zip(chosen, tokens).map { ($0, $1) })
        }
        return inputs
    }

    /// A token drawn from the softmax of logits, which are overwritten: the first at which the sum of
    /// probabilities exceeds a number.
    ///
    /// - Parameter uniform: 0 ..< 1
    package static func draw(
        _ logits: UnsafeMutablePointer<Float>, count: Int, uniform: Double
    ) -> Int32 {
        _ = exponentiate(logits, minus: maximum(logits, count: count), count: count)
        // The sum is made as it is walked through below, so that rounding cannot leave anything.
        let threshold = uniform * (0..<count).reduce(0.0) { $0 + Double(logits[$1]) }
        var sum = 0.0
        var last = 0
        // The exponential of what is far below the largest logit ends above zero.
        for token in 0..<count where logits[token] > 1e-37 {
            sum += Double(logits[token])
            if sum > threshold { return Int32(token) }
            last = token
        }
        return Int32(last)
    }
}
