import StreamIO

/// What can go wrong in training.
public enum TrainingError: ReportedError {
    /// Loss or gradient are not finite.
    case diverged(step: Int, what: String, value: Double)
    /// A run that starts from its own reference has a loss that differs from log K (or log K!).
    case referenceIsNotStart(loss: Double, expected: Double)
    /// There is nothing to train on.
    case noRecords
    /// A saved state does not belong to the run.
    case foreignState(path: String, what: String, got: String, expected: String)
    /// A saved state cannot be read.
    case badState(path: String, reason: String)
    /// No memory plan fits the budget, in bytes.
    case overBudget(budget: Int, needs: [(plan: MemoryPlan, bytes: Int)])

    /// What went wrong.
    public var description: String {
        switch self {
        case .diverged(let step, let what, let value):
            "training diverged at step \(step): \(what) is \(value)"
        case .referenceIsNotStart(let loss, let expected):
            "policy and reference are the same model, but the first loss is not what that implies "
                + "(got \(loss), expected \(expected))"
        case .noRecords: "no records to train on"
        case .foreignState(let path, let what, let got, let expected):
            "\(path): state of another run: \(what) (got \(got), expected \(expected))"
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
        case .diverged: "lower --learning-rate, or lower --clip-norm"
        case .referenceIsNotStart:
            "the reference scores in the records are not this model's: run score --as reference again"
        case .foreignState: "continue with the flags of the saved run, or choose another --out"
        case .overBudget: "lower --batch-size or --micro-batch-tokens, or give more memory"
        case .noRecords, .badState: nil
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
