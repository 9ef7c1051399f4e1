public import Records
import StreamIO

/// Reference scores as a record carries them: `"reference": {"model", "response", "negatives"}`.
public struct ReferenceField: Sendable, Hashable {
    /// SHA-256 of the weights of the model that computed them, in hexadecimal digits.
    public var model: String
    /// log π_ref of the response and then of each negative.
    public var scores: [Double]

    /// Scores of a model.
    public init(model: String, scores: [Double]) {
        self.model = model
        self.scores = scores
    }

    /// The scores of a record that has `candidates` candidates; nil if it carries none.
    public init?(_ record: Record, candidates: Int) throws(RecordError) {
        guard let fields = try record.optionalObject("reference") else { return nil }
        let inner = Record(id: record.id, fields: fields, location: record.location)
        model = try inner.string("model")
        scores = [try inner.number("response")] + (try inner.optionalNumbers("negatives") ?? [])
        guard scores.count == candidates else {
            throw .invalidValue(
                location: record.location, field: "reference.negatives",
                got: "\(scores.count - 1) scores", expected: "one for each negative, \(candidates - 1)")
        }
    }

    /// Stores the scores in a record.
    public func store(in record: inout Record) {
        record.fields["reference"] = .object([
            "model": .string(model),
            "response": .number(scores[0]),
            "negatives": .array(scores.dropFirst().map { .number($0) }),
        ])
    }
}
