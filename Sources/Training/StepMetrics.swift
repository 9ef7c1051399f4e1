import Kernels
public import StreamIO

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
