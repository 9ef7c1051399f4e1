public import StreamIO

extension LengthSummary {
    /// Mean and quantiles as a JSON object.
    var json: JSONValue {
        .object([
            "mean": .number(mean),
            "quantiles": .array(quantiles.map { .integer(Int64($0)) }),
        ])
    }
}

extension LengthMatch {
    /// What was cut, as a JSON object.
    public var json: JSONValue {
        .object([
            "pairs": .integer(Int64(pairs)), "p_cut": .integer(Int64(cutP)),
            "q_cut": .integer(Int64(cutQ)), "p_tokens": lengthsP.json, "q_tokens": lengthsQ.json,
            "tokens": lengths.json,
        ])
    }

    /// What was cut, in one line.
    public var line: String {
        "\(pairs) pairs cut to the same length: \(cutP) texts of p, \(cutQ) of q; mean tokens "
            + "\(fixed(lengthsP.mean, digits: 1)) and \(fixed(lengthsQ.mean, digits: 1)), now "
            + fixed(lengths.mean, digits: 1)
    }

    /// What makes scores of what is left doubtful.
    public var warnings: [String] {
        guard lengths.mean < 20 else { return [] }
        return [
            "what is left of the texts is short (mean \(fixed(lengths.mean, digits: 1)) tokens): "
                + "short texts tell distributions apart badly"
        ]
    }
}
