/// Makes a document from a run. The parts stand in files of their own.
package struct ReportBuilder {
    let run: Run
    let findings: Findings

    package init(_ run: Run, seed: UInt64 = 0) {
        self.run = run
        findings = Findings(run, seed: seed)
    }

    /// Warnings of the run and those that its numbers give rise to.
    var warnings: [String] { run.description.warnings + findings.warnings }

    package var document: Document {
        let about = run.description
        var document = Document(title: about.title ?? "CPO experiment")
        if !warnings.isEmpty {
            document.blocks.append(.alert(title: "Warnings", items: warnings))
        }
        if !run.missing.isEmpty {
            document.blocks.append(.alert(title: "Missing from this run", items: run.missing))
        }
        document.blocks += [.heading("Question"), .paragraph(question)]
        if !findings.answer.isEmpty { document.blocks.append(.list(findings.answer)) }
        document.blocks += results + studies
        document.blocks += [.heading("What the numbers support")]
        document.blocks += findings.blocks
        document.blocks += curves
        document.blocks += samples
        document.blocks += counts
        document.blocks += setUp
        return document
    }

    private var question: String {
        let about = run.description
        let base = about.base.map { " of \($0)" } ?? ""
        let data = about.dataset.map { " on \($0)" } ?? ""
        let texts = about.data == "wiki" ? "continuations" : "responses"
        let question =
            "Starting from the same MLE reference\(base)\(data), does training with Contrastive "
            + "Preference Optimization (Feng et al., NAACL Findings 2025) give \(texts) that a judge prefers "
            + "to the ground truth more often than going on with MLE for as many steps does?"
        switch about.experiment {
        case "ablation":
            return question + " With which kinds of negatives, and does ranking them help?"
        case "decoding": return question + " Does the answer depend on how texts are generated?"
        case "wiki": return question + " What does averaging the weights of the two do?"
        default: return question
        }
    }

    // MARK: Set-up

    private var setUp: [Document.Block] {
        let about = run.description
        var rows: [[String]] = []
        func row(_ name: String, _ value: String?, _ note: String? = nil) {
            let text = [value, note].compactMap(\.self).joined(separator: " — ")
            rows.append([name, text.isEmpty ? "missing" : text])
        }
        row("Profile", about.profile)
        row("Base model", about.base, about.baseNote)
        row("Data", about.dataset, about.datasetNote)
        row("Embedder", about.embedder)
        row("Seed", about.seed)
        row("Machine", about.machine)
        var blocks: [Document.Block] = [
            .heading("Set-up"), .table(Table(header: ["Part", "Value"], rows: rows)),
        ]
        if !about.stages.isEmpty { blocks += [.subheading("Stages"), .table(stages)] }
        if !about.configuration.isEmpty {
            blocks += [
                .subheading("Configuration"),
                .table(
                    Table(
                        header: ["Name", "Value"],
                        rows: about.configuration.map { [$0.name, $0.value] })),
            ]
        }
        if !about.hashes.isEmpty {
            blocks += [
                .subheading("SHA-256 of files"),
                .table(
                    Table(
                        header: ["File", "Hash"], rows: about.hashes.map { [$0.name, $0.value] })),
            ]
        }
        return blocks
    }

    private var stages: Table {
        let all = run.description.stages
        let total = all.compactMap(\.seconds).reduce(0, +)
        var rows = all.map { stage in
            [
                stage.name, stage.seconds.map(duration) ?? "missing",
                stage.seconds.map { total > 0 ? percent($0 / total) : "" } ?? "",
            ]
        }
        rows.append(["all stages", duration(total), ""])
        return Table(header: ["Stage", "Time", "Share"], rows: rows, numeric: true)
    }
}
