public import StreamIO

extension MauveScore {
    /// Score and hyperparameters in one line, e.g.
    /// `mauve:0.912|sd:0.008|buckets:40|c:5|dim:13|var:0.9|redo:5|iter:500|seeds:5|v:1.0`.
    public func signature(version: String) -> String {
        let deviation = mauve.deviation.map { "|sd:\(fixed($0, digits: 3))" } ?? ""
        return "mauve:\(fixed(mauve.mean, digits: 3))\(deviation)|buckets:\(buckets)"
            + "|c:\(short(options.scalingFactor))|dim:\(dimensions)"
            + "|var:\(short(options.explainedVariance))|redo:\(options.restarts)"
            + "|iter:\(options.iterations)|seeds:\(options.seeds)"
            + (options.matchesLengths ? "|length:matched" : "") + "|v:\(version)"
    }

    /// The score as one JSON object with everything that it depends on.
    public func json(version: String) -> JSONObject {
        [
            "mauve": .number(mauve.mean),
            "mauve_sd": mauve.deviation.map { .number($0) } ?? .null,
            "frontier_integral": .number(frontierIntegral.mean),
            "frontier_integral_sd": frontierIntegral.deviation.map { .number($0) } ?? .null,
            "mauve_star": .number(mauveStar.mean),
            "frontier_integral_star": .number(frontierIntegralStar.mean),
            "buckets": .integer(Int64(buckets)),
            "n_p": .integer(Int64(pCount)),
            "n_q": .integer(Int64(qCount)),
            "dimensions": .integer(Int64(dimensions)),
            "hyperparameters": .object([
                "scaling_factor": .number(options.scalingFactor),
                "curve_points": .integer(Int64(options.curvePoints)),
                "explained_variance": .number(options.explainedVariance),
                "restarts": .integer(Int64(options.restarts)),
                "iterations": .integer(Int64(options.iterations)),
                "seeds": .integer(Int64(options.seeds)),
                "seed": Int64(exactly: options.seed).map { .integer($0) }
                    ?? .string("\(options.seed)"),
            ]),
            "signature": .string(signature(version: version)),
        ]
    }

    /// What a reader of the score should know: small samples are biased upwards and noisy.
    public var warnings: [String] {
        var warnings: [String] = []
        let smaller = min(pCount, qCount)
        if smaller < 1000 {
            warnings.append(
                "\(smaller) samples are few (published scores use thousands): the score is noisy "
                    + "and biased upwards")
        }
        if smaller < 2 * buckets {
            warnings.append(
                "\(smaller) samples for \(buckets) buckets: fewer than two a bucket")
        }
        return warnings
    }
}

extension DivergenceFrontier {
    /// The summaries of two given histograms as one JSON object.
    public func json(buckets: Int, scalingFactor: Double) -> JSONObject {
        [
            "mauve": .number(mauve), "frontier_integral": .number(frontierIntegral),
            "buckets": .integer(Int64(buckets)), "scaling_factor": .number(scalingFactor),
            "curve": .array(curve.map { .array([.number($0.x), .number($0.y)]) }),
            "signature": .string(
                "mauve:\(fixed(mauve, digits: 3))|buckets:\(buckets)|c:\(short(scalingFactor))"
                    + "|input:histograms"),
        ]
    }
}

/// `value` with a fixed number of digits after the point.
func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let whole = "\(scaled / Int64(scale))"
    let fraction = "\(scaled % Int64(scale))"
    let sign = value < 0 && scaled != 0 ? "-" : ""
    let zeros = String(repeating: "0", count: max(0, digits - fraction.count))
    return sign + whole + (digits > 0 ? "." + zeros + fraction : "")
}

/// `value` without a fraction where it has none.
private func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
}
