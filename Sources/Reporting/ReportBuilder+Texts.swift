import Evaluation
import StreamIO

// Training curves, statistics of texts, samples.

extension ReportBuilder {
    var curves: [Document.Block] {
        let plots = run.curves.flatMap(plots(of:))
        guard !plots.isEmpty else { return [] }
        return [.heading("Training curves"), .figures(plots)]
    }

    private func plots(of curve: TrainingCurve) -> [Plot] {
        func plot(
            _ kind: String, _ title: String, _ fields: [(String, String)], levels: [Double] = []
        )
            -> Plot?
        {
            let series = fields.compactMap { label, field -> Plot.Series? in
                let points = curve.points(of: field)
                guard !points.isEmpty else { return nil }
                let style: Plot.Series.Style = points.count < 25 ? .linesAndPoints : .line
                return .init(name: label, points: points.thinned, style: style)
            }
            guard !series.isEmpty else { return nil }
            let longest = fields.map { curve.points(of: $0.1).count }.max() ?? 0
            let size = (longest + Plot.resolution - 1) / Plot.resolution
            return Plot(
                name: Plot.safeName("\(kind)-\(curve.name)"), title: "\(curve.name): \(title)",
                xLabel: "step", yLabel: title, series: series, levels: levels,
                caption: size > 1 ? "each point is the mean of \(size) steps" : "")
        }
        return [
            plot("loss", "loss", [("training", "loss"), ("held out", "eval_loss")]),
            plot(
                "reward", "reward",
                [
                    ("chosen", "reward_chosen"), ("rejected", "reward_rejected"),
                    ("margin", "reward_margin"),
                ], levels: [0]),
            plot(
                "accuracy", "reward accuracy", [("accuracy", "reward_accuracy")], levels: [0.5]),
            plot(
                "logprob", "log-probability",
                [("chosen", "logprob_chosen"), ("rejected", "logprob_rejected")]),
        ].compactMap(\.self)
    }

    // MARK: Samples

    /// Prompts with the texts of MLE and CPO, spread evenly over the file so that nobody picks.
    var samples: [Document.Block] {
        let mle = Systems.mle.compactMap { name in run.outputs.first { $0.system == name } }.first
        let others = Systems.inOrder(run.outputs.map(\.system)).filter {
            !Systems.isMLE($0) && !Systems.baselines.contains($0)
        }
        // The system that ensembles are made of is the one that a run is about.
        let favourite = others.first { $0 == run.description.setting("ensemble") } ?? others.first
        let cpo = favourite.flatMap { name in run.outputs.first { $0.system == name } }
        let shown = [mle, cpo].compactMap(\.self)
        guard let first = shown.first else { return [] }
        let byID = shown.map { set in
            Dictionary(set.items.map { (ExactString($0.id), $0) }) { first, _ in first }
        }
        let common = first.items.filter { item in
            byID.allSatisfy { $0[ExactString(item.id)] != nil }
        }
        let wanted = min(10, common.count)
        guard wanted > 0 else { return [] }
        let samples = (0..<wanted).map { index -> Document.Block in
            let item = common[index * common.count / wanted]
            var texts = [
                Sample.Text(
                    label: "ground truth", text: item.truth ?? "(not in the file)", verdict: nil)
            ]
            for (set, items) in zip(shown, byID) {
                texts.append(
                    Sample.Text(
                        label: Systems.label(set.system),
                        text: items[ExactString(item.id)]?.output ?? "",
                        verdict: verdict(on: set.system, id: item.id)))
            }
            return .sample(
                Sample(id: item.id, prompt: item.prompt ?? "(no prompt in the file)", texts: texts))
        }
        return [
            .heading("Samples"),
            .paragraph(
                "\(wanted) of \(common.count) held-out prompts, taken at even distances through the file and not "
                    + "for their quality."),
        ] + samples
    }

    /// What each judge said about a system's text against the ground truth and against MLE.
    private func verdict(on system: String, id: String) -> String? {
        let said = run.verdicts.compactMap { set -> String? in
            guard set.name.a == system, set.name.isAgainstTruth || Systems.isMLE(set.name.b),
                let verdict = set.verdicts.first(where: { $0.id.utf8.elementsEqual(id.utf8) })
            else { return nil }
            let other = set.name.isAgainstTruth ? "the truth" : Systems.label(set.name.b)
            let words =
                switch verdict.winner {
                case .a: "better than \(other)"
                case .b: "worse than \(other)"
                case .tie: "tie with \(other)"
                case .error: "no verdict"
                }
            return "\(set.name.judge): \(words)"
        }
        return said.isEmpty ? nil : said.joined(separator: "; ")
    }
}

extension OutputSet {
    /// Mean words, distinct-2, repeated 4-grams, share that ended at the length limit.
    var cells: [String] {
        let finished = items.compactMap(\.finish)
        let cut = finished.count { $0 == "length" }
        return [
            fixed(statistics.meanWords, 1),
            statistics.distinct.count > 1 ? fixed(statistics.distinct[1], 3) : "—",
            percent(statistics.repeatedFourGrams),
            finished.isEmpty ? "—" : percent(Double(cut) / Double(finished.count)),
        ]
    }

    /// The ground-truth texts as if they were a system's, for comparison.
    static func truth(from sets: [OutputSet]) -> OutputSet? {
        guard let set = sets.first(where: { !$0.items.isEmpty }) else { return nil }
        let items = set.items.compactMap { item in
            item.truth.map {
                Item(id: item.id, prompt: item.prompt, truth: $0, output: $0, finish: nil)
            }
        }
        guard !items.isEmpty else { return nil }
        return OutputSet(
            system: ComparisonName.truth, items: items,
            statistics: TextStatistics(items.map(\.output)))
    }
}
