public import StreamIO

/// What can be wrong with a record or a stream of records.
public enum RecordError: ReportedError, Hashable {
    /// The line is no JSON object.
    case malformed(location: SourceLocation?, reason: String, hint: String? = nil)
    /// A field is absent or null.
    case missingField(location: SourceLocation?, field: String, expected: String)
    /// A field has another type than it should.
    case wrongType(location: SourceLocation?, field: String, got: String, expected: String)
    /// A field's value is not legal.
    case invalidValue(location: SourceLocation?, field: String, got: String, expected: String)
    /// Two records that are joined by `id` have the same one.
    case duplicateID(location: SourceLocation?, id: String)
    /// Something else that makes the record unfit; `reason` has the form "what (got X, expected Y)".
    case unfit(location: SourceLocation?, reason: String, hint: String?)
    /// There is no record in the input.
    case noRecords(input: String)

    /// A number that no tool can compute with, since a double does not hold it.
    static func beyondDouble(location: SourceLocation?, field: String) -> RecordError {
        .invalidValue(
            location: location, field: field, got: "a number beyond the range of a double",
            expected: "one within")
    }

    /// Always ``ExitStatus/badData``.
    public var exitStatus: ExitStatus { .badData }

    /// What is wrong, after file and line.
    public var description: String {
        switch self {
        case .malformed(let location, let reason, _): prefix(location) + reason
        case .missingField(let location, let field, let expected):
            prefix(location) + "field \"\(field)\" (got nothing, expected \(expected))"
        case .wrongType(let location, let field, let got, let expected),
            .invalidValue(let location, let field, let got, let expected):
            prefix(location) + "field \"\(field)\" (got \(got), expected \(expected))"
        case .duplicateID(let location, let id):
            prefix(location) + "id \"\(id)\" appears twice (got a duplicate, expected unique ids)"
        case .unfit(let location, let reason, _): prefix(location) + reason
        case .noRecords(let input): "\(input): no records (got 0, expected at least 1)"
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .malformed(_, _, let hint?): hint
        case .malformed: "each line holds one JSON object; --skip-bad drops lines that do not"
        case .missingField(_, let field, _): Self.sources[field]
        case .unfit(_, _, let hint): hint
        case .noRecords: "give --allow-empty if that is intended"
        default: nil
        }
    }

    /// The tool that adds a field.
    private static let sources = [
        "prompt_ids": "token records come out of tokenize",
        "response_ids": "token records come out of tokenize",
        "negatives": "gen-negatives adds this field",
        "similarity": "rank-by-embedding adds this field",
        "ranking": "rank-by-embedding adds this field",
        "reference": "score --as reference adds this field",
        "output": "generate adds this field",
        "output_ids": "generate adds this field",
    ]

    private func prefix(_ location: SourceLocation?) -> String {
        location.map { "\($0): " } ?? ""
    }
}

extension ReportedError {
    /// The error as one of the record at a place, which makes the record unfit.
    public func at(_ location: SourceLocation?) -> RecordError {
        .unfit(location: location, reason: description, hint: hint)
    }
}
