import StreamIO

/// Which candidates a record's ranking or reference scores belong to, so that nobody takes them for
/// others after the response or a negative was replaced.
///
/// Digests are SHA-256 of JSON without white space, as `jq -c … | tr -d '\n' | sha256sum` has them:
///
/// | digest | JSON |
/// |---|---|
/// | texts | `[.response, .negatives[].text]` |
/// | ids | `[.response_ids, .negatives[].ids]` |
/// | scored | `[.prompt_ids, .response_ids, .negatives[].ids]` |
///
/// A ranking is made from texts; where ids stand beside them they are named too, since it is ids that
/// are trained on. Records that get their ids later are known by their texts alone. Scores depend on
/// the prompt as well.
public struct CandidateDigest: Sendable, Hashable {
    /// The digest of the texts; nil unless all candidates have one.
    public var texts: String?
    /// The digest of the token ids; nil unless all candidates have some.
    public var ids: String?

    /// The record's field that holds it, beside `ranking`.
    static let field = "ranking_candidates"
    /// The fields of a record that belong to its candidates, in the order of their names.
    package static let dependentFields = ["ranking", field, "reference"]

    /// The candidates that a record has.
    public init(of record: Record) throws(RecordError) {
        let negatives = try record.optionalNegatives() ?? []
        texts = Self.digest(
            [try record.optionalString("response")] + negatives.map(\.text), JSONValue.string)
        ids = Self.digest([try record.optionalTokenIDs("response_ids")] + negatives.map(\.ids)) {
            JSONValue(tokenIDs: $0)
        }
    }

    /// What a record says its ranking belongs to; nil if it says nothing.
    init?(storedIn record: Record) throws(RecordError) {
        guard let fields = try record.optionalObject(Self.field) else { return nil }
        let inner = try Record(
            fields: fields, location: record.location, defaultID: record.id)
        texts = try inner.optionalString("texts")
        ids = try inner.optionalString("ids")
    }

    /// The digest that reference scores of a record name: that of its prompt and candidates as ids.
    ///
    /// - Returns: nil if there are no ids.
    public static func scored(_ record: Record) throws(RecordError) -> String? {
        let ids =
            try [record.optionalTokenIDs("prompt_ids"), record.optionalTokenIDs("response_ids")]
            + (record.optionalNegatives() ?? []).map(\.ids)
        return digest(ids) { JSONValue(tokenIDs: $0) }
    }

    private static func digest<Candidate>(
        _ candidates: [Candidate?], _ json: (Candidate) -> JSONValue
    ) -> String? {
        let known = candidates.compactMap { $0 }
        guard known.count == candidates.count else { return nil }
        // Neither strings nor integers can fail to be written.
        return (try? JSONValue.array(known.map(json)).serialized()).map { SHA256Digest.hex(of: $0) }
    }

    fileprivate var json: JSONValue {
        var fields = JSONObject()
        fields["texts"] = texts.map { .string($0) }
        fields["ids"] = ids.map { .string($0) }
        return .object(fields)
    }
}

extension Record {
    /// Stores the ranking, which begins with 0, and names the candidates that it belongs to: the
    /// record's present ones.
    public mutating func setRankingOfCandidates(_ ranking: [Int]) throws(RecordError) {
        setRanking(ranking)
        self[CandidateDigest.field] = try CandidateDigest(of: self).json
    }

    /// Drops ranking and reference scores, which belong to candidates that the record has no more.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    public mutating func dropCandidateOrder() -> Bool {
        let fields = CandidateDigest.dependentFields
        defer { for field in fields { self[field] = nil } }
        return fields.contains { self[$0] != nil }
    }

    /// Makes sure that the ranking belongs to the candidates that the record has.
    ///
    /// - Returns: whether the record names the candidates of its ranking in a form that can be
    ///   compared; rankings of older versions name none.
    /// - Throws: if they are others.
    public func checkRanking() throws(RecordError) -> Bool {
        guard let named = try CandidateDigest(storedIn: self) else { return false }
        let present = try CandidateDigest(of: self)
        var isKnown = false
        for (what, named, present) in [
            ("texts", named.texts, present.texts), ("ids", named.ids, present.ids),
        ] {
            guard let named, let present else { continue }
            isKnown = true
            guard named == present else {
                throw .otherCandidates(
                    self, of: "ranking", what, named: named, present: present,
                    hint: "rank-by-embedding orders the present ones")
            }
        }
        return isKnown
    }

    /// Makes sure that reference scores belong to the prompt and candidates that the record has.
    ///
    /// - Parameter named: the digest that the scores name; those of older versions name none
    public func checkReference(_ named: String) throws(RecordError) {
        guard let present = try CandidateDigest.scored(self), named != present else { return }
        throw .otherCandidates(
            self, of: "reference scores", "prompt and ids", named: named, present: present,
            hint: "score --as reference scores the present ones")
    }
}

extension RecordError {
    fileprivate static func otherCandidates(
        _ record: Record, of what: String, _ form: String, named: String, present: String,
        hint: String
    ) -> RecordError {
        .unfit(
            location: record.location,
            reason: "\(what) of other candidates than record \"\(record.id)\" has "
                + "(got \(form) with SHA-256 \(present.prefix(12))…, expected \(named.prefix(12))…)",
            hint: "the response or a negative was replaced; " + hint)
    }
}
