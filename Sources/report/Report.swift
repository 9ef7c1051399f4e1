import ArgumentParser
import Reporting
import StreamIO
import ToolKit

@main
struct ReportTool: CommandLineTool {
    static let configuration = toolConfiguration(
        "report",
        abstract: "Turn what a run left behind into report.md, report.html and plots.",
        discussion: """
            RUN_DIR holds run.json and, each optional, metrics/, judge/, mauve/, outputs/ and \
            verdicts/; or bench.json, what make bench measured. Parts that are missing are named \
            in the report. gnuplot draws the plots and \
            must be installed. The HTML file needs no other file and no network.
            """)
    static let example = "report runs/dolly/quick -o runs/dolly/quick/report"

    @Argument(help: ArgumentHelp("Directory of a run.", valueName: "run-dir"))
    var runDirectory: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Directory to write; an earlier report there is replaced.", valueName: "dir"))
    var output: String

    @OptionGroup var common: CommonOptions

    mutating func execute(_ log: Log) throws {
        try OutputClaim.directory(output, .report)
        let report = try Report(ofRun: runDirectory, seed: common.seed)
        try report.write(to: output)
        for part in report.missing { log.warning("missing: \(part)") }
        log.warnings(report.warnings)
        log.summary(
            "\(report.files.count) files in \(output), \(report.warnings.count) warnings, "
                + "\(report.missing.count) missing parts")
    }
}
