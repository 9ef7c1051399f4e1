import FoundationEssentials
public import StreamIO

extension DirectoryContents {
    /// What a report consists of. Its files say who made them, since anybody may have a `report.md`.
    public static let report = DirectoryContents(files: [
        Files(where: { name in
            name == "report.md" || name == "report.html" || name.hasSuffix(".svg")
        }) { String(decoding: $0, as: UTF8.self).contains(Report.generator) }
    ])
}

/// A finished report on one run.
public struct Report: Sendable {
    /// What the run lacks; also named in the report.
    public let missing: [String]
    /// What a reader must not overlook; also at the top of the report.
    public let warnings: [String]
    /// Names of the files, `report.md` and `report.html` first.
    public let files: [String]
    private let contents: [String]

    /// Stands in every file of a report.
    static let generator = "report of cpo-tools"

    /// Reads the run in a directory and makes the report: tables, curves, samples, and what the
    /// intervals support in words. A directory with `bench.json` becomes a report on benchmarks.
    ///
    /// - Parameters:
    ///   - directory: the run, in the layout that the pipelines leave behind
    ///   - seed: of the bootstrap behind paired differences
    /// - Throws: `ReportError` if gnuplot is missing or fails, or if a file of the run is unusable;
    ///   `StreamError` and `RecordError` from reading.
    public init(ofRun directory: String, seed: UInt64 = 0) throws {
        let document: Document
        if let results = try BenchResults(directory: directory) {
            document = results.document
            missing = results.missing
            warnings = results.warnings
        } else {
            let run = try Run(directory: directory)
            let builder = ReportBuilder(run, seed: seed)
            document = builder.document
            missing = run.missing
            warnings = builder.warnings
        }
        let gnuplot = try Gnuplot()
        var drawings: [SVG] = []
        for plot in document.plots {
            drawings.append(SVG(plot: plot, drawing: try gnuplot.draw(plot)))
        }
        let byName = Dictionary(drawings.map { ($0.plot.name, $0) }) { first, _ in first }
        files = ["report.md", "report.html"] + drawings.map { $0.plot.name + ".svg" }
        contents =
            [
                MarkdownRenderer().render(document),
                HTMLRenderer(drawings: byName).render(document),
            ] + drawings.map(\.file)
    }

    /// Writes the report as a directory, which appears whole or not at all. An earlier report there is
    /// replaced; a directory of other things is not.
    public func write(to directory: String) throws {
        try AtomicDirectory.write(to: directory, holding: .report) { temporary in
            for (name, content) in zip(files, contents) {
                try AtomicFile.write(to: temporary + "/" + name) { writer in
                    try writer.write(Array(content.utf8))
                }
            }
        }
    }
}

extension Document {
    /// All plots, in order.
    var plots: [Plot] {
        blocks.flatMap { block -> [Plot] in
            if case .figures(let plots) = block { plots } else { [] }
        }
    }
}
