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
        guard case .object(let fields) = value else {
            throw .wrongType(
                location: location, field: field, got: value.kind, expected: "object")
        }
        self.fields = fields
        for (key, value) in fields {
            let expected: String
            switch (key, value) {
            case (_, .null): continue
            case ("ids", _):
                _ = try value.tokenIDs(field: "\(field).ids", location)
                continue
            case ("kind", .string), ("text", .string), ("finish", .string): continue
            case ("kind", _), ("text", _), ("finish", _): expected = "string"
            case ("logprob", .integer), ("similarity", .integer): continue
            case ("logprob", .number(let number)), ("similarity", .number(let number)):
                guard number.isFinite else {
                    throw .beyondDouble(location: location, field: "\(field).\(key)")
                }
                continue
            case ("logprob", _), ("similarity", _): expected = "number"
            case ("seed", .integer): continue
            case ("seed", _): expected = "integer"
            default: continue
            }
            throw .wrongType(
                location: location, field: "\(field).\(key)", got: value.kind, expected: expected)
        }
    }

    /// How it was made: `an`, `bn`, `mn`, `tn` or `given`; empty if not known.
    public var kind: String {
        get { string("kind") ?? "" }
        set { fields["kind"] = .string(newValue) }
    }

    /// The continuation's token ids.
    public var ids: [Int32]? {
        get {
            switch fields["ids"] {
            case .integers(let ids)?: ids
            case .array?: []
            default: nil
            }
        }
        set { fields["ids"] = newValue.map { JSONValue(tokenIDs: $0) } }
    }

    /// The continuation's text.
    public var text: String? {
        get { string("text") }
        set { fields["text"] = newValue.map { .string($0) } }
    }

    /// How sampling ended: `eos` or `length`.
    public var finish: String? {
        get { string("finish") }
        set { fields["finish"] = newValue.map { .string($0) } }
    }

    /// log π(y∣x) under the model that made it: the sum over its tokens.
    public var logprob: Double? {
        get { number("logprob") }
        set { fields["logprob"] = newValue.map { .number($0) } }
    }

    /// The seed that it was drawn with.
    public var seed: Int64? {
        get {
            if case .integer(let seed)? = fields["seed"] { return seed }
            return nil
        }
        set { fields["seed"] = newValue.map { .integer($0) } }
    }

    /// Cosine similarity to the ground truth.
    public var similarity: Double? {
        get { number("similarity") }
        set { fields["similarity"] = newValue.map { .number($0) } }
    }

    /// Any field, as it is.
    public subscript(_ key: String) -> JSONValue? {
        get { fields[key] }
        set { fields[key] = newValue }
    }

    private func string(_ key: String) -> String? {
        if case .string(let value)? = fields[key] { return value }
        return nil
    }

    private func number(_ key: String) -> Double? {
        switch fields[key] {
        case .number(let value)?: value
        case .integer(let value)?: Double(value)
        default: nil
        }
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
        guard let value = fields["ranking"], value != .null else { return nil }
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
