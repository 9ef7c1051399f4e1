import StreamIO

/// What can go wrong in training.
public enum TrainingError: ReportedError {
    /// Loss, gradient, weights or evaluation are not finite.
    case diverged(Divergence)
    /// A run that starts from its own reference has a loss that differs from log K (or log K!).
    case referenceIsNotStart(loss: Double, expected: Double)
    /// A run that starts from its own reference gives a candidate another log-probability than that has.
    case foreignScores(ReferenceGap, record: String, isRounded: Bool)
    /// A reference score is not finite.
    case badScore(record: String, candidate: Int, value: Double)
    /// There is nothing to train on.
    case noRecords
    /// A saved state does not belong to the run.
    case foreignState(path: String, differences: [SettingDifference])
    /// A saved state cannot be read.
    case badState(path: String, reason: String)
    /// No memory plan fits the budget, in bytes.
    case overBudget(budget: Int, needs: [(plan: MemoryPlan, bytes: Int)])

    /// What went wrong.
    public var description: String {
        switch self {
        case .diverged(let divergence): divergence.description
        case .referenceIsNotStart(let loss, let expected):
            "policy and reference are the same model, but the first loss is not what that implies "
                + "(got \(loss), expected \(expected))"
        case .foreignScores(let gap, let record, _):
            "policy and reference are the same model, but not in what they give candidate "
                + "\(gap.candidate) of record \"\(record)\" (got a log-probability of \(gap.policy), "
                + "expected the reference's \(gap.reference))"
        case .badScore(let record, let candidate, let value):
            "the reference gives candidate \(candidate) of record \"\(record)\" no log-probability "
                + "(got \(value), expected a finite number)"
        case .noRecords: "no records to train on"
        case .foreignState(let path, let differences):
            "\(path): state of another run (got \(differences.count) settings that differ, expected "
                + "none)"
                + differences.map { "\n  \($0.name): saved \($0.saved), given \($0.given)" }
                .joined()
        case .badState(let path, let reason): "\(path): \(reason)"
        case .overBudget(let budget, let needs):
            "no memory plan fits (got \(gibibytes(budget)), expected at least "
                + needs.map { "\(gibibytes($0.bytes)) for \($0.plan.rawValue)" }
                .joined(separator: ", ") + ")"
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .diverged(let divergence):
            divergence.records.isEmpty
                ? "lower --learning-rate, or lower --clip-norm"
                : "look at what is special about these records, or lower --learning-rate or --clip-norm"
        case .referenceIsNotStart:
            "the reference scores in the records are not this model's: run score --as reference again"
        case .foreignScores(_, _, let isRounded):
            isRounded
                ? "the reference scores are not this model's, even allowing for weights rounded to "
                    + "bfloat16 (--memory-budget): run score --as reference again"
                : "the reference scores in the records are not this model's: run score --as reference again"
        case .badScore: "the model that scored it, or the record, is damaged"
        case .foreignState: "continue with the flags of the saved run, or choose another --out"
        case .badState: "start again without --resume, or choose another --out"
        case .overBudget: "lower --batch-size or --micro-batch-tokens, or give more memory"
        case .noRecords: nil
        }
    }

    /// 70 for divergence, 64 for a budget, 65 for data.
    public var exitStatus: ExitStatus {
        switch self {
        case .diverged: .internalFailure
        case .overBudget: .usage
        default: .badData
        }
    }
}

/// A size as it is shown, e.g. `18.4 GiB`; small ones are in MiB.
public func gibibytes(_ bytes: Int) -> String {
    func tenths(_ unit: Int) -> String {
        let tenths = (bytes * 10 + unit / 2) / unit
        return "\(tenths / 10).\(tenths % 10)"
    }
    return bytes < 1 << 30 ? "\(tenths(1 << 20)) MiB" : "\(tenths(1 << 30)) GiB"
}
