import FoundationEssentials
import Records
import Reporting
import StreamIO
import Testing

private let hasGnuplot = Subprocess.find("gnuplot") != nil

@Suite struct ReportTests {
    private func markdown(_ run: SyntheticRun) throws -> String {
        MarkdownRenderer().render(ReportBuilder(try run.load()).document)
    }

    private func html(_ run: SyntheticRun) throws -> String {
        HTMLRenderer(drawings: [:]).render(ReportBuilder(try run.load()).document)
    }

    /// The cells of the first table row that begins with these cells.
    private func row(_ start: [String], in markdown: String) -> [String]? {
        markdown.split(separator: "\n").lazy
            .filter { $0.hasPrefix("| ") }
            .map { $0.dropFirst(2).dropLast(2).split(separator: " | ").map(String.init) }
            .first { $0.starts(with: start) }
    }

    // MARK: Tables

    @Test func resultsTableHoldsRateIntervalScoreAndStatistics() throws {
        let text = try markdown(SyntheticRun())
        // Distinct-2 of 99 times "one two three one two" and one hostile text of 7 words.
        let mle = try #require(row(["mle-continued", "0.350 \\[0.264, 0.447\\]"], in: text))
        #expect(mle[2] == "0.500 ± 0.010")
        #expect(mle[3] == "5.0")
        #expect(mle[6] == "60.0 %")
        let cpo = try #require(row(["cpo", "0.500 \\[0.404, 0.596\\]"], in: text))
        #expect(cpo[2] == "0.625 ± 0.010")
        let blend = try #require(row(["cpo-alpha0.5", "0.800 \\[0.711, 0.867\\]"], in: text))
        #expect(blend[2] == "missing")
        #expect(row(["ground truth"], in: text)?[3] == "2.0")
    }

    @Test func stagesAndSetUp() throws {
        let text = try markdown(SyntheticRun())
        #expect(row(["cpo", "1 min 30 s"], in: text) == ["cpo", "1 min 30 s", "75.0 %"])
        #expect(row(["all stages"], in: text)?[1] == "2 min 00 s")
        #expect(row(["Machine"], in: text)?[1] == "Abacus, 2 cores, 1.5 GiB")
        #expect(row(["cpo\\_beta"], in: text)?[1] == "0.1")
        #expect(row(["dataset"], in: text)?[1] == "00ff")
    }

    /// Judges that see no order have neither consistency nor a preference for a place.
    @Test func columnsWithoutValuesAreLeftOut() throws {
        let run = try SyntheticRun()
        #expect(try markdown(run).contains("| Consistency | First chosen | Length A |"))
        try run.write(
            "judge/cpo-vs-mle-continued.oracle.json",
            "{\"judge\": \"oracle\", \"wins\": 70, \"losses\": 30, \"ties\": 0, \"errors\": 0, "
                + "\"n\": 100, \"mean_a_tokens\": 20, \"mean_b_tokens\": 60}")
        let text = try markdown(run)
        #expect(text.contains("| Errors | Win rate of A, 95 % CI | Length A | Length B |"))
        #expect(row(["cpo", "mle-continued", "oracle"], in: text)?.suffix(2) == ["20.0", "60.0"])
    }

    // MARK: Words

    @Test func wordsFollowTheIntervals() throws {
        let text = try markdown(SyntheticRun())
        func reading(_ subject: String) -> String? { row([subject], in: text)?[3] }
        #expect(
            reading("mle-continued against the ground truth")
                == "Below 0.5: the judge prefers the ground truth.")
        #expect(
            reading("cpo against the ground truth") == "Contains 0.5: not distinguishable.")
        #expect(reading("cpo against mle-continued") == "Above 0.5: the judge prefers cpo.")
        // 15 of 100 records differ, all in one direction.
        let paired = try #require(row(["cpo minus mle-continued"], in: text))
        #expect(paired[2].hasPrefix("0.150 \\["))
        #expect(paired[3] == "Above 0: cpo has the higher win rate.")
        #expect(text.contains("this run has one"))
    }

    @Test func warningsStandAtTheTop() throws {
        let run = try SyntheticRun()
        let text = try markdown(run)
        let top = try #require(text.firstRange(of: "## Question"))
        for warning in [
            "the base model is tiny", "left out: cpo against truth (oracle) 4 of 104",
            "seldom agrees with itself", "mle-continued against truth (oracle) 60.0 %",
            "mean lengths differ much", "MAUVE rests on sets of as few as 100",
            "cut at the length limit: cpo-alpha0.5 60 of 100, cpo 60 of 100",
            "last tenth of the steps): cpo 1.",
        ] {
            let place = try #require(text.firstRange(of: warning), "\(warning)")
            #expect(place.lowerBound < top.lowerBound, "\(warning)")
        }
        let loss = try #require(
            text.split(separator: "\n").first { $0.contains("the loss did not fall") })
        #expect(!loss.contains("mle-continued"))
    }

    @Test func mixedMauveSettingsAreNotTabulated() throws {
        let run = try SyntheticRun()
        try run.write(
            "mauve/cpo.json",
            "{\"mauve\": 0.9, \"n_p\": 100, \"n_q\": 100, \"signature\": \"mauve:0.9|buckets:50|c:5\"}"
        )
        let text = try markdown(run)
        #expect(text.contains("computed under different settings"))
        #expect(!text.contains("MAUVE, mean"))
    }

    // MARK: Missing parts

    @Test(arguments: [
        ("metrics", "training metrics"), ("judge", "win rates"), ("mauve", "MAUVE scores"),
        ("outputs", "generated texts"), ("verdicts", "single verdicts"),
    ])
    func missingPartsAreNamed(part: String, words: String) throws {
        let all: Set = ["metrics", "judge", "mauve", "outputs", "verdicts"]
        let run = try SyntheticRun(parts: all.subtracting([part]))
        let expected = "\(words) (no files in \(part)/)"
        #expect(try run.load().missing.contains(expected))
        #expect(try markdown(run).contains(expected))
        #expect(try html(run).contains(expected))
    }

    @Test func emptyRunIsStillAReport() throws {
        let run = try SyntheticRun(parts: [], description: "{}")
        let text = try markdown(run)
        #expect(text.contains("There are no results"))
        #expect(text.contains("in run.json: title, profile, base, dataset"))
        #expect(text.contains("nothing to conclude"))
    }

    @Test func whatAnEarlierSettingLeftIsPassedOver() throws {
        let run = try SyntheticRun(
            description: """
                {"results": ["judge/cpo-vs-truth.oracle", "mauve/cpo", "outputs/cpo", "metrics/cpo"]}
                """)
        let text = try markdown(run)
        #expect(row(["cpo", "0.500 \\[0.404, 0.596\\]"], in: text) != nil)
        #expect(row(["cpo-alpha0.5"], in: text) == nil)
        #expect(text.contains("left in the directory are not looked at: metrics/mle-continued"))
    }

    @Test func systemsWithGapsAreNamed() throws {
        #expect(try SyntheticRun().load().missing == ["cpo-alpha0.5: MAUVE"])
    }

    // MARK: Hostile text

    @Test func htmlEscapesEverything() throws {
        let text = try html(SyntheticRun())
        #expect(!text.contains("<script"))
        #expect(text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; |"))
        #expect(text.contains("<title>Synthetic &lt;run&gt;</title>"))
    }

    @Test func htmlNeedsNoNetwork() throws {
        let text = try html(SyntheticRun())
        for mark in ["http://", "https://", "<link", "src=", "@import"] {
            #expect(!text.contains(mark), "\(mark)")
        }
        #expect(text.contains("prefers-color-scheme: dark"))
        #expect(text.contains("width=device-width"))
    }

    @Test func markdownFencesAndEscapes() throws {
        let text = try markdown(SyntheticRun())
        #expect(text.contains("````text\n\(SyntheticRun.hostile) cpo\n````"))
        #expect(text.contains("# Synthetic &lt;run&gt;"))
        #expect(MarkdownRenderer.escaped("a|b\n<i>*x*") == "a\\|b &lt;i&gt;\\*x\\*")
        #expect(HTML.escaped("\u{1}\"") == "\u{FFFD}&quot;")
    }

    // MARK: Errors

    @Test func unusableFilesAreErrors() throws {
        #expect(throws: ReportError.noRunDirectory(path: "/nowhere/at/all")) {
            try Run(directory: "/nowhere/at/all")
        }
        let run = try SyntheticRun()
        try run.write("judge/cpo-vs-truth.oracle.json", "{\"wins\": 1}")
        let error = #expect(throws: ReportError.self) { try run.load() }
        #expect(error?.exitStatus == .badData)
        #expect(error?.description.contains("got no losses, expected a count") == true)
    }

    @Test(arguments: [
        "metrics/cpo.jsonl", "outputs/cpo.jsonl", "verdicts/cpo-vs-truth.oracle.jsonl",
    ])
    func lastLinesCutShortAreLeftOut(name: String) throws {
        let run = try SyntheticRun()
        let whole = try run.read(name)
        let last = whole.dropLast().split(separator: "\n", omittingEmptySubsequences: false).count
        for cut in [2, 9] {
            try run.write(name, String(whole.dropLast(cut)))
            let text = try markdown(run)
            let words = "a last line that was cut short is left out: "
            #expect(text.contains(words))
            #expect(text.contains(":\(last): not valid JSON"))
            // The record of that line is gone, the others are there.
            let prompts = name.hasPrefix("outputs") ? 99 : 100
            #expect(text.contains("10 of \(prompts) held-out prompts"))
        }
        // Only the newline is missing: nothing is lost.
        try run.write(name, String(whole.dropLast()))
        #expect(try !markdown(run).contains("cut short"))
    }

    @Test func brokenLinesInTheMiddleAreErrors() throws {
        let run = try SyntheticRun()
        let lines = try run.read("metrics/cpo.jsonl").split(separator: "\n")
        try run.write(
            "metrics/cpo.jsonl",
            (lines[..<3] + ["{\"step\": 4, \"lo"] + lines[4...]).joined(separator: "\n"))
        let error = #expect(throws: RecordError.self) { try run.load() }
        #expect(error?.description.contains("metrics/cpo.jsonl:4: not valid JSON") == true)
        #expect(error?.hint?.contains("only the last line") == true)
        #expect(error?.hint?.contains("--") == false)
        #expect(error?.exitStatus == .badData)

        let other = try SyntheticRun()
        try other.write(
            "verdicts/cpo-vs-truth.oracle.jsonl",
            "{\"id\": \"1\", \"winner\": \"x\"}\n{\"id\": \"2\"}\n")
        let unfit = #expect(throws: RecordError.self) { try other.load() }
        #expect(unfit?.description.contains("cpo-vs-truth.oracle.jsonl:1: not a verdict") == true)
    }

    @Test func contradictoryWinRatesAreErrors() throws {
        let run = try SyntheticRun()
        try run.write(
            "judge/cpo-vs-truth.oracle.json",
            "{\"wins\": 1, \"losses\": 3, \"ties\": 0, \"errors\": 0, \"win_rate\": 0.75}")
        let error = #expect(throws: ReportError.self) { try run.load() }
        #expect(error?.description.contains("expected 0.2500") == true)
    }

    // MARK: Files

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"))
    func writesAllFiles() throws {
        let run = try SyntheticRun()
        let report = try run.report()
        try report.write(to: run.reportPath)
        try report.write(to: run.reportPath)
        let files = try FileManager.default.contentsOfDirectory(atPath: run.reportPath)
        #expect(Set(files) == Set(report.files))
        let expected: Set = [
            "report.md", "report.html", "win-rate-oracle.svg", "alpha-oracle.svg", "loss-cpo.svg",
            "loss-mle-continued.svg", "reward-cpo.svg", "accuracy-cpo.svg",
        ]
        #expect(Set(files) == expected)
        let markdown = try run.read("report/report.md")
        for file in files where file.hasSuffix(".svg") {
            #expect(markdown.contains("](\(file))"))
            let svg = try run.read("report/\(file)")
            #expect(svg.hasPrefix("<?xml") && svg.hasSuffix("</svg>\n"))
            #expect(svg.contains("background:#ffffff"))
        }
        let html = try run.read("report/report.html")
        #expect(html.ranges(of: "<svg").count == expected.count - 2)
        #expect(!html.contains("<?xml") && !html.contains("<script"))
        let ids = html.ranges(of: "id='").map { html[$0.upperBound...].prefix { $0 != "'" } }
        #expect(!ids.isEmpty && Set(ids).count == ids.count)
    }

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"))
    func doesNotReplaceOtherDirectories() throws {
        let run = try SyntheticRun()
        try run.write("report/precious.txt", "mine")
        let report = try run.report()
        #expect(throws: StreamError.self) { try report.write(to: run.reportPath) }
        #expect(try run.read("report/precious.txt") == "mine")
    }
}
