public import StreamIO

/// What can be wrong with the things that are to be evaluated.
public enum EvaluationError: ReportedError, Hashable {
    /// A set of features, texts or bins is empty.
    case empty(what: String)
    /// Two things that belong together differ in size.
    case sizeMismatch(what: String, got: Int, expected: Int)
    /// A value is infinite or not a number.
    case notFinite(what: String, index: Int)
    /// What a judge measured about a record is infinite or not a number.
    case notFiniteMeasure(what: String, id: String, got: String)
    /// A histogram holds a negative entry, or nothing but zeros.
    case notAHistogram(what: String)
    /// Too few samples for the number of buckets.
    case tooFewSamples(got: Int, expected: Int)
    /// A hyperparameter is outside its range.
    case invalidOption(name: String, got: String, expected: String)
    /// The eigensolver did not converge.
    case eigensolver(index: Int)
    /// A judge template lacks a place, or cannot be used.
    case template(name: String, problem: String)
    /// Two sets of records cannot be joined by id.
    case join(problem: String, ids: [String])
    /// A stored verdict is not one.
    case verdict(problem: String)

    /// What is wrong, in one line.
    public var description: String {
        switch self {
        case .empty(let what): "\(what) is empty (got 0, expected at least 1)"
        case .sizeMismatch(let what, let got, let expected):
            "\(what) differs (got \(got), expected \(expected))"
        case .notFinite(let what, let index): "\(what) is not finite at index \(index)"
        case .notFiniteMeasure(let what, let id, let got):
            "\(what) of record \"\(id)\" (got \(got), expected a finite number)"
        case .notAHistogram(let what):
            "\(what) (got what is no histogram, expected finite entries >= 0 with a positive sum)"
        case .tooFewSamples(let got, let expected):
            "too few samples (got \(got), expected at least \(expected), twice the buckets)"
        case .invalidOption(let name, let got, let expected):
            "bad value of \(name) (got \(got), expected \(expected))"
        case .eigensolver(let index): "eigensolver failed (no convergence at eigenvalue \(index))"
        case .template(let name, let problem): "template \(name): \(problem)"
        case .join(let problem, let ids):
            "\(problem): \(ids.prefix(8).joined(separator: ", "))"
                + (ids.count > 8 ? " and \(ids.count - 8) more" : "")
        case .verdict(let problem): "not a verdict: \(problem)"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .tooFewSamples:
            "give more samples or fewer buckets; --force computes a number that is biased upwards"
        case .notFiniteMeasure:
            "the judging model's weights may be damaged, or its numbers overflow on this text"
        case .template: "a template has the places {query}, {a} and {b}"
        case .join: "both files must hold the same ids, each once"
        default: nil
        }
    }

    /// Usage for options, internal for the eigensolver, bad data for all else.
    public var exitStatus: ExitStatus {
        switch self {
        case .invalidOption: .usage
        case .eigensolver: .internalFailure
        default: .badData
        }
    }
}
