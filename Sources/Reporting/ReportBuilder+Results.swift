extension ReportBuilder {
    private var judges: [String] {
        Set(run.comparisons.map(\.name.judge)).sorted()
    }

    private var systems: [String] {
        Systems.inOrder(
            run.comparisons.filter(\.name.isAgainstTruth).map(\.name.a) + run.mauve.map(\.system)
                + run.outputs.map(\.system))
    }

    var results: [Document.Block] {
        var blocks: [Document.Block] = [.heading("Results")]
        if systems.isEmpty {
            blocks.append(
                .paragraph("There are no results: no win rates, scores or generated texts."))
        } else {
            blocks.append(.table(systemTable))
        }
        let direct = run.comparisons.filter { !$0.name.isAgainstTruth }
        if !direct.isEmpty {
            blocks += [
                .subheading("Direct comparisons"), .table(comparisonTable(direct)),
            ]
        }
        let plots = winRatePlots
        if !plots.isEmpty { blocks.append(.figures(plots)) }
        return blocks
    }

    /// All counts, for those who want to check.
    var counts: [Document.Block] {
        let againstTruth = run.comparisons.filter(\.name.isAgainstTruth)
        return againstTruth.isEmpty
            ? []
            : [
                .heading("Comparisons with the ground truth in full"),
                .table(comparisonTable(againstTruth)),
            ]
    }

    // MARK: Tables

    private var systemTable: Table {
        let truthJudges = judges.filter { judge in
            run.comparisons.contains { $0.name.isAgainstTruth && $0.name.judge == judge }
        }
        var header = ["System"] + truthJudges.map { "Win rate vs truth, 95 % CI (\($0))" }
        let mauveIsComparable = findings.mauveSettings.count <= 1
        let showsMauve = !run.mauve.isEmpty && mauveIsComparable
        if showsMauve { header.append("MAUVE, mean ± sd") }
        let showsTexts = !run.outputs.isEmpty
        if showsTexts {
            header += ["Mean words", "Distinct-2", "Repeated 4-grams", "Cut at limit"]
        }
        var rows = systems.map { system -> [String] in
            var row = [system]
            for judge in truthJudges {
                let name = ComparisonName(a: system, b: ComparisonName.truth, judge: judge)
                row.append(run.comparisons.first { $0.name == name }?.rateWithInterval ?? "missing")
            }
            if showsMauve {
                row.append(run.mauve.first { $0.system == system }?.meanWithDeviation ?? "missing")
            }
            if showsTexts {
                row +=
                    run.outputs.first { $0.system == system }?.cells
                    ?? Array(repeating: "missing", count: 4)
            }
            return row
        }
        if showsTexts, let truth = OutputSet.truth(from: run.outputs) {
            rows.append(
                ["ground truth"]
                    + Array(repeating: "—", count: header.count - 5) + truth.cells.dropLast() + [
                        "—"
                    ])
        }
        return Table(
            header: header, rows: rows, numeric: true,
            caption: showsMauve ? findings.mauveSettings.first.map { "MAUVE settings: \($0)" } : nil
        )
    }

    private func comparisonTable(_ comparisons: [Comparison]) -> Table {
        func number(_ value: Double?, _ digits: Int) -> String {
            value.map { fixed($0, digits) } ?? "—"
        }
        let order = systems
        let sorted = comparisons.sorted { left, right in
            func key(_ comparison: Comparison) -> (Int, String, String, String) {
                let name = comparison.name
                return (order.firstIndex(of: name.a) ?? order.count, name.a, name.b, name.judge)
            }
            return key(left) < key(right)
        }
        return Table(
            header: [
                "A", "B", "Judge", "A wins", "B wins", "Ties", "Errors", "Win rate of A, 95 % CI",
                "Consistency", "First chosen", "Length A", "Length B",
            ],
            rows: sorted.map { comparison in
                [
                    comparison.name.a, comparison.name.b, comparison.name.judge,
                    String(comparison.wins), String(comparison.losses), String(comparison.ties),
                    String(comparison.errors), comparison.rateWithInterval,
                    number(comparison.consistency, 3), number(comparison.firstPositionRate, 3),
                    number(comparison.meanLengthA, 1), number(comparison.meanLengthB, 1),
                ]
            }, numeric: true, nameColumns: 3
        ).withoutEmptyColumns()  // Judges that see no order have neither consistency nor a first.
    }

    // MARK: Plots

    private var winRatePlots: [Plot] {
        judges.flatMap { judge -> [Plot] in
            let rated = run.comparisons.filter { $0.name.isAgainstTruth && $0.name.judge == judge }
            let names = Systems.inOrder(rated.map(\.name.a))
            guard !names.isEmpty else { return [] }
            let points = names.enumerated().compactMap { row, name in
                rated.first { $0.name.a == name }.map {
                    Plot.Point(x: $0.winRate, y: Double(row), low: $0.lower, high: $0.upper)
                }
            }
            return [
                Plot(
                    name: Plot.safeName("win-rate-\(judge)"),
                    title: "Win rate against the ground truth (\(judge))",
                    xLabel: "win rate, 95 % interval",
                    series: [.init(name: "win rate", points: points, style: .points)],
                    levels: [0.5],
                    categories: names)
            ]
        }
    }
}

extension Comparison {
    var rateWithInterval: String {
        judged == 0
            ? "no verdicts" : "\(fixed(winRate, 3)) [\(fixed(lower, 3)), \(fixed(upper, 3))]"
    }

    func point(x: Double) -> Plot.Point {
        Plot.Point(x: x, y: winRate, low: lower, high: upper)
    }
}

extension MauveScore {
    var meanWithDeviation: String {
        deviation.map { "\(fixed(mean, 3)) ± \(fixed($0, 3))" } ?? "\(fixed(mean, 3)) (no sd)"
    }
}
