import FoundationEssentials
import Glibc

/// Draws plots with gnuplot, which runs as a process of its own.
package struct Gnuplot {
    private let program: String

    /// Finds gnuplot.
    package init() throws(ReportError) {
        guard let program = Subprocess.find("gnuplot") else { throw .gnuplotMissing }
        self.program = program
    }

    /// The plot as SVG, as gnuplot writes it.
    package func draw(_ plot: Plot) throws -> String {
        let directory = try Self.makeTemporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let script = directory + "/plot.gp"
        let output = directory + "/plot.svg"
        let messages = directory + "/messages"
        try Data(plot.script(output: output).utf8).write(to: URL(filePath: script))
        let outcome = try Subprocess.run(program, [script], standardError: messages)
        func failure(_ fallback: String) -> ReportError {
            let text = (try? String(contentsOfFile: messages, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n").filter {
                !$0.allSatisfy { " ^\t".contains($0) }
            }
            return .gnuplotFailed(
                plot: plot.name, outcome: outcome.description,
                message: lines.last.map(String.init) ?? fallback)
        }
        guard outcome == .exited(0) else { throw failure("no message") }
        let svg = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard svg.contains("<svg"), svg.contains("</svg>") else {
            throw failure("it wrote no whole SVG file")
        }
        return svg
    }

    private static func makeTemporaryDirectory() throws(ReportError) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/report-plot-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .cannotRun(program: "gnuplot", reason: "no temporary directory in \(parent)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
