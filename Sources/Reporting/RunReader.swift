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
            curves.append(TrainingCurve(name: file.name, lines: try metrics(file.path)))
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
            outputs.append(try OutputSet(system: file.name, records(file.path)))
        }
        for file in files("verdicts", in: directory, what: "single verdicts") {
            verdicts.append(
                VerdictSet(
                    name: ComparisonName(file: file.name),
                    verdicts: try records(file.path).map { try Verdict($0) }))
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

    /// The records of a file. A last line that is broken was under way when the run ended: it is left
    /// out and noted.
    private mutating func records(_ path: String) throws -> [Record] {
        var reader = try RecordReader(paths: [path], options: .init(allowsEmpty: true))
        var records: [Record] = []
        var broken: RecordError?
        while true {
            do {
                guard let record = try reader.next() else { break }
                if let broken { throw broken }
                records.append(record)
            } catch let error as RecordError {
                if let broken { throw broken }
                guard case .malformed(let location, let reason, _) = error else { throw error }
                broken = .unfit(
                    location: location, reason: reason,
                    hint: "only the last line of a file may be cut short; write the file again")
            }
        }
        if let broken { torn.append(broken.description) }
        return records
    }

    private mutating func metrics(_ path: String) throws -> [[String: Double]] {
        try records(path).map { $0.fields.compactMapValues(\.number) }
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

extension Verdict {
    fileprivate init(_ record: Record) throws(RecordError) {
        do throws(EvaluationError) {
            try self.init(json: record.fields)
        } catch {
            throw error.at(record.location)
        }
    }
}

extension OutputSet {
    fileprivate init(system: String, _ records: [Record]) throws(RecordError) {
        self.system = system
        var items: [Item] = []
        for record in records {
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
