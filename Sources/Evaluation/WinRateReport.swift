public import StreamIO

extension WinRateSummary {
    /// The summary as the fields of a JSON object.
    public var json: JSONObject {
        var fields = all.json
        fields["consistency"] = .optional(consistency)
        fields["first_position_rate"] = .optional(firstPositionRate)
        fields["mean_length_a"] = .number(meanLengthA)
        fields["mean_length_b"] = .number(meanLengthB)
        fields["length_unit"] = .string(lengthUnit.rawValue)
        fields["a_longer"] = .object(whenLonger.json)
        fields["a_shorter"] = .object(whenShorter.json)
        if !failures.isEmpty {
            fields["failures"] = .array(
                failures.prefix(10).map {
                    .object(["reason": .string($0.reason), "count": .integer(Int64($0.count))])
                })
        }
        return fields
    }

    /// The summary for a person, in one line.
    public var line: String {
        let rate = all.winRate.map { fixed($0, digits: 3) } ?? "undefined"
        var parts = [
            "win rate \(rate) [\(fixed(all.interval.lower, digits: 3)), "
                + "\(fixed(all.interval.upper, digits: 3))]",
            "\(all.wins) wins, \(all.losses) losses, \(all.ties) ties, \(all.errors) errors",
        ]
        if let consistency { parts.append("consistency \(fixed(consistency, digits: 3))") }
        if let firstPositionRate {
            parts.append("first position chosen \(fixed(firstPositionRate, digits: 3))")
        }
        parts.append(
            "mean \(lengthUnit.rawValue) \(fixed(meanLengthA, digits: 1)) against "
                + fixed(meanLengthB, digits: 1))
        return parts.joined(separator: " · ")
    }
}

extension Tally {
    /// Counts, rates and interval as the fields of a JSON object.
    public var json: JSONObject {
        [
            "wins": .integer(Int64(wins)), "losses": .integer(Int64(losses)),
            "ties": .integer(Int64(ties)), "errors": .integer(Int64(errors)),
            "judged": .integer(Int64(judged)), "win_rate": .optional(winRate),
            "win_rate_without_ties": .optional(winRateWithoutTies),
            "interval_95": interval.json,
        ]
    }
}

extension PairedBootstrap {
    /// The comparison as the fields of a JSON object.
    public var json: JSONObject {
        [
            "count": .integer(Int64(count)), "difference": .number(difference),
            "interval_95": interval.json, "p_not_better": .number(notBetter),
            "resamples": .integer(Int64(resamples)),
        ]
    }

    /// The comparison for a person, in one line.
    public var line: String {
        "difference of win rates \(fixed(difference, digits: 3)) "
            + "[\(fixed(interval.lower, digits: 3)), \(fixed(interval.upper, digits: 3))] "
            + "over \(count) records · p(not better) \(fixed(notBetter, digits: 4))"
    }
}

extension Interval {
    fileprivate var json: JSONValue { .array([.number(lower), .number(upper)]) }
}

extension JSONValue {
    fileprivate static func optional(_ value: Double?) -> JSONValue {
        value.map { .number($0) } ?? .null
    }
}
