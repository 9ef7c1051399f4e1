/// The hyperparameters of MAUVE. Numbers are comparable only where all of them are equal; the
/// defaults are those of the published scores.
public struct MauveOptions: Sendable, Hashable {
    /// Number of k-means clusters; nil means one tenth of the smaller sample, at least 2.
    public var buckets: Int?
    /// c in exp(−c·KL): stretches the scale without changing the order of systems.
    public var scalingFactor = 5.0
    /// Mixture weights on the divergence curve.
    public var curvePoints = 25
    /// Share of the variance that the principal axes must explain, in (0, 1).
    public var explainedVariance = 0.9
    /// Runs of k-means for each seed, of which the best is kept.
    public var restarts = 5
    /// Bound on the iterations of one k-means run.
    public var iterations = 500
    /// Number of k-means seeds over which mean and deviation are taken.
    public var seeds = 5
    /// The first seed.
    public var seed: UInt64 = 0
    /// Whether the texts behind the features were cut, pair by pair, to the same length; changes
    /// nothing here, but what the score can be compared with.
    public var matchesLengths = false
    /// Whether to compute a score from fewer than two samples a bucket.
    public var force = false

    /// The defaults.
    public init() {}

    /// The number of buckets for samples of two sizes.
    public func bucketCount(p: Int, q: Int) -> Int {
        buckets ?? max(2, Int((Double(min(p, q)) / 10).rounded(.toNearestOrEven)))
    }

    func validate() throws(EvaluationError) {
        guard explainedVariance > 0, explainedVariance < 1 else {
            throw .invalidOption(
                name: "explained variance", got: "\(explainedVariance)", expected: "in (0, 1)")
        }
        let counts = [
            ("buckets", buckets ?? 2, 2), ("restarts", restarts, 1), ("iterations", iterations, 1),
            ("seeds", seeds, 1),
        ]
        for (name, value, least) in counts where value < least {
            throw .invalidOption(name: name, got: "\(value)", expected: "at least \(least)")
        }
    }
}
