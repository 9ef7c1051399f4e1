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
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .diverged: "lower --learning-rate, or lower --clip-norm"
        case .referenceIsNotStart:
            "the reference scores in the records are not this model's: run score --as reference again"
        case .foreignState: "continue with the flags of the saved run, or choose another --out"
        case .noRecords, .badState: nil
        }
    }

    /// 70 for divergence, 65 for data.
    public var exitStatus: ExitStatus {
        if case .diverged = self { .internalFailure } else { .badData }
    }
}
