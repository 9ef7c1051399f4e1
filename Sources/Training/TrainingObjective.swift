public import Transformer

/// What a run minimizes: gives the loss of some records and adds its gradient.
public protocol TrainingObjective {
    /// Number of records.
    var recordCount: Int { get }

    /// The sequences of a record.
    func tree(of record: Int) -> TokenTree

    /// Adds the gradient of the loss of these records, the batch of one optimizer step.
    ///
    /// - Parameter step: the step, counted from 0, for objectives that draw random numbers
    /// - Returns: the loss and what else is worth noting, before the update.
    func accumulate(
        _ records: [Int], step: Int, model: Decoder, gradients: StepGradients
    ) throws -> StepResult
}

/// What one optimizer step found.
public struct StepResult: Sendable, Hashable {
    /// The loss of the step's batch, before its update.
    public var loss: Double
    /// Tokens of all sequences, prompts counted with each of their continuations.
    public var tokens: Int
    /// Rows that were computed: shared prompts count once.
    public var rows: Int
    /// Rewards and log-probabilities, for preference training.
    public var preference: PreferenceMetrics?
    /// Where policy and reference differ most, for preference training.
    public var referenceGap: ReferenceGap?

    /// A result.
    public init(
        loss: Double, tokens: Int, rows: Int, preference: PreferenceMetrics? = nil,
        referenceGap: ReferenceGap? = nil
    ) {
        self.loss = loss
        self.tokens = tokens
        self.rows = rows
        self.preference = preference
        self.referenceGap = referenceGap
    }
}

/// What policy and reference give one candidate.
public struct ReferenceGap: Sendable, Hashable {
    /// The record.
    public var record: Int
    /// The candidate; 0 is the ground truth.
    public var candidate: Int
    /// log π_θ(y|x).
    public var policy: Double
    /// log π_ref(y|x).
    public var reference: Double
    /// Tokens that the two are sums over.
    public var tokens: Int

    /// The distance of the two for each token, and one more for sums that cancel; infinite if one is not
    /// finite.
    public var perToken: Double {
        let distance = abs(policy - reference)
        return distance.isFinite ? distance / Double(tokens + 1) : .infinity
    }
}

/// Means over the prompts of a step; a prompt's rejected value is the mean over its negatives.
public struct PreferenceMetrics: Sendable, Hashable {
    /// Mean implicit reward of the ground truth.
    public var rewardChosen = 0.0
    /// Mean implicit reward of the negatives.
    public var rewardRejected = 0.0
    /// Share of negatives whose reward is below the ground truth's.
    public var rewardAccuracy = 0.0
    /// Mean log π_θ of the ground truth.
    public var logProbabilityChosen = 0.0
    /// Mean log π_θ of the negatives.
    public var logProbabilityRejected = 0.0
    /// Mean reward of the ground truth minus that of the negatives.
    public var rewardMargin: Double { rewardChosen - rewardRejected }

    /// All zero.
    public init() {}
}
