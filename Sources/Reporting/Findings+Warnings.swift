// What makes the numbers of a run less trustworthy than they look.

extension Findings {
    /// Warnings that the numbers themselves give rise to.
    var warnings: [String] {
        comparisonWarnings + mauveWarnings + outputWarnings + trainingWarnings
            + run.torn.map { "a last line that was cut short is left out: \($0)" }
            + Self.together(
                "files that an earlier setting left in the directory are not looked at", run.foreign
            )
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
        var (unanswered, inconsistent, partial): ([String], [String], [String]) = ([], [], [])
        for comparison in run.comparisons {
            let name = comparison.name
            let pair = "\(name.a) against \(name.b) (\(name.judge)) "
            if comparison.errors > 0 {
                let all = comparison.judged + comparison.errors
                unanswered.append(pair + "\(comparison.errors) of \(all)")
            }
            if let consistency = comparison.consistency, consistency < 0.7 {
                inconsistent.append(pair + percent(consistency))
            }
            if let first = comparison.firstPositionRate, abs(first - 0.5) > 0.1 {
                partial.append(pair + percent(first))
            }
        }
        return warnings
            + Self.together("comparisons without a verdict are left out", unanswered)
            + Self.together(
                "the judge seldom agrees with itself when the order is swapped", inconsistent)
            + Self.together("the judge favours a position; it chose the first in", partial)
            + lengthWarnings
    }

    /// The most of those concerned that a warning names; tables and curves have them all.
    private static let namesInWarning = 4

    /// One warning for all that it concerns, or none.
    private static func together(_ warning: String, _ concerned: [String]) -> [String] {
        guard !concerned.isEmpty else { return [] }
        let others = concerned.count - namesInWarning
        let named = concerned.prefix(namesInWarning).joined(separator: ", ")
        return ["\(warning): \(named)" + (others > 0 ? " and \(others) more" : "")]
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
        return Self.together("mean lengths differ much, and judges may favour a length", pairs)
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
        var (absent, empty, repeating, cut): ([String], [String], [String], [String]) =
            ([], [], [], [])
        for set in run.outputs {
            let count = set.items.count
            guard count > 0 else {
                absent.append(set.system)
                continue
            }
            if set.statistics.emptyCount > 0 {
                empty.append("\(set.system) \(set.statistics.emptyCount) of \(count)")
            }
            if set.statistics.repeatedFourGrams > 0.2 {
                repeating.append("\(set.system) \(percent(set.statistics.repeatedFourGrams))")
            }
            let atLimit = set.items.count { $0.finish == "length" }
            if 2 * atLimit > count { cut.append("\(set.system) \(atLimit) of \(count)") }
        }
        // Continuations of running text all end at the limit, and so does the truth.
        if run.description.data == "wiki" { cut = [] }
        return Self.together("no generated texts in the file of", absent)
            + Self.together("empty texts", empty)
            + Self.together("texts that repeat themselves, by repeated 4-grams", repeating)
            + Self.together("more than half of the texts were cut at the length limit", cut)
    }

    private var trainingWarnings: [String] {
        let rising = run.curves.compactMap { curve -> String? in
            let losses = curve.points(of: "loss").map(\.y)
            guard losses.count >= 20 else { return nil }
            let part = max(1, losses.count / 10)
            func mean(_ values: some Collection<Double>) -> Double {
                values.reduce(0, +) / Double(values.count)
            }
            let (start, end) = (mean(losses.prefix(part)), mean(losses.suffix(part)))
            return end < start
                ? nil : "\(curve.name) \(fixed(start, 3)) at first, \(fixed(end, 3)) at last"
        }
        return Self.together(
            "the loss did not fall (means over the first and last tenth of the steps)", rising)
    }
}
