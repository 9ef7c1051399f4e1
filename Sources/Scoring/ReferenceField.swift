public import Kernels
public import Records
import StreamIO

/// Reference scores as a record carries them: `"reference": {"model", "response", "negatives", "candidates"}`,
/// and `"precision"` unless it is fp32.
public struct ReferenceField: Sendable, Hashable {
    /// SHA-256 of the weights of the model that computed them, in hexadecimal digits.
    public var model: String
    /// log π_ref of the response and then of each negative.
    public var scores: [Double]
    /// In which precision they were computed.
    public var precision: MatrixPrecision
    /// Which prompt and candidates they belong to (``/Records/CandidateDigest``); nil in records of
    /// older versions.
    public private(set) var candidates: String?

    /// Scores of a model.
    public init(model: String, scores: [Double], precision: MatrixPrecision = .float32) {
        self.model = model
        self.scores = scores
        self.precision = precision
    }

    /// The scores of a record that has `candidates` candidates; nil if it carries none.
    ///
    /// - Throws: also if they name other candidates than the record has.
    public init?(_ record: Record, candidates: Int) throws(RecordError) {
        guard let fields = try record.optionalObject("reference") else { return nil }
        let inner = try Record(
            fields: fields, location: record.location, defaultID: record.id)
        model = try inner.string("model")
        let name = try inner.optionalString("precision") ?? MatrixPrecision.float32.rawValue
        guard let precision = MatrixPrecision(rawValue: name) else {
            throw .invalidValue(
                location: record.location, field: "reference.precision", got: name,
                expected: "fp32 or bf16")
        }
        self.precision = precision
        scores = [try inner.number("response")] + (try inner.optionalNumbers("negatives") ?? [])
        if let index = scores.firstIndex(where: { !$0.isFinite }) {
            throw .invalidValue(
                location: record.location,
                field: index == 0 ? "reference.response" : "reference.negatives[\(index - 1)]",
                got: "\(scores[index])", expected: "a finite log-probability")
        }
        guard scores.count == candidates else {
            throw .invalidValue(
                location: record.location, field: "reference.negatives",
                got: "\(scores.count - 1) scores",
                expected: "one for each negative, \(candidates - 1)")
        }
        self.candidates = try inner.optionalString("candidates")
        if let named = self.candidates { try record.checkReference(named) }
    }

    /// Stores the scores in the record that they belong to.
    public func store(in record: inout Record) throws(RecordError) {
        var fields: JSONObject = [
            "model": .string(model),
            "response": .number(scores[0]),
            "negatives": .array(scores.dropFirst().map { .number($0) }),
        ]
        if precision != .float32 { fields["precision"] = .string(precision.rawValue) }
        fields["candidates"] = try CandidateDigest.scored(record).map { .string($0) }
        record.fields["reference"] = .object(fields)
    }
}
