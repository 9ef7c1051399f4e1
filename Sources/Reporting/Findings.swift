import Evaluation

/// What the numbers of a run support and what they do not, in words. Everything here is computed.
struct Findings {
    /// One estimate and how to read it.
    struct Statement {
        let subject: String
        let judge: String
        let estimate: String
        let reading: String
        /// What is estimated, before the subject.
        var quantity = "win rate of"

        var sentence: String { "Judge \(judge), \(quantity) \(subject): \(estimate). \(reading)" }
    }

    let run: Run
    private let direct: [Statement]
    private let differences: [Statement]
    private let againstTruth: [Statement]

    /// - Parameter seed: of the bootstrap behind the paired differences
    init(_ run: Run, seed: UInt64) {
        self.run = run
        direct = run.comparisons.filter { !$0.name.isAgainstTruth }.map(Self.statement)
        let rated = run.comparisons.filter(\.name.isAgainstTruth)
        againstTruth = Systems.inOrder(rated.map(\.name.a)).flatMap { system in
            rated.filter { $0.name.a == system }.map(Self.statement)
        }
        differences = Self.differences(run.verdicts.filter(\.name.isAgainstTruth), seed: seed)
    }

    /// The statements that bear on the experiment's question; those on ensembles are left out.
    var answer: [String] {
        (direct + differences).filter { statement in
            Systems.alpha(of: String(statement.subject.prefix { $0 != " " })) == nil
        }.map(\.sentence)
    }

    var blocks: [Document.Block] {
        let parts = [
            ("Direct comparisons", direct),
            ("Difference of win rates against the ground truth, paired over records", differences),
            ("Against the ground truth", againstTruth),
        ].filter { !$0.1.isEmpty }
        guard !parts.isEmpty else {
            return [.paragraph("Without win rates there is nothing to conclude.")]
        }
        let tables = parts.map { title, statements in
            Document.Block.table(
                Table(
                    header: ["What", "Judge", "Estimate, 95 % interval", "Reading"],
                    rows: statements.map { [$0.subject, $0.judge, $0.estimate, $0.reading] },
                    caption: title))
        }
        return tables + [.list(limits)]
    }

    // MARK: Statements

    private static func statement(_ comparison: Comparison) -> Statement {
        let name = comparison.name
        let other = name.isAgainstTruth ? "the ground truth" : name.b
        let reading =
            comparison.judged == 0
            ? "Nothing can be said."
            : meaning(
                lower: comparison.lower, upper: comparison.upper, neutral: 0.5,
                undecided: "Contains 0.5: not distinguishable.",
                above: "Above 0.5: the judge prefers \(name.a).",
                below: "Below 0.5: the judge prefers \(other).")
        return Statement(
            subject: "\(name.a) against \(other)", judge: name.judge,
            estimate: comparison.judged == 0
                ? "no verdicts" : "\(comparison.rateWithInterval), n = \(comparison.judged)",
            reading: reading)
    }

    /// Each system's win rate against the truth minus that of MLE, on the same records.
    private static func differences(_ sets: [VerdictSet], seed: UInt64) -> [Statement] {
        Set(sets.map(\.name.judge)).sorted().flatMap { judge -> [Statement] in
            let judged = sets.filter { $0.name.judge == judge }
            let base = Systems.mle.compactMap { name in judged.first { $0.name.a == name } }.first
            guard let base else { return [] }
            let others = Systems.inOrder(judged.map(\.name.a)).filter { !Systems.mle.contains($0) }
            return others.compactMap { system in
                judged.first { $0.name.a == system }.map {
                    difference(of: $0, from: base, seed: seed)
                }
            }
        }
    }

    private static func difference(
        of system: VerdictSet, from mle: VerdictSet, seed: UInt64
    ) -> Statement {
        let subject = "\(system.name.a) minus \(mle.name.a)"
        do throws(EvaluationError) {
            let paired = try PairedBootstrap(system.verdicts, mle.verdicts, seed: seed)
            let bounds = paired.interval
            return Statement(
                subject: subject, judge: system.name.judge,
                estimate: "\(fixed(paired.difference, 3)) [\(fixed(bounds.lower, 3)), "
                    + "\(fixed(bounds.upper, 3))], n = \(paired.count)",
                reading: meaning(
                    lower: bounds.lower, upper: bounds.upper, neutral: 0,
                    undecided: "Contains 0: not distinguishable.",
                    above: "Above 0: \(system.name.a) has the higher win rate.",
                    below: "Below 0: \(mle.name.a) has the higher win rate."),
                quantity: "win rate against the ground truth of")
        } catch {
            return Statement(
                subject: subject, judge: system.name.judge, estimate: "none",
                reading: "Cannot be computed: \(error).")
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
            "The intervals cover the choice of prompts only. Another training seed may move a win "
                + "rate by more than they suggest; this run has one."
        ]
        let count = direct.count + differences.count + againstTruth.count
        if count > 1 {
            limits.append(
                "There are \(count) intervals. At 95 % about one in twenty misses the true value, so "
                    + "a single one that barely excludes its neutral value is weak evidence.")
        }
        let judges = Set(run.comparisons.map(\.name.judge))
        let offline = judges.intersection(["embedding", "likelihood"])
        if !offline.isEmpty {
            limits.append(
                "Offline judges (\(offline.sorted().joined(separator: ", "))) stand in for the "
                    + "language model that the paper asks. Their win rates compare systems of this run "
                    + "with each other; they are not comparable with the paper's numbers.")
        }
        return limits
    }
}
