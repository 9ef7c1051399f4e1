import StreamIO

/// Computes embeddings of texts.
///
/// - Returns: one row of (width) floats a text, and whether each text was longer than the
///   embedder's limit.
public typealias EmbeddingFunction =
    (_ texts: [String]) throws -> (vectors: [Float], truncated: [Bool])

/// Embeddings of a batch of texts, in which equal texts are embedded once: batch negatives repeat
/// the responses of their neighbours.
struct TextEmbeddings {
    private let rows: [ExactString: Int]
    private let vectors: [Float]
    private let truncated: [Bool]
    private let width: Int

    /// - Throws: ``EvaluationError`` if the function returns something of the wrong size, and what
    ///   the function throws.
    init(of texts: some Sequence<String>, by embed: EmbeddingFunction) throws {
        var rows: [ExactString: Int] = [:]
        var distinct: [String] = []
        for text in texts where rows[ExactString(text)] == nil {
            rows[ExactString(text)] = distinct.count
            distinct.append(text)
        }
        let result = distinct.isEmpty ? (vectors: [], truncated: []) : try embed(distinct)
        guard result.truncated.count == distinct.count else {
            throw EvaluationError.sizeMismatch(
                what: "number of embeddings", got: result.truncated.count, expected: distinct.count)
        }
        width = distinct.isEmpty ? 0 : result.vectors.count / distinct.count
        guard result.vectors.count == width * distinct.count, distinct.isEmpty || width > 0 else {
            throw EvaluationError.sizeMismatch(
                what: "size of the embeddings", got: result.vectors.count,
                expected: width * distinct.count)
        }
        self.rows = rows
        vectors = result.vectors
        truncated = result.truncated
    }

    /// The embedding of a text that was among those given.
    subscript(_ text: String) -> ArraySlice<Float> {
        guard let row = rows[ExactString(text)] else { return [] }
        return vectors[row * width..<(row + 1) * width]
    }

    /// Whether a text was cut.
    func wasTruncated(_ text: String) -> Bool {
        rows[ExactString(text)].map { truncated[$0] } ?? false
    }
}

/// The texts of one prompt: the ground truth and its negatives.
public struct CandidateTexts: Sendable, Hashable {
    /// The record's id.
    public var id: String
    /// The ground truth.
    public var response: String
    /// The negatives; an empty one is legal (its embedding is that of no words).
    public var negatives: [String]

    /// The candidates of one prompt.
    public init(id: String, response: String, negatives: [String]) {
        self.id = id
        self.response = response
        self.negatives = negatives
    }

    /// Ranks the negatives of several prompts by similarity to their ground truth.
    ///
    /// - Returns: for each prompt its ranking, and whether one of its texts was truncated.
    public static func rank(
        _ prompts: [CandidateTexts], embed: EmbeddingFunction
    ) throws -> [(ranking: SimilarityRanking, truncated: Bool)] {
        let embeddings = try TextEmbeddings(
            of: prompts.flatMap { [$0.response] + $0.negatives }, by: embed)
        return try prompts.map { prompt in
            let texts = [prompt.response] + prompt.negatives
            do {
                return (
                    try SimilarityRanking(
                        truth: embeddings[prompt.response],
                        negatives: prompt.negatives.flatMap { embeddings[$0] }),
                    texts.contains(where: embeddings.wasTruncated)
                )
            } catch EvaluationError.notFinite(let what, let index) {
                throw EvaluationError.notFiniteMeasure(
                    what: "\(what) of negatives[\(index)]", id: prompt.id, got: "no finite number")
            }
        }
    }
}
