import Evaluation
import Glibc
import Testing

/// Verdicts from the probabilities with which a judge wrote.
@Suite struct JudgeAnswerTests {
    private typealias Place = (text: String, candidates: [JudgeAnswer.Candidate])

    /// A token at whose place the letters have these shares.
    private func place(_ text: String, a: Double? = nil, b: Double? = nil) -> Place {
        let shares = [("A", a), ("B", b)].compactMap { letter, share in
            share.map { (text: letter, logProbability: log($0)) }
        }
        return (text, shares)
    }

    private func failure(_ tokens: [Place]) -> JudgedOrder.Letter.ParsingError? {
        do throws(JudgedOrder.Letter.ParsingError) {
            _ = try JudgeAnswer(text: nil, tokens: tokens)
            return nil
        } catch {
            return error
        }
    }

    private func answer(_ tokens: [Place]) throws -> JudgeAnswer {
        try JudgeAnswer(text: nil, tokens: tokens)
    }

    @Test("the letter decides that stands behind reasoning and behind words that frame it")
    func decidingToken() throws {
        let misleading = place("x", a: 0.9, b: 0.1)
        func misled(_ text: String) -> Place { (text, misleading.candidates) }
        let deciding = place(" B", a: 0.25, b: 0.75)
        let before: [[String]] = [
            [], ["\n", "**"], ["Answer", ":"], ["The", " better", " response", " is"],
            ["<think>", "A", " is good", "</think>", "\n\n"],
            ["<", "think", ">", "A", "</", "think", ">"],
            ["A", " looks good", "</think>"], ["[THINK]", "A", "[/THINK]", "Answer", ":"],
            [
                "<|channel|>", "analysis", "<|message|>", "A", "<|end|>", "<|start|>", "assistant",
                "<|channel|>", "final", "<|message|>",
            ],
        ]
        for texts in before {
            for behind in [[], ["."], ["<|end|>"], ["\n", "A", " is short"]] {
                let tokens = texts.map(misled) + [deciding] + behind.map(misled)
                let answer = try answer(tokens)
                #expect(answer.letter == .second, "\(texts)")
                #expect(abs(try #require(answer.probabilityOfFirst) - 0.25) < 1e-12, "\(texts)")
            }
        }
    }

    @Test("without a letter of its own the first token's alternatives decide")
    func alternatives() throws {
        let answer = try answer([place("Both", a: 0.2, b: 0.1), place(" A", a: 0.1, b: 0.9)])
        #expect(answer.letter == .first)
    }

    @Test("spellings of a letter are added up: space, case, marks of vocabularies, bytes")
    func spellings() throws {
        let spellings = ["A", " A", "a", "▁A", "ĠA", "<0x41>", "\"A\"", "**A", "A."]
        let candidates =
            spellings.map { (text: $0, logProbability: log(0.05)) }
            + [(text: "B", logProbability: log(0.4)), (text: "The", logProbability: log(0.1))]
        let answer = try answer([("B", candidates)])
        #expect(answer.letter == .first)
        #expect(abs(try #require(answer.probabilityOfFirst) - 0.45 / 0.85) < 1e-12)
    }

    @Test("what gives the letters no probabilities is no verdict")
    func improbable() {
        #expect(failure([]) == .improbable)
        #expect(failure([("A", [])]) == .improbable)
        #expect(failure([place(" "), place("\n")]) == .improbable)
        #expect(failure([("Yes", [(text: "Yes", logProbability: -0.1)])]) == .improbable)
        for absent: Double in [-9999, -.infinity, -1e30] {
            #expect(
                failure([("A", [("A", absent), ("B", absent)])]) == .improbable, "\(absent)")
        }
        #expect(failure([place("<think>", a: 0.5, b: 0.1), place("A", a: 0.5)]) == .openReasoning)
    }
}
