import Evaluation

/// What the numbers of a run support and what they do not, in words. Everything here is computed.
struct Findings {
    let run: Run
    /// Seed of the bootstrap.
    private let seed: UInt64

    init(_ run: Run, seed: UInt64) {
        self.run = run
        self.seed = seed
    }

    var blocks: [Document.Block] {
        let statements = againstTruth + differences + direct
        guard !statements.isEmpty else {
            return [.paragraph("Without win rates there is nothing to conclude.")]
        }
        return [.list(statements), .list(limits)]
    }

    // MARK: Statements

    private var againstTruth: [String] {
        let rated = run.comparisons.filter(\.name.isAgainstTruth)
        let order = Systems.inOrder(rated.map(\.name.a))
        return order.flatMap { system in rated.filter { $0.name.a == system } }.map(statement)
    }

    private var direct: [String] {
        run.comparisons.filter { !$0.name.isAgainstTruth }.map(statement)
    }

    private func statement(_ comparison: Comparison) -> String {
        let name = comparison.name
        let other = name.isAgainstTruth ? "the ground truth" : name.b
        let start = "\(name.a) against \(other), judge \(name.judge): "
        guard comparison.judged > 0 else { return start + "no verdicts, nothing to say." }
        let rate = "\(comparison.rateWithInterval), n = \(comparison.judged). "
        let meaning = Self.meaning(
            lower: comparison.lower, upper: comparison.upper, neutral: 0.5,
            undecided: "The interval contains 0.5: \(name.a) and \(other) are not distinguishable.",
            above: "The interval lies above 0.5: the judge prefers \(name.a).",
            below: "The interval lies below 0.5: the judge prefers \(other).")
        return start + rate + meaning
    }

    /// The differences of each system's win rate against the truth from that of MLE, on the same records.
    private var differences: [String] {
        let sets = run.verdicts.filter(\.name.isAgainstTruth)
        return Set(sets.map(\.name.judge)).sorted().flatMap { judge -> [String] in
            let judged = sets.filter { $0.name.judge == judge }
            guard
                let mle = Systems.mle.compactMap({ name in judged.first { $0.name.a == name } })
                    .first
            else { return [] }
            let others = Systems.inOrder(judged.map(\.name.a)).filter { !Systems.mle.contains($0) }
            return others.compactMap { system in
                judged.first { $0.name.a == system }.map { difference(of: $0, from: mle) }
            }
        }
    }

    private func difference(of system: VerdictSet, from mle: VerdictSet) -> String {
        let start =
            "\(system.name.a) minus \(mle.name.a), judge \(system.name.judge), paired over records: "
        do throws(EvaluationError) {
            let paired = try PairedBootstrap(system.verdicts, mle.verdicts, seed: seed)
            let bounds = paired.interval
            let numbers =
                "\(fixed(paired.difference, 3)) [\(fixed(bounds.lower, 3)), "
                + "\(fixed(bounds.upper, 3))], n = \(paired.count). "
            return start + numbers
                + Self.meaning(
                    lower: bounds.lower, upper: bounds.upper, neutral: 0,
                    undecided: "The interval contains 0: the two are not distinguishable.",
                    above: "The interval lies above 0: \(system.name.a) has the higher win rate.",
                    below: "The interval lies below 0: \(mle.name.a) has the higher win rate.")
        } catch {
            return start + "cannot be computed (\(error))."
        }
    }

    private static func meaning(
        lower: Double, upper: Double, neutral: Double, undecided: String, above: String,
        below: String
    ) -> String {
        lower > neutral ? above : upper < neutral ? below : undecided
    }

    private var limits: [String] {
        var limits = [
            "The intervals cover the choice of prompts only. Another training seed may move a win rate by more than "
                + "they suggest; this run has one."
        ]
        let count = run.comparisons.count
        if count > 1 {
            limits.append(
                "There are \(count) comparisons. At 95 % about one interval in twenty misses the true value, so a "
                    + "single one that barely excludes its neutral value is weak evidence.")
        }
        let offline = Set(run.comparisons.map(\.name.judge)).intersection([
            "embedding", "likelihood",
        ])
        if !offline.isEmpty {
            limits.append(
                "Offline judges (\(offline.sorted().joined(separator: ", "))) stand in for the language model that the "
                    + "paper asks. Their win rates compare systems of this run with each other; they are not "
                    + "comparable with the paper's numbers.")
        }
        return limits
    }
}
