import Evaluation
import Records
import StreamIO

extension Run {
    /// Reads a run directory. Everything in it is optional, but nothing is passed over in silence.
    ///
    /// - Throws: ``ReportError``, `StreamError` or `RecordError` for files that are there but unusable.
    package init(directory: String) throws {
        guard FileTree.isDirectory(directory) else {
            throw ReportError.noRunDirectory(path: directory)
        }
        let descriptionPath = directory + "/run.json"
        guard FileTree.exists(descriptionPath) else {
            throw ReportError.badFile(
                path: directory, got: "no run.json", expected: "a run directory")
        }
        description = try RunDescription(JSONFile.object(descriptionPath))
        missing += description.absentParts

        for file in files("metrics", in: directory, what: "training metrics") {
            curves.append(TrainingCurve(name: file.name, lines: try Self.metrics(file.path)))
        }
        for file in files("judge", in: directory, what: "win rates") {
            comparisons.append(
                try Comparison(JSONFile.object(file.path), file: file.name, path: file.path))
        }
        for file in files("mauve", in: directory, what: "MAUVE scores") {
            mauve.append(
                try MauveScore(JSONFile.object(file.path), system: file.name, path: file.path))
        }
        for file in files("outputs", in: directory, what: "generated texts") {
            outputs.append(try OutputSet(system: file.name, path: file.path))
        }
        for file in files("verdicts", in: directory, what: "single verdicts") {
            let records = try Self.records(file.path)
            verdicts.append(
                VerdictSet(
                    name: ComparisonName(file: file.name),
                    verdicts: try records.map { try Verdict(json: $0.fields) }))
        }
        missing += gaps()
    }

    /// The result files in a part of the run, by name; notes the part as missing if there are none, and
    /// what an earlier setting left there as foreign.
    private mutating func files(
        _ part: String, in directory: String, what: String
    ) -> [(name: String, path: String)] {
        let folder = directory + "/" + part
        let entries = FileTree.entries(of: folder)
        let endings = [".jsonl.zst", ".jsonl", ".json"]
        var found = entries.sorted().compactMap { entry -> (name: String, path: String)? in
            guard let ending = endings.first(where: entry.hasSuffix), !entry.hasPrefix(".") else {
                return nil
            }
            return (String(entry.dropLast(ending.count)), folder + "/" + entry)
        }
        if let results = description.results {
            let names = found.map { "\(part)/\($0.name)" }
            foreign += names.filter { !results.contains($0) }
            found = zip(names, found).filter { results.contains($0.0) }.map(\.1)
        }
        if found.isEmpty { missing.append("\(what) (no files in \(part)/)") }
        return found
    }

    private static func records(_ path: String) throws -> [Record] {
        var reader = try RecordReader(paths: [path], options: .init(allowsEmpty: true))
        return try reader.all()
    }

    private static func metrics(_ path: String) throws -> [[String: Double]] {
        try records(path).map { record in
            record.fields.compactMapValues { value in
                switch value {
                case .integer(let number): Double(number)
                case .number(let number): number
                default: nil
                }
            }
        }
    }

    /// Systems for which one kind of result is there and another is not.
    private func gaps() -> [String] {
        let judged = Set(comparisons.filter(\.name.isAgainstTruth).map(\.name.a))
        let scored = Set(mauve.map(\.system))
        let written = Set(outputs.map(\.system))
        let all = judged.union(scored).union(written)
        var gaps: [String] = []
        for system in Systems.inOrder(all) {
            var lacking: [String] = []
            if !comparisons.isEmpty, !judged.contains(system) { lacking.append("win rate") }
            if !mauve.isEmpty, !scored.contains(system) { lacking.append("MAUVE") }
            if !outputs.isEmpty, !written.contains(system) { lacking.append("generated texts") }
            if !lacking.isEmpty { gaps.append("\(system): \(lacking.joined(separator: ", "))") }
        }
        if !comparisons.isEmpty, comparisons.allSatisfy(\.name.isAgainstTruth) {
            gaps.append(
                "a direct comparison of CPO with MLE (judge/cpo-vs-mle-continued.JUDGE.json)")
        }
        return gaps
    }
}

extension OutputSet {
    init(system: String, path: String) throws {
        self.system = system
        var reader = try RecordReader(paths: [path], options: .init(allowsEmpty: true))
        var items: [Item] = []
        while let record = try reader.next() {
            items.append(
                Item(
                    id: record.id, prompt: try record.optionalString("prompt"),
                    truth: try record.optionalString("response"),
                    output: try record.string("output"),
                    finish: try record.optionalString("finish")))
        }
        self.items = items
        statistics = TextStatistics(items.map(\.output))
    }
}
