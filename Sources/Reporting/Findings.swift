import Evaluation

/// What the numbers of a run support and what they do not, in words. Everything here is computed.
struct Findings {
    /// One estimate and how to read it.
    struct Statement {
        /// Where the interval lies to the value that means no difference.
        enum Side { case above, below, around, unknown }

        let system: String
        let opponent: String
        let judge: String
        let estimate: String
        let reading: String
        let side: Side
        /// Whether this is a difference of win rates and not a win rate.
        var isDifference = false

        var subject: String {
            "\(system) \(isDifference ? "minus" : "against") "
                + (opponent == ComparisonName.truth ? "the ground truth" : opponent)
        }

        var sentence: String {
            let quantity =
                isDifference ? "win rate against the ground truth of" : "win rate of"
            return "Judge \(judge), \(quantity) \(subject): \(estimate). \(reading)"
        }
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

    /// The most statements that are told one by one.
    private static let fewStatements = 6

    /// The statements that bear on the experiment's question; those on ensembles are left out. Many are
    /// told together: which systems lie above, which below, which cannot be told apart.
    var answer: [String] {
        let statements = (direct + differences).filter { Systems.alpha(of: $0.system) == nil }
        if statements.count <= Self.fewStatements { return statements.map(\.sentence) }
        let parts: [(what: String, statements: [Statement])] = [
            ("directly against MLE", direct.filter { Systems.isMLE($0.opponent) }),
            ("directly against another system", direct.filter { !Systems.isMLE($0.opponent) }),
            ("win rate against the ground truth, minus that of MLE, paired", differences),
        ]
        return Set(statements.map(\.judge)).sorted().flatMap { judge in
            parts.compactMap { what, part in
                let said = part.filter { $0.judge == judge && Systems.alpha(of: $0.system) == nil }
                return said.isEmpty ? nil : "Judge \(judge), \(what): \(Self.together(said))."
            }
        }
    }

    private static func together(_ statements: [Statement]) -> String {
        let sides: [(words: String, side: Statement.Side)] = [
            ("higher", .above), ("lower", .below), ("not distinguishable", .around),
            ("cannot be computed", .unknown),
        ]
        return sides.compactMap { words, side in
            let names = statements.filter { $0.side == side }.map { statement in
                Systems.isMLE(statement.opponent) ? statement.system : statement.subject
            }
            return names.isEmpty ? nil : "\(words): \(names.joined(separator: ", "))"
        }.joined(separator: "; ")
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
        let side =
            comparison.judged == 0
            ? .unknown : side(lower: comparison.lower, upper: comparison.upper, neutral: 0.5)
        let reading =
            switch side {
            case .above: "Above 0.5: the judge prefers \(name.a)."
            case .below: "Below 0.5: the judge prefers \(other)."
            case .around: "Contains 0.5: not distinguishable."
            case .unknown: "Nothing can be said."
            }
        return Statement(
            system: name.a, opponent: name.b, judge: name.judge,
            estimate: comparison.judged == 0
                ? "no verdicts" : "\(comparison.rateWithInterval), n = \(comparison.judged)",
            reading: reading, side: side)
    }

    /// Each system's win rate against the truth minus that of MLE, on the same records.
    private static func differences(_ sets: [VerdictSet], seed: UInt64) -> [Statement] {
        Set(sets.map(\.name.judge)).sorted().flatMap { judge -> [Statement] in
            let judged = sets.filter { $0.name.judge == judge }
            let others = Systems.inOrder(judged.map(\.name.a)).filter { !Systems.isMLE($0) }
            return others.compactMap { system -> Statement? in
                // Decoded in the same way.
                let base = Systems.mle.lazy.compactMap { name in
                    judged.first { $0.name.a == Systems.name(name, decodedLike: system) }
                }.first
                guard let base, let set = judged.first(where: { $0.name.a == system }) else {
                    return nil
                }
                return difference(of: set, from: base, seed: seed)
            }
        }
    }

    private static func difference(
        of system: VerdictSet, from mle: VerdictSet, seed: UInt64
    ) -> Statement {
        let (name, base) = (system.name.a, mle.name.a)
        do throws(EvaluationError) {
            let paired = try PairedBootstrap(system.verdicts, mle.verdicts, seed: seed)
            let bounds = paired.interval
            let side = side(lower: bounds.lower, upper: bounds.upper, neutral: 0)
            let reading =
                switch side {
                case .above: "Above 0: \(name) has the higher win rate."
                case .below: "Below 0: \(base) has the higher win rate."
                case .around, .unknown: "Contains 0: not distinguishable."
                }
            return Statement(
                system: name, opponent: base, judge: system.name.judge,
                estimate: "\(fixed(paired.difference, 3)) [\(fixed(bounds.lower, 3)), "
                    + "\(fixed(bounds.upper, 3))], n = \(paired.count)",
                reading: reading, side: side, isDifference: true)
        } catch {
            return Statement(
                system: name, opponent: base, judge: system.name.judge, estimate: "none",
                reading: "Cannot be computed: \(error).", side: .unknown, isDifference: true)
        }
    }

    private static func side(lower: Double, upper: Double, neutral: Double) -> Statement.Side {
        lower > neutral ? .above : upper < neutral ? .below : .around
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
                    + "a single one that barely excludes its neutral value is weak evidence. The best of "
                    + "many systems looks better than it is.")
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
