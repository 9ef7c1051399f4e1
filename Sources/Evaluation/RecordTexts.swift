public import Records

/// Whose text is looked for in a record that may hold both a model's and a person's.
public enum Author: Sendable, Hashable {
    /// `output` before `response` before `text`.
    case model
    /// `response` before `text` before `output`.
    case person

    fileprivate var fields: [String] {
        self == .model ? ["output", "response", "text"] : ["response", "text", "output"]
    }
}

extension RecordError {
    /// The error for tools that must have every record: its hint names no flag to skip bad ones.
    public var withoutSkipping: RecordError {
        guard case .malformed(let location, let reason, let hint) = self else { return self }
        return .unfit(
            location: location, reason: reason,
            hint: hint ?? "each line must hold one JSON object")
    }
}

extension Record {
    /// The text that somebody wrote: the given field, or the first of `author`'s fields that is
    /// there.
    ///
    /// - Throws: if there is none, or the field is no string.
    public func writtenText(
        field: String? = nil, author: Author = .model
    ) throws(RecordError) -> String {
        if let field { return try string(field) }
        for candidate in author.fields {
            if let text = try optionalString(candidate) { return text }
        }
        throw .missingField(
            location: location, field: "output", expected: "output, response or text")
    }

    /// The number of token ids that belong to the text in `field` (`output_ids` to `output`), if the
    /// record has them.
    fileprivate func tokenCount(of field: String) throws(RecordError) -> Int? {
        try optionalTokenIDs(field + "_ids")?.count
    }
}

/// Which fields of two records make a comparison; nil chooses by what is there.
public struct ComparisonFields: Sendable, Hashable {
    /// Side a's answer; by default `output`, or in a comparison of two files also `response`, `text`.
    public var a: String?
    /// Side b's answer; by default as for a, and in a comparison within a record `response`.
    public var b: String?
    /// What was asked; by default `instruction` with `context`, or `prompt`.
    public var query: String?

    /// A choice of fields.
    public init(a: String? = nil, b: String? = nil, query: String? = nil) {
        self.a = a
        self.b = b
        self.query = query
    }
}

extension Comparison {
    /// Compares a record's output with its own response, the ground truth.
    public init(
        outputAgainstResponseOf record: Record, fields: ComparisonFields = ComparisonFields()
    ) throws(RecordError) {
        let (a, b) = (fields.a ?? "output", fields.b ?? "response")
        try self.init(
            record, query: fields.query, a: try record.string(a), b: try record.string(b),
            reference: nil, aTokens: try record.tokenCount(of: a), bTokens: record.tokenCount(of: b)
        )
    }

    /// Compares the answers of two records to the same query; the query and the ground truth
    /// (`response`, where `output` is what is compared) are those of the first.
    public init(
        _ first: Record, _ second: Record, fields: ComparisonFields = ComparisonFields()
    ) throws(RecordError) {
        let answers = try (
            first.writtenText(field: fields.a), second.writtenText(field: fields.b)
        )
        let fieldA = fields.a ?? first.writtenField
        let reference =
            fieldA == "response" ? nil : try first.optionalString("response")
        try self.init(
            first, query: fields.query, a: answers.0, b: answers.1, reference: reference,
            aTokens: first.tokenCount(of: fieldA),
            bTokens: second.tokenCount(of: fields.b ?? second.writtenField))
    }

    private init(
        _ record: Record, query: String?, a: String, b: String, reference: String?,
        aTokens: Int?, bTokens: Int?
    ) throws(RecordError) {
        let query = try record.queryText(field: query)
        try self.init(
            id: record.id, query: query, prompt: record.optionalString("prompt") ?? query,
            a: a, b: b, reference: reference, aTokens: aTokens, bTokens: bTokens)
    }
}

extension Record {
    /// The field that ``writtenText(field:author:)`` takes by default.
    fileprivate var writtenField: String {
        Author.model.fields.first { fields[$0] != nil && fields[$0] != .null } ?? "output"
    }
}
