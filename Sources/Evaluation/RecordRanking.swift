public import Records

/// Adds `similarity` to the negatives of records and `ranking` to the records.
public struct RecordRanker: Sendable {
    /// Records of which a text was longer than the embedder's limit.
    public private(set) var truncatedCount = 0
    /// Negatives ranked.
    public private(set) var negativeCount = 0

    private let strictLimit: Int?

    /// A ranker that has seen nothing yet.
    ///
    /// - Parameter strictLimit: the embedder's limit in tokens, if a longer text is to be an error.
    public init(strictLimit: Int? = nil) { self.strictLimit = strictLimit }

    /// The texts that a record's ranking is made of.
    ///
    /// - Throws: if `response` is absent or empty, or a negative has no `text` (which may be empty).
    public static func candidates(of record: Record) throws(RecordError) -> CandidateTexts {
        let response = try record.string("response")
        guard !response.isEmpty else {
            throw .invalidValue(
                location: record.location, field: "response", got: "an empty string",
                expected: "text")
        }
        var texts: [String] = []
        for (index, negative) in try record.negatives().enumerated() {
            guard let text = negative.text else {
                throw .missingField(
                    location: record.location, field: "negatives[\(index)].text",
                    expected: "string")
            }
            texts.append(text)
        }
        return CandidateTexts(id: record.id, response: response, negatives: texts)
    }

    /// Ranks records. A record of which a text was cut gets `truncated: true`.
    public mutating func rank(
        _ records: [Record], embed: EmbeddingFunction
    ) throws -> [Record] {
        let results = try CandidateTexts.rank(records.map(Self.candidates), embed: embed)
        var ranked = records
        for (index, result) in results.enumerated() {
            if let strictLimit, result.truncated {
                throw RecordError.unfit(
                    location: records[index].location,
                    reason:
                        "a text of record \"\(records[index].id)\" is too long for the embedder "
                        + "(got more, expected at most \(strictLimit) tokens)",
                    hint: "without --strict it is cut, and the record flagged")
            }
            var negatives = try ranked[index].negatives()
            for (slot, similarity) in result.ranking.similarities.enumerated() {
                negatives[slot].similarity = similarity
            }
            ranked[index].setNegatives(negatives)
            try ranked[index].setRankingOfCandidates(result.ranking.ranking)
            // A flag of an earlier pass says nothing about this one.
            ranked[index]["truncated"] = result.truncated ? .bool(true) : nil
            truncatedCount += result.truncated ? 1 : 0
            negativeCount += negatives.count
        }
        return ranked
    }
}
