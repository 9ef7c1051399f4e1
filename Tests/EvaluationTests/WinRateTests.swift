import Evaluation
import StreamIO
import Testing

@Suite struct WinRateTests {
    @Test("ties count half, errors not at all")
    func counts() {
        let tally = Tally([.a, .a, .b, .tie, .error, .a] as [Winner])
        #expect([tally.wins, tally.losses, tally.ties, tally.errors] == [3, 1, 1, 1])
        #expect(tally.judged == 5)
        #expect(tally.winRate == 0.7)
        #expect(tally.winRateWithoutTies == 0.75)
        #expect(abs(tally.errorRate - 1.0 / 6) < 1e-15)
        #expect(Tally([.error] as [Winner]).winRate == nil)
        #expect(Tally([.tie] as [Winner]).winRateWithoutTies == nil)
        #expect(Tally().errorRate == 0)
    }

    // Values computed apart from Wilson's formula with z = 1.959964.
    @Test(
        "Wilson's interval",
        arguments: [
            (8.0, 10, 0.490162, 0.943318), (0, 10, 0, 0.277533), (10, 10, 0.722467, 1),
            (50, 100, 0.403832, 0.596168), (435.5, 800, 0.509734, 0.578592),
        ])
    func wilson(successes: Double, count: Int, lower: Double, upper: Double) {
        let interval = Interval(successes: successes, count: count)
        #expect(abs(interval.lower - lower) < 1e-5, "\(interval)")
        #expect(abs(interval.upper - upper) < 1e-5, "\(interval)")
    }

    @Test("no trials, no knowledge")
    func wilsonOfNothing() {
        let interval = Interval(successes: 0, count: 0)
        #expect(interval.lower == 0 && interval.upper == 1)
    }

    @Test("the two orders agree, disagree, fail")
    func verdictOfOrders() {
        func verdict(_ first: JudgedOrder.Letter?, _ second: JudgedOrder.Letter?) -> Winner {
            Verdict(
                id: "x",
                orders: [
                    JudgedOrder(first: .a, answer: first), JudgedOrder(first: .b, answer: second),
                ]
            ).winner
        }
        #expect(verdict(.first, .second) == .a)
        #expect(verdict(.second, .first) == .b)
        #expect(verdict(.first, .first) == .tie)
        #expect(verdict(.second, .second) == .tie)
        #expect(verdict(.first, nil) == .error)
        #expect(verdict(nil, nil) == .error)
        #expect(Verdict(id: "x", orders: []).winner == .error)
        #expect(Verdict(id: "x", orders: [JudgedOrder(first: .b, answer: .first)]).winner == .b)
    }

    @Test("log-probabilities become an answer and the probability of side a")
    func orderFromLogProbabilities() throws {
        let shownFirst = JudgedOrder(first: .a, logProbabilityA: -1, logProbabilityB: -2)
        #expect(shownFirst.answer == .first)
        #expect(abs(try #require(shownFirst.probabilityOfA) - 0.731_058_578_630) < 1e-9)
        let shownSecond = JudgedOrder(first: .b, logProbabilityA: -1, logProbabilityB: -2)
        #expect(shownSecond.choice == .b)
        #expect(abs(try #require(shownSecond.probabilityOfA) - 0.268_941_421_369) < 1e-9)
        let broken = JudgedOrder(first: .a, logProbabilityA: .nan, logProbabilityB: 0)
        #expect(broken.answer == nil && broken.probabilityOfA == nil)
    }

    @Test("measured values decide; equal ones tie, missing ones are errors")
    func measured() {
        #expect(Verdict(id: "x", a: 0.5, b: 0.25).winner == .a)
        #expect(Verdict(id: "x", a: -3, b: -2).winner == .b)
        #expect(Verdict(id: "x", a: 1, b: 1).winner == .tie)
        #expect(Verdict(id: "x", a: .nan, b: 1).winner == .error)
    }

    @Test("consistency, first-position rate, lengths and their split")
    func summary() throws {
        func verdict(
            _ id: String, _ first: JudgedOrder.Letter?, _ second: JudgedOrder.Letter?, _ a: Int,
            _ b: Int
        ) -> Verdict {
            var verdict = Verdict(
                id: id,
                orders: [
                    JudgedOrder(first: .a, answer: first), JudgedOrder(first: .b, answer: second),
                ])
            (verdict.aTokens, verdict.bTokens) = (a, b)
            return verdict
        }
        let verdicts = [
            verdict("1", .first, .second, 10, 5), verdict("2", .second, .first, 3, 5),
            verdict("3", .first, .first, 9, 5), verdict("4", .first, nil, 2, 5),
        ]
        let summary = WinRateSummary(verdicts)
        #expect(summary.all.winRate == 0.5)
        #expect(summary.all.errors == 1)
        #expect(try abs(#require(summary.consistency) - 2.0 / 3) < 1e-12)
        #expect(try abs(#require(summary.firstPositionRate) - 5.0 / 7) < 1e-12)
        #expect(summary.meanLengthA == 6 && summary.meanLengthB == 5)
        #expect(summary.lengthUnit == .tokens)
        #expect(summary.whenLonger.winRate == 0.75)
        #expect(summary.whenShorter.winRate == 0)
        #expect(summary.whenShorter.errors == 1)
        #expect(summary.line.hasPrefix("win rate 0.500 [0."))
        #expect(summary.json["wins"] == .integer(1))

        var inWords = verdicts
        inWords[2].aTokens = nil
        inWords[0].aWords = 8
        let other = WinRateSummary(inWords)
        #expect(other.lengthUnit == .words)
        #expect(other.meanLengthA == 2)
        #expect(WinRateSummary([]).consistency == nil)
    }

    @Test("a verdict survives being written and read")
    func roundTrip() throws {
        var verdict = Verdict(
            id: "7",
            orders: [
                JudgedOrder(first: .a, logProbabilityA: -0.5, logProbabilityB: -1),
                JudgedOrder(first: .b, answer: nil),
            ])
        (verdict.aTokens, verdict.bTokens, verdict.aWords, verdict.bWords) = (3, nil, 2, 4)
        let text = try JSONValue.object(verdict.json).serialized()
        guard case .object(let fields) = try JSONValue(parsing: text) else {
            Issue.record("not an object")
            return
        }
        #expect(try Verdict(json: fields) == verdict)
        #expect(throws: EvaluationError.self) { try Verdict(json: ["id": .string("7")]) }
        #expect(throws: EvaluationError.self) { try Verdict(json: ["winner": .string("a")]) }
    }
}

@Suite struct PairedBootstrapTests {
    private func verdicts(_ winners: [Winner]) -> [Verdict] {
        winners.enumerated().map { index, winner in
            switch winner {
            case .a: Verdict(id: "\(index)", a: 1, b: 0)
            case .b: Verdict(id: "\(index)", a: 0, b: 1)
            case .tie: Verdict(id: "\(index)", a: 1, b: 1)
            case .error: Verdict(failedID: "\(index)")
            }
        }
    }

    @Test("a difference that pairing makes plain, within the normal approximation")
    func difference() throws {
        // The first wins everywhere the second wins, and on 40 of 400 records more.
        let second = (0..<400).map { $0 < 160 ? Winner.a : .b }
        let first = (0..<400).map { $0 < 200 ? Winner.a : .b }
        let result = try PairedBootstrap(verdicts(first), verdicts(second).reversed())
        #expect(result.count == 400)
        #expect(result.difference == 0.1)
        // Standard error sqrt(0.1 · 0.9 / 400) = 0.015.
        #expect(abs(result.interval.lower - (0.1 - 1.96 * 0.015)) < 0.003)
        #expect(abs(result.interval.upper - (0.1 + 1.96 * 0.015)) < 0.003)
        #expect(result.notBetter == 0)
        #expect(try PairedBootstrap(verdicts(first), verdicts(second)).count == 400)
    }

    @Test("equal systems differ by nothing; the seed decides the rest")
    func equalSystems() throws {
        let mixed = (0..<90).map { [Winner.a, .b, .tie][$0 % 3] }
        let same = try PairedBootstrap(verdicts(mixed), verdicts(mixed), resamples: 100)
        #expect(same.difference == 0 && same.interval.lower == 0 && same.interval.upper == 0)
        #expect(same.notBetter == 0.5)
        let rotated = (0..<90).map { [Winner.a, .b, .tie][($0 + $0 / 30) % 3] }
        let once = try PairedBootstrap(verdicts(mixed), verdicts(rotated), seed: 4)
        #expect(try PairedBootstrap(verdicts(mixed), verdicts(rotated), seed: 4) == once)
        #expect(once.interval.lower < 0 && once.interval.upper > 0)
    }

    @Test("errors drop out in pairs; ids must match")
    func joins() throws {
        let result = try PairedBootstrap(
            verdicts([.a, .error, .tie]), verdicts([.b, .a, .error]), resamples: 10)
        #expect(result.count == 1 && result.difference == 1)
        #expect(
            throws: EvaluationError.join(problem: "ids of second missing in first", ids: ["2"])
        ) {
            try PairedBootstrap(verdicts([.a, .b]), verdicts([.a, .b, .a]))
        }
        #expect(
            throws: EvaluationError.join(problem: "ids of first missing in second", ids: ["1"])
        ) {
            try PairedBootstrap(verdicts([.a, .b]), verdicts([.a]))
        }
        let doubled = verdicts([.a]) + verdicts([.a])
        #expect(
            throws: EvaluationError.join(
                problem: "ids that occur more than once in second", ids: ["0"])
        ) {
            try PairedBootstrap(verdicts([.a]), doubled)
        }
        #expect(throws: EvaluationError.self) {
            try PairedBootstrap(verdicts([.error]), verdicts([.a]))
        }
    }

    @Test("ids that differ in normalisation only are different")
    func normalisation() throws {
        let ids = ["\u{E9}", "e\u{301}"]
        let first = [Verdict(id: ids[0], a: 1, b: 0), Verdict(id: ids[1], a: 0, b: 1)]
        let second = [Verdict(id: ids[1], a: 0, b: 1), Verdict(id: ids[0], a: 1, b: 0)]
        let pairs = try joinByID(first, second, id: \.id, names: ("first", "second"))
        #expect(pairs.map(\.0.winner) == [.a, .b] && pairs.map(\.1.winner) == [.a, .b])
        #expect(
            throws: EvaluationError.join(problem: "ids of first missing in second", ids: [ids[0]])
        ) {
            try joinByID(
                [first[0]], [second[0]], id: \.id, names: ("first", "second"))
        }
        try requireUnique(ids, in: "one")
        #expect(throws: EvaluationError.self) { try requireUnique(ids + [ids[1]], in: "one") }
    }
}
