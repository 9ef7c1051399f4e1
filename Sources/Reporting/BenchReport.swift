// Benchmarks as a document: ratios, medians, what was checked, how near to the roof.

extension BenchResults {
    /// What a reader must not overlook.
    var warnings: [String] {
        var warnings = failed.map { "\($0) failed or gave wrong results, and has no numbers" }
        if let rounds, rounds < 3 {
            warnings.append("medians of \(rounds) rounds only, where 3 are usual")
        }
        for work in works {
            let wrong = work.checks.filter { !$0.passed }.map(\.name)
            if !wrong.isEmpty {
                warnings.append("\(work.title): wrong \(wrong.joined(separator: ", "))")
            }
        }
        return warnings
    }

    /// What could not be measured.
    var missing: [String] {
        works.filter { $0.others.isEmpty && !$0.remarks.isEmpty }.map { work in
            "\(work.title): nothing to compare with (\(work.remarks.joined(separator: "; ")))"
        }
    }

    package var document: Document {
        var document = Document(title: title ?? "Benchmarks")
        if !warnings.isEmpty {
            document.blocks.append(.alert(title: "Warnings", items: warnings))
        }
        if !missing.isEmpty {
            document.blocks.append(.alert(title: "Not compared", items: missing))
        }
        if !works.isEmpty { document.blocks += comparison }
        document.blocks += roofs
        document.blocks += scalingBlocks
        document.blocks += details
        document.blocks += setUp
        return document
    }

    // MARK: Side by side

    private var comparison: [Document.Block] {
        var blocks: [Document.Block] = [
            .heading("Side by side"),
            .paragraph(
                "The sides of a work take turns in one run on the same inputs; numbers are medians over the "
                    + "rounds. A ratio above 1 means that ours is better. Of a peer's variants the one that "
                    + "suits it best counts; one that was far behind in the first round was not run again."
            ),
        ]
        if let plot = ratioPlot { blocks.append(.figures([plot])) }
        blocks.append(.table(workTable))
        let remarks = works.flatMap { work in work.remarks.map { "\(work.title): \($0)" } }
        if !remarks.isEmpty { blocks.append(.list(remarks)) }
        return blocks
    }

    private var ratioPlot: Plot? {
        var names: [String] = []
        var points: [Plot.Point] = []
        for work in works {
            for side in work.others where side.isBest {
                guard let ratio = side.ratio, ratio > 0 else { continue }
                points.append(Plot.Point(x: ratio, y: Double(points.count)))
                names.append("\(work.name) / \(side.group)")
            }
        }
        guard !points.isEmpty else { return nil }
        return Plot(
            name: "ratios", title: "How many times better than the other side", xLabel: "ratio",
            series: [.init(name: "ratio", points: points, style: .bars)], levels: [1],
            categories: names, isLogarithmic: true,
            caption: "work / other side; the line at 1 is the other side; logarithmic")
    }

    private var workTable: Table {
        func row(_ work: Work, _ side: Side) -> [String] {
            let ratio = side.ratio.map { fixed($0, 2) + (side.isBest ? "" : " (slower variant)") }
            return [
                work.title, side.label, "\(side.median.brief) \(work.unit)",
                side.runs.map(\.brief).joined(separator: ", "),
                side.memoryMiB.map { "\(fixed($0 / 1024, 2)) GiB" } ?? "—", ratio ?? "",
            ]
        }
        return Table(
            header: ["Work", "Side", "Median", "Rounds", "Peak memory", "Ratio"],
            rows: works.flatMap { work in ([work.ours] + work.others).map { row(work, $0) } },
            numeric: true, nameColumns: 2)
    }

    // MARK: Roof

    private var roofs: [Document.Block] {
        let measured = works.compactMap { work in work.roof.map { (work.title, $0) } }
        guard !measured.isEmpty else { return [] }
        let shares = measured.map { title, roof in
            [
                title, roof.precision, roof.roof.brief, roof.gflops.brief, percent(roof.share),
                roof.products.map { percent($0 / roof.roof) } ?? "—",
            ]
        }
        let stages = measured.flatMap { title, roof in
            let total = roof.stages.map(\.value).reduce(0, +)
            return roof.stages.sorted { $0.value > $1.value }.map { stage in
                [
                    title, stage.name, fixed(stage.value, 2),
                    total > 0 ? percent(stage.value / total) : "",
                ]
            }
        }
        var blocks: [Document.Block] = [
            .heading("Share of the roof"),
            .paragraph(
                "The roof is the fastest matrix product that the same kernel reaches on this machine."
            ),
            .table(
                Table(
                    header: [
                        "Work", "Precision", "Roof, GFLOP/s", "Whole step, GFLOP/s", "Share",
                        "Products alone",
                    ],
                    rows: shares, numeric: true, nameColumns: 2)),
        ]
        if !stages.isEmpty {
            blocks += [
                .subheading("Inner stages"),
                .table(
                    Table(
                        header: ["Work", "Stage", "Seconds", "Share"], rows: stages, numeric: true,
                        nameColumns: 2)),
            ]
        }
        return blocks
    }

    // MARK: Cost against size

    private var scalingBlocks: [Document.Block] {
        guard !scaling.isEmpty else { return [] }
        return [
            .heading("Cost against size"),
            .list(scaling.map(\.reading)),
            .figures(
                scaling.map { scaling in
                    let line = scaling.points.map {
                        Plot.Point(x: $0.x, y: scaling.intercept + scaling.slope * $0.x)
                    }
                    return Plot(
                        name: Plot.safeName("scaling-\(scaling.name)"),
                        title: "CPO step against \(scaling.name)", xLabel: scaling.xLabel,
                        yLabel: "seconds",
                        series: [
                            .init(name: "measured", points: scaling.points, style: .linesAndPoints),
                            .init(name: "line", points: line),
                        ])
                }),
        ]
    }

    // MARK: Details

    private var details: [Document.Block] {
        func number(_ value: Double?) -> String { value.map(\.brief) ?? "—" }
        let checks = works.flatMap { work in
            work.checks.map { check in
                [
                    work.title, check.name, number(check.ours), number(check.peer),
                    number(check.tolerance), check.passed ? "yes" : "NO",
                ]
            }
        }
        let sides = works.flatMap { work in
            ([work.ours] + work.others).map { (work.title, $0) }
        }
        let inner = sides.flatMap { title, side in
            side.inner.map { [title, side.label, $0.name, $0.value.brief] }
        }
        let commands = sides.compactMap { title, side in
            side.command.map { [title, side.label, $0] }
        }
        var blocks: [Document.Block] = []
        func add(_ title: String, _ table: Table) {
            if !table.rows.isEmpty { blocks += [.heading(title), .table(table)] }
        }
        add(
            "Checked before timing",
            Table(
                header: ["Work", "Check", "Ours", "Expected", "Tolerance", "Passed"], rows: checks,
                numeric: true, nameColumns: 2))
        add(
            "Other numbers",
            Table(
                header: ["Work", "Side", "What", "Median"], rows: inner, numeric: true,
                nameColumns: 3))
        add("Commands", Table(header: ["Work", "Side", "Command"], rows: commands))
        return blocks
    }

    private var setUp: [Document.Block] {
        let rows = [
            ("Date", date), ("Machine", machine), ("Threads", threads.map { String($0) }),
            ("Rounds", rounds.map { String($0) }), ("Data", dataset),
        ].map { [$0.0, $0.1 ?? "missing"] }
        return [
            .heading("Set-up"),
            .table(
                Table(
                    header: ["Part", "Value"], rows: rows + versions.map { [$0.name, $0.value] })),
        ]
    }
}

extension BenchResults.Scaling {
    /// What the line says, in words.
    fileprivate var reading: String {
        let line = "\((1000 * slope).brief) ms for each of the \(xLabel), R² \(fixed(rSquared, 3))"
        return "\(name): \(line). "
            + (rSquared >= 0.98 ? "The cost grows linearly." : "The cost does not follow a line.")
    }
}

extension Double {
    /// Three or more significant digits, as many as a table needs.
    fileprivate var brief: String {
        let size = magnitude
        return size == 0 || size >= 1000
            ? fixed(self, 0)
            : size >= 100
                ? fixed(self, 1)
                : size >= 1 ? fixed(self, 2) : size >= 0.001 ? fixed(self, 4) : "\(self)"
    }
}
