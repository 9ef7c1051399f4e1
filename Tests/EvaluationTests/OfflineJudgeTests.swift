import Evaluation
import Testing

/// A two-dimensional stand-in for an embedder: how many letters "x" and "y" a text has. Texts of
/// more than eight characters count as truncated.
private func letters(_ texts: [String]) -> (vectors: [Float], truncated: [Bool]) {
    (
        texts.flatMap { text in
            ["x", "y"].map { letter in Float(text.count { String($0) == letter }) }
        },
        texts.map { $0.count > 8 }
    )
}

@Suite struct OfflineJudgeTests {
    @Test("candidates are embedded once each and ranked prompt by prompt")
    func ranksCandidates() throws {
        var calls: [[String]] = []
        let prompts = [
            CandidateTexts(id: "1", response: "xx", negatives: ["y", "xy", "x", ""]),
            CandidateTexts(id: "1", response: "y", negatives: ["xx", "y", "yyyyyyyyyyyyx"]),
            CandidateTexts(id: "1", response: "x", negatives: []),
        ]
        let results = try CandidateTexts.rank(prompts) { texts in
            calls.append(texts)
            return letters(texts)
        }
        #expect(calls.count == 1)
        #expect(calls.first?.count == Set(calls.first ?? []).count)
        #expect(results.map(\.ranking.ranking) == [[0, 3, 2, 1, 4], [0, 2, 3, 1], [0]])
        #expect(results.map(\.truncated) == [false, true, false])
        #expect(results[0].ranking.similarities[2] == 1)
    }

    @Test("an embedder that returns too little is caught")
    func shortEmbeddings() {
        let prompts = [CandidateTexts(id: "1", response: "x", negatives: ["y"])]
        #expect(throws: EvaluationError.self) {
            try CandidateTexts.rank(prompts) { _ in ([1, 0, 1], [false, false]) }
        }
        #expect(throws: EvaluationError.self) {
            try CandidateTexts.rank(prompts) { _ in ([1, 0], [false]) }
        }
    }

    @Test("the similarity judge compares with the reference, else with the query")
    func similarity() throws {
        var judge = SimilarityJudge()
        let verdicts = try judge.verdicts(
            on: [
                Comparison(id: "1", query: "y", prompt: "", a: "x", b: "y", reference: "xx"),
                Comparison(id: "2", query: "y", prompt: "", a: "x", b: "y y"),
                Comparison(id: "3", query: "y", prompt: "", a: "xy", b: "xy", aTokens: 2),
                Comparison(id: "4", query: "yyyyyyyyyyy", prompt: "", a: "", b: "y"),
            ], embed: letters)
        #expect(verdicts.map(\.winner) == [.a, .b, .tie, .b])
        #expect(verdicts.map(\.id) == ["1", "2", "3", "4"])
        #expect(verdicts[1].bWords == 2 && verdicts[1].aTokens == nil)
        #expect(verdicts[2].aTokens == 2)
        #expect(verdicts[0].values == Verdict.Measurement(a: 1, b: 0))
        #expect(judge.truncatedCount == 1)
    }

    @Test("the likelihood judge compares means per token, and answers without tokens lose")
    func likelihood() throws {
        // A token's log-probability is minus its value; a text's tokens are its bytes' digits.
        let encode: (String) -> [Int32] = { $0.utf8.map { Int32($0) - 48 } }
        var asked = 0
        let verdicts = try LikelihoodJudge().verdicts(
            on: [
                Comparison(id: "1", query: "", prompt: "1", a: "222", b: "3"),
                Comparison(id: "2", query: "", prompt: "1", a: "15", b: "33"),
                Comparison(id: "3", query: "", prompt: "1", a: "", b: "9"),
                Comparison(id: "4", query: "", prompt: "1", a: "", b: ""),
            ], encode: encode,
            score: { prompts, continuations in
                #expect(prompts.allSatisfy { $0 == [1] })
                asked = continuations.count
                return continuations.map { -Double($0.reduce(0, +)) }
            })
        // Sums would let "3" win the first; the mean of "222" is larger.
        #expect(verdicts.map(\.winner) == [.a, .tie, .b, .tie])
        #expect(asked == 5)
    }

    @Test("the letter judge asks in both orders and sums over spellings")
    func letterJudge() throws {
        // Token ids: the letters' code units, +1000 behind a space; other texts byte by byte.
        let encode: (String) -> [Int32] = { text in
            let bytes = text.utf8.map { Int32($0) }
            return bytes.count == 2 && bytes[0] == 32 ? [bytes[1] + 1000] : bytes
        }
        let template = try JudgeTemplate(name: "t", text: "{query}|{a}|{b}")
        let judge = try LetterJudge(template: template, order: .both, encode: encode)
        var questions: [[Int32]] = []
        let comparison = Comparison(id: "1", query: "q", prompt: "", a: "good", b: "bad")
        let fair = try judge.verdict(on: comparison, encode: encode) { prompt, tokens in
            questions.append(prompt)
            #expect(tokens == [65, 1065, 66, 1066])
            // Prefers "good", wherever it stands, but only over both spellings together.
            let goodFirst = prompt.starts(with: "q|good".utf8.map { Int32($0) })
            let good = [-1.4, -1.4]
            let bad = [-1.2, -9]
            return goodFirst ? good + bad : bad + good
        }
        #expect(questions == [encode("q|good|bad"), encode("q|bad|good")])
        #expect(fair.winner == .a)
        #expect(fair.orders.map(\.first) == [.a, .b])
        #expect(fair.orders.map(\.answer) == [.first, .second])
        let (one, two) = (fair.orders[0].probabilityOfA, fair.orders[1].probabilityOfA)
        #expect(try abs(#require(one) - #require(two)) < 1e-12)

        let biased = try judge.verdict(on: comparison, encode: encode) { _, _ in [0, -3, -1, -3] }
        #expect(biased.winner == .tie)
        #expect(WinRateSummary([fair, biased]).consistency == 0.5)
        #expect(WinRateSummary([fair, biased]).firstPositionRate == 0.75)

        let once = try LetterJudge(template: template, order: .fixed, encode: encode)
        let fixed = try once.verdict(on: comparison, encode: encode) { _, _ in [0, -3, -1, -3] }
        #expect(fixed.winner == .a && fixed.orders.count == 1)
    }

    @Test("a tokenizer that splits the letters cannot judge")
    func noLetterToken() throws {
        #expect(throws: EvaluationError.self) {
            try LetterJudge(template: .dolly, order: .both) { _ in [1, 2] }
        }
    }

    @Test(
        "what is no number ends the run, and names the record",
        arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) throws {
        let comparisons = ["1", "two", "3"].map {
            Comparison(id: $0, query: "q", prompt: "p", a: "a\($0)", b: "b\($0)")
        }
        func thrown(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "nothing"
            } catch {
                return "\(error)"
            }
        }
        var judge = SimilarityJudge()
        let similarity = thrown {
            _ = try judge.verdicts(on: comparisons) { texts in
                (texts.flatMap { [$0 == "btwo" ? value : 1, 1] }, texts.map { _ in false })
            }
        }
        #expect(similarity.hasPrefix("similarity of record \"two\" (got "), "\(similarity)")
        let likelihood = thrown {
            _ = try LikelihoodJudge().verdicts(
                on: comparisons, encode: { [Int32($0.utf8.count)] },
                score: { _, continuations in
                    continuations.indices.map { $0 == 2 ? Double(value) : -1 }
                })
        }
        #expect(likelihood.hasPrefix("log-probability of record \"two\" (got "), "\(likelihood)")
        let template = try JudgeTemplate(name: "t", text: "{query}|{a}|{b}")
        let letters = try LetterJudge(template: template, order: .both) { _ in [7] }
        let letter = thrown {
            _ = try letters.verdict(
                on: comparisons[1], encode: { _ in [7] },
                next: { _, tokens in tokens.indices.map { $0 == 1 ? Double(value) : -1 } })
        }
        #expect(letter.hasPrefix("log-probability of a letter of record \"two\""), "\(letter)")
    }

    @Test("texts that differ in normalisation only are embedded apart")
    func normalisation() throws {
        var judge = SimilarityJudge()
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let verdicts = try judge.verdicts(
            on: [Comparison(id: "1", query: "q", prompt: "", a: composed, b: decomposed)]
        ) { texts in
            (texts.flatMap { [Float($0.unicodeScalars.count), 1] }, texts.map { _ in false })
        }
        #expect(verdicts[0].winner == .a)
    }
}
