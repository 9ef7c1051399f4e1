/// Candidates of one prompt ordered by cosine similarity of their embeddings to the ground truth's
/// (section 3 of the paper): the denser signal of the methods whose names end in R.
public struct SimilarityRanking: Sendable, Hashable {
    /// Cosine similarity of each negative to the ground truth, in the order given.
    public let similarities: [Double]
    /// Indices over [ground truth, negatives…], best first; the first is 0. Equal similarities are
    /// ordered by index.
    public let ranking: [Int]

    /// Ranks negatives.
    ///
    /// - Parameters:
    ///   - truth: the ground truth's embedding, (width); need not have unit length.
    ///   - negatives: embeddings of the negatives, row by row, (count, width).
    public init(
        truth: some RandomAccessCollection<Float>, negatives: some RandomAccessCollection<Float>
    ) throws(EvaluationError) {
        guard !truth.isEmpty else { throw .empty(what: "embedding") }
        guard negatives.count.isMultiple(of: truth.count) else {
            throw .sizeMismatch(
                what: "width of the embeddings", got: negatives.count % truth.count,
                expected: truth.count)
        }
        var similarities: [Double] = []
        var start = negatives.startIndex
        while start != negatives.endIndex {
            let end = negatives.index(start, offsetBy: truth.count)
            let similarity = cosineSimilarity(truth, negatives[start..<end])
            guard similarity.isFinite else {
                throw .notFinite(what: "similarity", index: similarities.count)
            }
            similarities.append(similarity)
            start = end
        }
        self.similarities = similarities
        let order = similarities.indices.sorted {
            similarities[$0] != similarities[$1]
                ? similarities[$0] > similarities[$1] : $0 < $1
        }
        ranking = [0] + order.map { $0 + 1 }
    }
}

/// Cosine of the angle between two vectors, summed in double precision; 0 if one of them is zero.
public func cosineSimilarity(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Double {
    var (product, squareA, squareB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
        product += Double(x) * Double(y)
        squareA += Double(x) * Double(x)
        squareB += Double(y) * Double(y)
    }
    let lengths = (squareA * squareB).squareRoot()
    guard lengths != 0 else { return 0 }
    let cosine = product / lengths
    // Rounding may lead past the ends; what is not a number must stay so.
    return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine
}
