/// Features of a set of texts: one row a text.
public struct FeatureSet: Sendable {
    /// (count, width), row by row.
    public let values: [Float]
    /// Number of texts.
    public let count: Int
    /// Number of features of one text.
    public let width: Int

    /// Wraps `values`, which must be finite and fill whole rows of `width`.
    public init(values: [Float], width: Int) throws(EvaluationError) {
        guard width > 0, !values.isEmpty else { throw .empty(what: "set of features") }
        guard values.count.isMultiple(of: width) else {
            throw .sizeMismatch(
                what: "length of the last feature row", got: values.count % width, expected: width)
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(what: "feature \(index % width) of row", index: index / width)
        }
        self.values = values
        self.width = width
        count = values.count / width
    }
}

/// A mean over k-means seeds with the sample standard deviation (nil for a single seed).
public struct SeedMean: Sendable, Hashable {
    /// The mean.
    public let mean: Double
    /// Sample standard deviation (n − 1); nil for a single value.
    public let deviation: Double?

    init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        guard values.count > 1 else {
            deviation = nil
            return
        }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = (squares / Double(values.count - 1)).squareRoot()
    }
}

/// MAUVE (Pillutla et al. 2021): how close the distribution of generated texts is to that of human
/// ones, from features of both, by joint quantisation and the divergence frontier.
public struct MauveScore: Sendable, Hashable {
    /// MAUVE, in (0, 1]; 1 means equal distributions.
    public let mauve: SeedMean
    /// The frontier integral, in [0, 1]; 0 means equal distributions.
    public let frontierIntegral: SeedMean
    /// MAUVE of histograms smoothed by half a count a bucket (Krichevsky and Trofimov).
    public let mauveStar: SeedMean
    /// The frontier integral of the same.
    public let frontierIntegralStar: SeedMean
    /// Number of k-means clusters.
    public let buckets: Int
    /// Number of human texts.
    public let pCount: Int
    /// Number of generated texts.
    public let qCount: Int
    /// Principal axes kept.
    public let dimensions: Int
    /// The hyperparameters that led here.
    public let options: MauveOptions

    /// Computes the score of model features `q` against human features `p`.
    ///
    /// Rows are normalised to unit length, projected on the principal axes that explain 90 % of the
    /// variance, and clustered jointly; the shares of the clusters among p and among q are the
    /// histograms. The k-means runs are spread over the threads of ``Kernels/Parallel``.
    ///
    /// - Complexity: O(d³) for the axes, O((n_p + n_q) · buckets · axes) an iteration of k-means.
    public init(
        p: FeatureSet, q: FeatureSet, options: MauveOptions = MauveOptions()
    ) throws(EvaluationError) {
        try options.validate()
        guard p.width == q.width else {
            throw .sizeMismatch(
                what: "feature width of p and q", got: q.width, expected: p.width)
        }
        let buckets = options.bucketCount(p: p.count, q: q.count)
        let smaller = min(p.count, q.count)
        guard options.force || smaller >= 2 * buckets else {
            throw .tooFewSamples(got: smaller, expected: 2 * buckets)
        }
        guard p.count + q.count >= buckets else {
            throw .tooFewSamples(got: p.count + q.count, expected: buckets)
        }
        let axes = try PrincipalComponents(
            of: Self.unitRows([q, p]), explainedVariance: options.explainedVariance)
        let points = KMeans.Points(axes.coordinates)
        let labels = Self.labels(points, buckets: buckets, options: options)

        var plain: [DivergenceFrontier] = []
        var smoothed: [DivergenceFrontier] = []
        for labels in labels {
            var counts = (
                q: [Int](repeating: 0, count: buckets), p: [Int](repeating: 0, count: buckets)
            )
            for label in labels.prefix(q.count) { counts.q[Int(label)] += 1 }
            for label in labels.dropFirst(q.count) { counts.p[Int(label)] += 1 }
            for prior in [0, 0.5] {
                let frontier = try DivergenceFrontier(
                    p: Histogram(counts: counts.p, prior: prior),
                    q: Histogram(counts: counts.q, prior: prior),
                    scalingFactor: options.scalingFactor, points: options.curvePoints)
                if prior == 0 { plain.append(frontier) } else { smoothed.append(frontier) }
            }
        }
        mauve = SeedMean(plain.map(\.mauve))
        frontierIntegral = SeedMean(plain.map(\.frontierIntegral))
        mauveStar = SeedMean(smoothed.map(\.mauve))
        frontierIntegralStar = SeedMean(smoothed.map(\.frontierIntegral))
        self.buckets = buckets
        pCount = p.count
        qCount = q.count
        dimensions = axes.coordinates.columns
        self.options = options
    }
}
