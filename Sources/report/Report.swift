import ArgumentParser
import Reporting
import StreamIO

@main
struct ReportTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Turn what a run left behind into report.md, report.html and plots.",
        discussion: """
            Example: report runs/dolly/quick -o runs/dolly/quick/report

            RUN_DIR holds run.json and, each optional, metrics/, judge/, mauve/, outputs/ and verdicts/. Parts \
            that are missing are named in the report. The plots are drawn by gnuplot, which must be installed. \
            The HTML file needs no other file and no network.
            """)

    @Argument(help: "Directory of a run.")
    var runDir: String

    @Option(name: .shortAndLong, help: "Directory to write; an earlier report there is replaced.")
    var output: String

    func run() throws {
    }
}
