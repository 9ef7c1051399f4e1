import Reporting
import Testing

/// Parts of the report that are there for some experiments only.
@Suite struct StudyTests {
    private func markdown(_ run: SyntheticRun) throws -> String {
        MarkdownRenderer().render(ReportBuilder(try run.load()).document)
    }

    private func rows(_ start: String, in markdown: String) -> [[String]] {
        markdown.split(separator: "\n").filter { $0.hasPrefix("| \(start) |") }.map {
            $0.dropFirst(2).dropLast(2).split(separator: " | ").map(String.init)
        }
    }

    private func write(_ run: SyntheticRun, _ system: String, wins: Int) throws {
        try run.write(
            "judge/\(system).oracle.json",
            "{\"wins\": \(wins), \"losses\": \(100 - wins), \"ties\": 0, \"errors\": 0}")
    }

    private func ablation(_ systems: String = "mle-continued:mle dpo-an:dpo:an anr:ranked:an")
        throws -> SyntheticRun
    {
        let run = try SyntheticRun(
            parts: [],
            description: """
                {"experiment": "ablation", "data": "dolly", "configuration":
                 {"systems": "\(systems)", "negatives.an": "an:3", "ensemble": "anr"}}
                """)
        try write(run, "mle-continued", wins: 40)
        try write(run, "dpo-an", wins: 45)
        try write(run, "anr", wins: 60)
        try write(run, "anr-alpha0.3", wins: 55)
        return run
    }

    @Test func paperStandsBesideOurs() throws {
        let text = try markdown(ablation())
        let mle = try #require(rows("MLE continued", in: text).first)
        #expect(mle == ["MLE continued", "0.400 \\[0.309, 0.498\\]", "0.471", "0.505"])
        #expect(rows("CPO + ANR", in: text).first?.suffix(2) == ["0.506", "0.643"])
        #expect(text.contains("nothing in them was measured here"))
    }

    /// The stand-in for DPO has no number of the paper, and DPO none of ours.
    @Test func standInIsNotThePapersDPO() throws {
        let text = try markdown(ablation())
        #expect(
            rows("DPO, one AN negative (stand-in)", in: text).first?.suffix(2) == ["—", "—"])
        #expect(
            rows("DPO, unhelpful answers", in: text).first?.dropFirst() == ["—", "0.383", "0.555"])
        #expect(text.contains("dpo-an is not the paper's DPO"))
        #expect(rows("dpo-an", in: text).contains { $0.last == "1 AN: samples of the reference" })
    }

    @Test func ensemblesStandInATableByWeight() throws {
        let text = try markdown(ablation())
        #expect(rows("0", in: text).first?[1] == "0.600 \\[0.502, 0.691\\]")
        #expect(rows("0.3", in: text).first?[1] == "0.550 \\[0.452, 0.644\\]")
        #expect(rows("1", in: text).first?[1] == "0.400 \\[0.309, 0.498\\]")
    }

    /// In the plain experiment CPO with ranked samples is the paper's ANR; with anything else it is not.
    @Test(arguments: [("an:4", true), ("an:2,bn:2", false)])
    func plainCPOIsNamedByItsNegatives(kinds: String, isANR: Bool) throws {
        let run = try SyntheticRun(
            parts: [],
            description: """
                {"experiment": "dolly", "data": "dolly", "configuration":
                 {"systems": "mle-continued:mle cpo:ranked:cpo", "negatives.cpo": "\(kinds)"}}
                """)
        try write(run, "cpo", wins: 60)
        let text = try markdown(run)
        #expect(rows("CPO + ANR", in: text).isEmpty != isANR)
        #expect(text.contains("| 0.643 |") == isANR)
    }

    @Test func decodingsAreCompared() throws {
        let run = try SyntheticRun(
            parts: [], description: "{\"experiment\": \"decoding\", \"data\": \"dolly\"}")
        for (system, wins) in [
            ("cpo", 60), ("cpo@beam", 70), ("mle-continued", 50), ("mle-continued@beam", 40),
            ("cpo@beam-vs-mle-continued@beam", 80),
        ] { try write(run, system, wins: wins) }
        let beam = rows("beam", in: try markdown(run))
        #expect(
            beam == [
                ["beam", "MLE continued", "0.400 \\[0.309, 0.498\\]", "—"],
                ["beam", "CPO", "0.700 \\[0.604, 0.781\\]", "0.800 \\[0.711, 0.867\\]"],
            ])
    }

    @Test func manyStatementsAreToldTogether() throws {
        let run = try ablation()
        for (index, system) in ["an", "bn", "mn", "tn", "mixn", "bnr", "mnr"].enumerated() {
            try write(run, "\(system)-vs-mle-continued", wins: 25 + 10 * index)
        }
        let text = try markdown(run)
        #expect(
            text.contains(
                "Judge oracle, directly against MLE: higher: bnr, mixn, mnr; lower: an, bn; "
                    + "not distinguishable: mn, tn."))
    }
}
