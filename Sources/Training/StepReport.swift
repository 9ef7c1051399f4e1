public import Kernels
public import StreamIO

/// What a run reports of one step.
public struct StepReport: Sendable {
    /// The step, counted from 1.
    public var step: Int
    /// Loss and metrics of the step's batch before its update.
    public var result: StepResult
    /// Norm of the gradient before clipping.
    public var gradientNorm: Double
    /// Learning rate of the update.
    public var learningRate: Double
    /// Wall-clock time of the step.
    public var seconds: Double
    /// What the factors of matrix products were rounded to.
    public var precision: MatrixPrecision
    /// How memory was used, if that was asked for.
    public var plan: MemoryPlan?
    /// Where the time went, if that is being measured.
    public var stages: StageTimes?
}

extension StepReport {
    /// The step's fields in a metrics file.
    public var metrics: JSONObject {
        var fields: JSONObject = [
            "step": .integer(Int64(step)), "loss": .number(result.loss),
            "grad_norm": .number(gradientNorm), "learning_rate": .number(learningRate),
            "tokens": .integer(Int64(result.tokens)), "rows": .integer(Int64(result.rows)),
            "seconds": .number(seconds), "precision": .string(precision.rawValue),
        ]
        if let plan { fields["memory_plan"] = .string(plan.rawValue) }
        if let stages {
            fields["stages"] = .object(
                Dictionary(
                    uniqueKeysWithValues: stages.seconds.map { ($0.rawValue, .number($1)) }))
            fields["gflops"] = .number(stages.productOperations / seconds / 1e9)
        }
        if let preference = result.preference {
            fields["reward_chosen"] = .number(preference.rewardChosen)
            fields["reward_rejected"] = .number(preference.rewardRejected)
            fields["reward_margin"] = .number(preference.rewardMargin)
            fields["reward_accuracy"] = .number(preference.rewardAccuracy)
            fields["logprob_chosen"] = .number(preference.logProbabilityChosen)
            fields["logprob_rejected"] = .number(preference.logProbabilityRejected)
        }
        return fields
    }
}
