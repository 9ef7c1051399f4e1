// What makes the numbers of a run less trustworthy than they look.

extension Findings {
    /// Warnings that the numbers themselves give rise to.
    var warnings: [String] {
        comparisonWarnings + mauveWarnings + outputWarnings + trainingWarnings
    }

    /// The different settings under which MAUVE was computed; more than one means no table.
    var mauveSettings: [String] { Set(run.mauve.map(\.settings)).sorted() }

    private var comparisonWarnings: [String] {
        var warnings: [String] = []
        let few = run.comparisons.filter { $0.judged < 100 }
        if !few.isEmpty {
            let least = few.map(\.judged).min() ?? 0
            warnings.append(
                "\(few.count) of \(run.comparisons.count) comparisons rest on fewer than 100 verdicts (the smallest "
                    + "on \(least)): their intervals are wide")
        }
        for comparison in run.comparisons {
            let name = comparison.name
            let start = "\(name.a) against \(name.b), judge \(name.judge): "
            let all = comparison.judged + comparison.errors
            if comparison.errors > 0 {
                warnings.append(
                    start + "\(comparison.errors) of \(all) comparisons gave no verdict "
                        + "and are left out")
            }
            if let consistency = comparison.consistency, consistency < 0.7 {
                warnings.append(
                    start
                        + "the judge agrees with itself in only \(percent(consistency)) of the cases when "
                        + "the order is swapped")
            }
            if let first = comparison.firstPositionRate, abs(first - 0.5) > 0.1 {
                warnings.append(
                    start + "the judge chose the first position in \(percent(first)) of the cases")
            }
        }
        return warnings + lengthWarnings
    }

    /// All comparisons whose sides differ in length, in one warning: every judge meets the same texts.
    private var lengthWarnings: [String] {
        var pairs: [String] = []
        for comparison in run.comparisons {
            guard let a = comparison.meanLengthA, let b = comparison.meanLengthB, min(a, b) > 0,
                max(a, b) / min(a, b) > 1.5
            else { continue }
            let name = comparison.name
            let pair = "\(name.a) \(fixed(a, 1)) against \(name.b) \(fixed(b, 1))"
            if !pairs.contains(pair) { pairs.append(pair) }
        }
        guard !pairs.isEmpty else { return [] }
        return [
            "mean lengths differ much, and judges may favour a length: "
                + pairs.joined(separator: ", ")
        ]
    }

    private var mauveWarnings: [String] {
        var warnings: [String] = []
        if mauveSettings.count > 1 {
            warnings.append(
                "MAUVE scores were computed under different settings and are not tabulated: "
                    + mauveSettings.joined(separator: " / "))
        }
        let sizes = run.mauve.flatMap { [$0.countP, $0.countQ].compactMap(\.self) }
        if let least = sizes.min(), least < 1000 {
            warnings.append(
                "MAUVE rests on sets of as few as \(least) texts, where thousands are usual: the scores are noisy and "
                    + "biased upwards")
        }
        return warnings
    }

    private var outputWarnings: [String] {
        run.outputs.flatMap { set -> [String] in
            guard !set.items.isEmpty else {
                return ["\(set.system): no generated texts in its file"]
            }
            var warnings: [String] = []
            if set.statistics.emptyCount > 0 {
                warnings.append(
                    "\(set.system): \(set.statistics.emptyCount) of \(set.items.count) texts are empty"
                )
            }
            if set.statistics.repeatedFourGrams > 0.2 {
                warnings.append(
                    "\(set.system): the texts repeat themselves "
                        + "(\(percent(set.statistics.repeatedFourGrams)) of 4-grams)")
            }
            let cut = set.items.count { $0.finish == "length" }
            if 2 * cut > set.items.count {
                warnings.append(
                    "\(set.system): \(cut) of \(set.items.count) texts were cut at the length limit"
                )
            }
            return warnings
        }
    }

    private var trainingWarnings: [String] {
        run.curves.compactMap { curve -> String? in
            let losses = curve.points(of: "loss").map(\.y)
            guard losses.count >= 20 else { return nil }
            let part = max(1, losses.count / 10)
            func mean(_ values: some Collection<Double>) -> Double {
                values.reduce(0, +) / Double(values.count)
            }
            let (start, end) = (mean(losses.prefix(part)), mean(losses.suffix(part)))
            guard end >= start else { return nil }
            return
                "\(curve.name): the loss did not fall (mean \(fixed(start, 3)) over the first tenth of the steps, "
                + "\(fixed(end, 3)) over the last)"
        }
    }
}
