public import StreamIO

/// A negative continuation of a record: one entry of its field `negatives`.
public struct Negative: Sendable, Hashable {
    /// All fields of the entry, unknown ones included.
    public private(set) var fields: JSONObject

    /// A negative made by `kind` (`an`, `bn`, `mn`, `tn`, `given`).
    public init(kind: String, ids: [Int32]? = nil, text: String? = nil) {
        fields = ["kind": .string(kind)]
        self.ids = ids
        self.text = text
    }

    /// An entry as read; checks the types of all known fields.
    init(_ value: JSONValue, field: String, _ location: SourceLocation?) throws(RecordError) {
        guard let fields = value.object else {
            throw .wrongType(
                location: location, field: field, got: value.kind, expected: "object")
        }
        self.fields = fields
        for (key, value) in fields where !value.isNull {
            let expected: String
            switch key {
            case "ids":
                _ = try value.tokenIDs(field: "\(field).ids", location)
                continue
            case "kind", "text", "finish":
                if value.string != nil { continue }
                expected = "string"
            case "logprob", "similarity":
                if let number = value.number {
                    if number.isFinite { continue }
                    throw .beyondDouble(location: location, field: "\(field).\(key)")
                }
                expected = "number"
            case "seed":
                if value.integer != nil { continue }
                expected = "integer"
            default: continue
            }
            throw .wrongType(
                location: location, field: "\(field).\(key)", got: value.kind, expected: expected)
        }
    }

    /// How it was made: `an`, `bn`, `mn`, `tn` or `given`; empty if not known.
    public var kind: String {
        get { fields["kind"]?.string ?? "" }
        set { fields["kind"] = .string(newValue) }
    }

    /// The continuation's token ids.
    public var ids: [Int32]? {
        get { fields["ids"]?.ids }
        set { fields["ids"] = newValue.map { JSONValue(tokenIDs: $0) } }
    }

    /// The continuation's text.
    public var text: String? {
        get { fields["text"]?.string }
        set { fields["text"] = newValue.map { .string($0) } }
    }

    /// How sampling ended: `eos` or `length`.
    public var finish: String? {
        get { fields["finish"]?.string }
        set { fields["finish"] = newValue.map { .string($0) } }
    }

    /// log π(y∣x) under the model that made it: the sum over its tokens.
    public var logprob: Double? {
        get { fields["logprob"]?.number }
        set { fields["logprob"] = newValue.map { .number($0) } }
    }

    /// The seed that it was drawn with.
    public var seed: Int64? {
        get { fields["seed"]?.integer.map { Int64($0) } }
        set { fields["seed"] = newValue.map { .integer($0) } }
    }

    /// Cosine similarity to the ground truth.
    public var similarity: Double? {
        get { fields["similarity"]?.number }
        set { fields["similarity"] = newValue.map { .number($0) } }
    }

    /// Any field, as it is.
    public subscript(_ key: String) -> JSONValue? {
        get { fields[key] }
        set { fields[key] = newValue }
    }
}

extension Record {
    /// The record's negatives; an error if it has none.
    public func negatives() throws(RecordError) -> [Negative] {
        guard let negatives = try optionalNegatives() else {
            throw .missingField(
                location: location, field: "negatives", expected: "array of objects")
        }
        return negatives
    }

    /// The record's negatives; nil if the field is absent.
    public func optionalNegatives() throws(RecordError) -> [Negative]? {
        switch fields["negatives"] {
        case nil, .null?: return nil
        case .array(let values)?:
            var negatives: [Negative] = []
            negatives.reserveCapacity(values.count)
            for (index, value) in values.enumerated() {
                negatives.append(try Negative(value, field: "negatives[\(index)]", location))
            }
            return negatives
        case let other?:
            throw .wrongType(
                location: location, field: "negatives", got: other.kind,
                expected: "array of objects")
        }
    }

    /// Stores the record's negatives.
    public mutating func setNegatives(_ negatives: [Negative]) {
        fields["negatives"] = .array(negatives.map { .object($0.fields) })
    }

    /// The ranking of `candidates` = 1 + number of negatives candidates, best first: indices over
    /// [response, negatives…], beginning with 0. Nil if the field is absent.
    public func optionalRanking(candidates: Int) throws(RecordError) -> [Int]? {
        guard let value = fields["ranking"], !value.isNull else { return nil }
        let ranking = try value.tokenIDs(field: "ranking", location).map { Int($0) }
        guard ranking.first == 0, ranking.sorted() == Array(0..<candidates) else {
            throw .invalidValue(
                location: location, field: "ranking", got: "\(ranking)",
                expected: "0 first, then each of 1 ... \(candidates - 1) once")
        }
        return ranking
    }

    /// As ``optionalRanking(candidates:)``; an error if the field is absent.
    public func ranking(candidates: Int) throws(RecordError) -> [Int] {
        guard let ranking = try optionalRanking(candidates: candidates) else {
            throw .missingField(
                location: location, field: "ranking", expected: "array of integers")
        }
        return ranking
    }

    /// Stores the ranking, which begins with 0.
    public mutating func setRanking(_ ranking: [Int]) {
        fields["ranking"] = JSONValue(tokenIDs: ranking.map { Int32($0) })
    }
}
