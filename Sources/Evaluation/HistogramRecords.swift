public import Records
public import StreamIO

extension DivergenceFrontier {
    /// Compares the histograms `p` and `q` of a record.
    ///
    /// - Returns: the summaries as one JSON object, with the record's `id`.
    /// - Throws: a ``/Records/RecordError`` with the record's place if they cannot be compared.
    public static func json(of record: Record, scalingFactor: Double) throws -> JSONObject {
        let (p, q) = try (record.numbers("p"), record.numbers("q"))
        let frontier: DivergenceFrontier
        do throws(EvaluationError) {
            frontier = try DivergenceFrontier(
                p: Histogram(weights: p, name: "p"), q: Histogram(weights: q, name: "q"),
                scalingFactor: scalingFactor)
        } catch {
            guard error.exitStatus == .badData else { throw error }
            throw error.at(record.location)
        }
        var fields = frontier.json(buckets: p.count, scalingFactor: scalingFactor)
        fields["id"] = .string(record.id)
        return fields
    }
}
