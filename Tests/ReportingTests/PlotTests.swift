import Reporting
import Testing

private let hasGnuplot = Subprocess.find("gnuplot") != nil

@Suite struct PlotTests {
    private func plot(_ points: [Plot.Point], title: String = "t", x: String = "x") -> Plot {
        Plot(name: "p", title: title, xLabel: x, series: [.init(name: "s", points: points)])
    }

    @Test func longSeriesAreThinnedToMeans() {
        let points = (0..<1000).map { Plot.Point(x: Double($0), y: 2) }
        let thin = points.thinned
        #expect(thin.count == 250)
        #expect(thin[0] == Plot.Point(x: 1.5, y: 2))
        #expect(points.prefix(300).map(\.self).thinned.count == 300)
    }

    @Test func labelsCannotBecomeCommands() {
        let script = plot([.init(x: 0, y: 1)], x: "it's'; system 'rm'\nset output 'y'").script(
            output: "/tmp/o.svg")
        #expect(script.contains("set xlabel 'it''s''; system ''rm'' set output ''y'''"))
        #expect(Plot.safeName("a b/../<c>") == "a-b-..--c-")
    }

    @Test(
        .enabled(if: hasGnuplot, "gnuplot is not installed"),
        arguments: [
            [Plot.Point(x: 1, y: 1)],
            [Plot.Point(x: 1, y: 5), Plot.Point(x: 2, y: 5)],
            [Plot.Point(x: 0, y: -1e-7, low: -2e-7, high: 0)],
        ])
    func flatAndSinglePointsCanBeDrawn(points: [Plot.Point]) throws {
        let svg = SVG(plot: plot(points), drawing: try Gnuplot().draw(plot(points)))
        #expect(svg.element.hasPrefix("<svg role=\"img\" aria-label=\"t\""))
        #expect(svg.element.hasSuffix("</svg>"))
        #expect(!svg.element.contains("'black'") && !svg.element.contains("\"black\""))
    }

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"))
    func failureOfGnuplotIsAnError() throws {
        let bad = plot([.init(x: .nan, y: .nan)])
        let error = #expect(throws: ReportError.self) { try Gnuplot().draw(bad) }
        guard case .gnuplotFailed(let name, let outcome, let message)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name == "p")
        #expect(outcome == "exit status 1")
        #expect(!message.isEmpty)
    }

    @Test func missingGnuplotSaysHowToInstallIt() {
        #expect(Subprocess.find("gnuplot-of-another-name") == nil)
        #expect(ReportError.gnuplotMissing.exitStatus == .missingInput)
        #expect(ReportError.gnuplotMissing.hint?.contains("apt-get install gnuplot") == true)
    }

    @Test func processesReportTheirEnd() throws {
        let shell = try #require(Subprocess.find("sh"))
        func run(_ script: String) throws -> Subprocess.Outcome {
            try Subprocess.run(shell, ["-c", script], standardError: "/dev/null")
        }
        #expect(try run("exit 3") == .exited(3))
        #expect(try run("kill -9 $$") == .killed(signal: 9))
        #expect(throws: ReportError.self) {
            try Subprocess.run("/nonexistent", [], standardError: "/dev/null")
        }
    }

    // MARK: Names and numbers

    @Test(arguments: [
        ("cpo-alpha0.3-vs-truth.embedding", "cpo-alpha0.3", "truth", "embedding"),
        ("cpo-alpha0.3.likelihood", "cpo-alpha0.3", "truth", "likelihood"),
        ("cpo-alpha0.3", "cpo-alpha0.3", "truth", "unnamed judge"),
        ("cpo@top-k-vs-mle@top-k.gpt", "cpo@top-k", "mle@top-k", "gpt"),
        ("cpo-vs-mle-continued.gpt", "cpo", "mle-continued", "gpt"),
        ("cpo-vs-ground-truth", "cpo", "truth", "unnamed judge"),
    ])
    func comparisonNames(file: String, a: String, b: String, judge: String) {
        #expect(ComparisonName(file: file) == ComparisonName(a: a, b: b, judge: judge))
    }

    @Test func systemsStandInOrder() {
        #expect(
            Systems.inOrder([
                "cpo-alpha0.5", "other", "pss", "cpo@beam", "mixn", "anr", "cpo", "cpo-alpha0.1",
                "mle-continued",
            ]) == [
                "mle-continued", "pss", "cpo", "cpo@beam", "anr", "mixn", "cpo-alpha0.1",
                "cpo-alpha0.5", "other",
            ])
        #expect(Systems.alpha(of: "cpo-alpha0.3") == 0.3)
        #expect(Systems.alpha(of: "cpo-alpha1.5") == nil)
        #expect(Systems.alpha(of: "cpo-alpha0.3@top-k") == 0.3)
        #expect(Systems.decoding(of: "cpo@top-k") == "top-k")
        #expect(Systems.label("mixnr-alpha0.5@beam") == "CPO + MixNR, α = 0.5, beam")
        #expect(Systems.stem(of: "anr-alpha0.3") == "anr")
    }

    @Test(arguments: [
        (0.0005, "0.001"), (-0.25, "-0.250"), (-0.0001, "0.000"), (12.3456, "12.346"),
    ])
    func numbersHaveFixedDigits(value: Double, text: String) {
        #expect(fixed(value, 3) == text)
    }

    @Test(arguments: [(4.24, "4.2 s"), (185, "3 min 05 s"), (3725, "1 h 02 min")])
    func durations(seconds: Double, text: String) {
        #expect(duration(seconds) == text)
    }
}
