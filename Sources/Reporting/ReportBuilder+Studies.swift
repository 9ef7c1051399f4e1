// What a run was made to study: strategies beside the paper's, the weight of MLE in ensembles,
// decoding. Each part is there if the run has what it needs.

extension ReportBuilder {
    var studies: [Document.Block] { glossary + besidePaper + ensembles + decodings }

    private var rated: [Comparison] { run.comparisons.filter(\.name.isAgainstTruth) }

    private var judges: [String] { Set(rated.map(\.name.judge)).sorted() }

    private func rate(_ system: String, judge: String) -> String {
        rated.first { $0.name.a == system && $0.name.judge == judge }?.rateWithInterval ?? "—"
    }

    // MARK: Names

    private var glossary: [Document.Block] {
        let trainings = run.description.trainings
        guard trainings.count > 2 else { return [] }
        let kinds = [
            "an": "samples of the reference", "bn": "other prompts' responses",
            "mn": "15 % of the tokens redrawn", "tn": "cut at random",
            "unhelpful": "unhelpful answers of a chat model",
        ]
        let rows = trainings.map { training -> [String] in
            let method =
                switch training.method {
                case "mle": "maximum likelihood"
                case "pss": "parallel scheduled sampling"
                case "cpo": "CPO, truth against all negatives (eq. 1)"
                case "ranked": "CPO, whole ranking (eq. 2)"
                case "dpo": "DPO, truth against one negative"
                default: training.method
                }
            let mix = training.negatives.flatMap { run.description.setting("negatives.\($0)") }
            let negatives = (mix ?? "").split(separator: ",").map { part in
                let kind = String(part.prefix { $0 != ":" })
                // DPO takes the first negative only.
                let count =
                    training.method == "dpo"
                    ? "1" : String(part.drop { $0 != ":" }.dropFirst())
                return "\(count) \(kind.uppercased()): \(kinds[kind] ?? kind)"
            }
            return [
                training.name, method, negatives.isEmpty ? "—" : negatives.joined(separator: "; "),
            ]
        }
        var blocks: [Document.Block] = [
            .subheading("What the names mean"),
            .table(Table(header: ["System", "Training", "Negatives of a prompt"], rows: rows)),
        ]
        if trainings.contains(where: { $0.name == "dpo-an" }) {
            blocks.append(
                .paragraph(
                    "dpo-an is not the paper's DPO, which learns from unhelpful answers of a chat model: "
                        + "no server was given, so its negative is a sample of the reference."))
        }
        return blocks
    }

    // MARK: The paper

    private var besidePaper: [Document.Block] {
        let about = run.description
        guard let paper = PaperValues(data: about.data), !judges.isEmpty else { return [] }
        let ours = rated.map(\.name.a).filter { Systems.trained($0) == $0 }
        let named = Dictionary(ours.map { (about.paperName($0), $0) }) { first, _ in first }
        let theirs = paper.columns.flatMap(\.rates.keys)
        // Without the study of strategies only the systems of this run are of interest.
        let shown = about.experiment == "ablation" ? theirs + Array(named.keys) : Array(named.keys)
        let rows = Systems.inOrder(shown).map { name -> [String] in
            var row = [Systems.label(name)]
            for judge in judges { row.append(named[name].map { rate($0, judge: judge) } ?? "—") }
            for column in paper.columns {
                row.append(column.rates[name].map { fixed($0, 3) } ?? "—")
            }
            return row
        }
        return [
            .subheading("Beside the paper"),
            .table(
                Table(
                    header: ["System"] + judges.map { "Ours (\($0))" }
                        + paper.columns.map { "Paper, \($0.model)" },
                    rows: rows, numeric: true,
                    caption: "Win rate against the ground truth, greedy decoding")),
            .paragraph(
                "The columns “Paper” are copied from \(paper.tables) of Feng et al. 2025; nothing in them "
                    + "was measured here. Base model, amount of data and judge all differ, so compare the "
                    + "order of systems within a column, never numbers across columns."),
        ] + (paper.remarks.isEmpty ? [] : [.list(paper.remarks)])
    }

    // MARK: Ensembles

    private var ensembles: [Document.Block] {
        let names = Set(rated.map(\.name.a))
        let stems = Set(names.filter { Systems.alpha(of: $0) != nil }.map(Systems.stem)).sorted()
        guard !stems.isEmpty else { return [] }
        let mle = Systems.mle.first(where: names.contains)
        let tables = stems.map { stem -> Document.Block in
            let blends = Systems.inOrder(
                names.filter { Systems.alpha(of: $0) != nil && Systems.stem(of: $0) == stem })
            var systems: [(alpha: Double, name: String)] = [(0, stem)]
            systems += blends.map { (Systems.alpha(of: $0) ?? 0, $0) }
            if let mle { systems.append((1, mle)) }
            let rows = systems.map { alpha, system -> [String] in
                let mauve = run.mauve.first { $0.system == system }?.meanWithDeviation
                let isComparable = findings.mauveSettings.count <= 1
                return [shortest(alpha)] + judges.map { rate(system, judge: $0) }
                    + [isComparable ? mauve ?? "—" : "—"]
            }
            return .table(
                Table(
                    header: ["α"] + judges.map { "Win rate vs truth (\($0))" } + ["MAUVE"],
                    rows: rows, numeric: true,
                    caption: "Weights α · MLE + (1 − α) · \(Systems.label(stem))"))
        }
        return [.subheading("Ensembles: the weight of MLE")] + tables + [.figures(alphaPlots)]
    }

    /// Win rate over the weight of MLE. The stem is the point at 0, MLE the point at 1.
    private var alphaPlots: [Plot] {
        judges.compactMap { judge in
            let rated = rated.filter { $0.name.judge == judge }
            let blends = rated.filter { Systems.alpha(of: $0.name.a) != nil }
            let series = Set(blends.map { Systems.stem(of: $0.name.a) }).sorted().map { stem in
                var points = blends.filter { Systems.stem(of: $0.name.a) == stem }.compactMap {
                    blend in Systems.alpha(of: blend.name.a).map { blend.point(x: $0) }
                }
                func addEnd(_ x: Double, _ name: String?) {
                    guard let end = rated.first(where: { $0.name.a == name }),
                        !points.contains(where: { $0.x == x })
                    else { return }
                    points.append(end.point(x: x))
                }
                addEnd(0, stem)
                addEnd(1, Systems.mle.first { name in rated.contains { $0.name.a == name } })
                return Plot.Series(
                    name: stem, points: points.sorted { $0.x < $1.x }, style: .linesAndPoints)
            }
            guard !series.isEmpty else { return nil }
            return Plot(
                name: Plot.safeName("alpha-\(judge)"), title: "Ensembles with MLE (\(judge))",
                xLabel: "α, the weight of MLE", yLabel: "win rate vs truth", series: series,
                levels: [0.5],
                caption: "0 is the other model alone, 1 is MLE alone; bars are 95 % intervals")
        }
    }

    // MARK: Decoding

    private var decodings: [Document.Block] {
        let names = Systems.inOrder(rated.map(\.name.a))
        // Greedy first, the rest as the paper lists them.
        let usual = ["greedy", "top-k", "top-p", "beam"]
        let found = Set(names.map(Systems.decoding))
        guard found.count > 1 else { return [] }
        let decodings = usual.filter(found.contains) + found.subtracting(usual).sorted()
        let systems = Systems.inOrder(names.map(Systems.trained))
        func texts(_ system: String, _ decoding: String) -> String {
            decoding == "greedy" ? system : "\(system)@\(decoding)"
        }
        let direct = run.comparisons.filter { !$0.name.isAgainstTruth }
        let rows = decodings.flatMap { decoding in
            systems.map { system -> [String] in
                let name = texts(system, decoding)
                var row = [decoding, Systems.label(system)]
                for judge in judges { row.append(rate(name, judge: judge)) }
                for judge in judges {
                    let pair = direct.first {
                        $0.name.judge == judge && $0.name.a == name && Systems.isMLE($0.name.b)
                    }
                    row.append(pair?.rateWithInterval ?? "—")
                }
                return row
            }
        }
        let plots = judges.map { judge -> Plot in
            let series = systems.enumerated().map { index, system -> Plot.Series in
                let shift = 0.3 * (Double(index) / Double(max(1, systems.count - 1)) - 0.5)
                let points = decodings.enumerated().compactMap { row, decoding in
                    rated.first {
                        $0.name.judge == judge && $0.name.a == texts(system, decoding)
                    }.map {
                        Plot.Point(
                            x: $0.winRate, y: Double(row) + shift, low: $0.lower, high: $0.upper)
                    }
                }
                return Plot.Series(name: system, points: points, style: .points)
            }
            return Plot(
                name: Plot.safeName("decoding-\(judge)"), title: "By decoding (\(judge))",
                xLabel: "win rate vs truth, 95 % interval", series: series, levels: [0.5],
                categories: decodings)
        }
        return [
            .subheading("By decoding"),
            .table(
                Table(
                    header: ["Decoding", "System"] + judges.map { "Win rate vs truth (\($0))" }
                        + judges.map { "Win rate vs MLE (\($0))" },
                    rows: rows, numeric: true, nameColumns: 2)),
            .figures(plots),
            .paragraph(
                "The paper's figure 1 shows the same comparison without numbers in its text; it reports that "
                    + "CPO is ahead of MLE under every decoding."),
        ]
    }
}
