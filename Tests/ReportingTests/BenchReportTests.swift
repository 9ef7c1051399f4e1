import Reporting
import StreamIO
import TestSupport
import Testing

private let hasGnuplot = Subprocess.find("gnuplot") != nil

@Suite struct BenchReportTests {
    private static let json = """
        {"title": "Benchmarks", "date": "2026-01-02T03:04:05Z",
         "machine": {"cpu": "Abacus", "cores": 2, "memory_gib": 1.5},
         "threads": 2, "rounds": 3, "dataset": {"name": "beads.jsonl", "sha256": "00ff"},
         "versions": {"cpo-tools": "0.1", "torch": "2"}, "failed": ["sampling"],
         "works": [
          {"name": "cpo-fp32", "title": "CPO step", "unit": "tokens/s", "better": "higher",
           "validation": {"passed": true, "checks": [
             {"name": "loss", "ours": 1.5, "peer": 1.5, "tolerance": 0.001, "passed": true}]},
           "ours": {"label": "train-cpo", "runs": [400, 420, 410], "median": 410,
             "memory_mib": 2048, "inner": {"whole tool, seconds": 12.5}, "command": "train-cpo x"},
           "others": [
             {"label": "PyTorch, 1 prompt", "group": "torch", "kind": "peer", "runs": [80, 82, 84],
              "median": 82, "memory_mib": 8192, "ratio": 5.0, "best": true},
             {"label": "PyTorch, 8 prompts", "group": "torch", "kind": "peer", "runs": [41],
              "median": 41, "ratio": 10.0, "best": false}],
           "roof": {"precision": "fp32", "gflops": 300, "roof_gflops": 400, "products_gflops": 350,
             "stages": {"attention": 1, "linear": 3}},
           "remarks": ["<one> remark"]},
          {"name": "start", "title": "start", "unit": "ms", "better": "lower",
           "validation": {"passed": null, "checks": []},
           "ours": {"label": "tokenize", "runs": [10.5], "median": 10.5}, "others": [],
           "remarks": ["no peer"]}],
         "scaling": [
          {"name": "candidates", "x_label": "candidates of a prompt", "slope": 0.025,
           "intercept": 0.1, "r_squared": 0.999,
           "points": [{"x": 2, "seconds": 0.15}, {"x": 4, "seconds": 0.2}]}]}
        """

    private func results(_ text: String = json) throws -> BenchResults {
        try withTemporaryDirectory { directory in
            try writeFile(directory + "/bench.json", text)
            return try #require(try BenchResults(directory: directory))
        }
    }

    private func markdown() throws -> String {
        MarkdownRenderer().render(try results().document)
    }

    @Test func everySideHasARow() throws {
        let text = try markdown()
        for row in [
            "| CPO step | train-cpo | 410.0 tokens/s | 400.0, 420.0, 410.0 | 2.00 GiB |  |",
            "| CPO step | PyTorch, 1 prompt | 82.00 tokens/s | 80.00, 82.00, 84.00 | 8.00 GiB "
                + "| 5.00 |",
            "| CPO step | PyTorch, 8 prompts | 41.00 tokens/s | 41.00 | — | 10.00 (slower variant) |",
            "| start | tokenize | 10.50 ms | 10.50 | — |  |",
            "| CPO step | loss | 1.50 | 1.50 | 0.0010 | yes |",
            "| CPO step | fp32 | 400.0 | 300.0 | 75.0 % | 87.5 % |",
            "| CPO step | linear | 3.00 | 75.0 % |",
            "| CPO step | train-cpo | whole tool, seconds | 12.50 |",
            "| CPO step | train-cpo | train-cpo x |",
            "| Machine | Abacus, 2 cores, 1.5 GiB |",
            "| torch | 2 |",
        ] { #expect(text.contains(row), "\(row)") }
        #expect(text.contains("- CPO step: &lt;one&gt; remark"))
        #expect(
            text.contains(
                "25.00 ms for each of the candidates of a prompt, R² 0.999. The cost grows linearly."
            ))
    }

    @Test func whatIsWrongStandsAtTheTop() throws {
        let text = try markdown()
        let table = try #require(text.firstRange(of: "## Side by side"))
        for words in [
            "sampling failed or gave wrong results", "start: nothing to compare with (no peer)",
        ] {
            let place = try #require(text.firstRange(of: words), "\(words)")
            #expect(place.lowerBound < table.lowerBound, "\(words)")
        }
        let wrong = try results(
            Self.json.replacing("\"passed\": true}", with: "\"passed\": false}"))
        let again = MarkdownRenderer().render(wrong.document)
        #expect(again.contains("CPO step: wrong loss"))
        #expect(again.contains("| 0.0010 | NO |"))
    }

    @Test func barsBeginAtTheFirstLevel() {
        let plot = Plot(
            name: "p", title: "t", xLabel: "x",
            series: [.init(name: "s", points: [.init(x: 5, y: 0)], style: .bars)], levels: [1],
            categories: ["a"], isLogarithmic: true)
        let script = plot.script(output: "/tmp/o.svg")
        #expect(script.contains("set logscale x 2"))
        #expect(script.contains("5.0 0.0 1.0 5.0 -0.3 0.3"))
        #expect(script.contains("with boxxyerror"))
    }

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"))
    func writesPlots() throws {
        try withTemporaryDirectory { directory in
            try writeFile(directory + "/bench.json", Self.json)
            let report = try Report(ofRun: directory)
            #expect(
                report.files == [
                    "report.md", "report.html", "ratios.svg", "scaling-candidates.svg",
                ]
            )
            try report.write(to: directory + "/report")
            let page = String(
                decoding: try readFile(directory + "/report/report.html"), as: UTF8.self)
            #expect(page.contains("cpo-fp32 / torch"))
        }
    }

    @Test(arguments: [
        ("\"works\": [", "\"werks\": [", "got no works"),
        ("\"median\": 82,", "", "got no median in cpo-fp32"),
        ("\"roof_gflops\": 400,", "", "got no roof_gflops in cpo-fp32"),
        ("\"slope\": 0.025,", "", "got no slope in candidates"),
    ])
    func whatIsMissingIsNamed(old: String, new: String, words: String) throws {
        let error = #expect(throws: ReportError.self) {
            try results(Self.json.replacing(old, with: new))
        }
        #expect(error?.exitStatus == .badData)
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func directoriesWithoutResultsAreNoBenchmarks() throws {
        let results = try withTemporaryDirectory { try BenchResults(directory: $0) }
        #expect(results == nil)
    }
}
