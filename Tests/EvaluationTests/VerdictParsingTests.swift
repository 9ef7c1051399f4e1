import Evaluation
import Testing

/// What a text should mean.
typealias VerdictCase = (text: String, verdict: JudgedOrder.Letter.ParsingResult)

extension JudgedOrder.Letter {
    /// A letter, or why there is none.
    enum ParsingResult: Hashable {
        case first, second, none

        init(_ text: String) {
            switch try? JudgedOrder.Letter(parsing: text) {
            case .first: self = .first
            case .second: self = .second
            case nil: self = .none
            }
        }

        var mirrored: Self { self == .first ? .second : self == .second ? .first : .none }
    }
}

private let first = JudgedOrder.Letter.ParsingResult.first
private let second = JudgedOrder.Letter.ParsingResult.second
private let none = JudgedOrder.Letter.ParsingResult.none

/// The text with lone letters exchanged.
private func mirrored(_ text: String) -> String {
    var scalars = Array(text.unicodeScalars)
    let pairs: [Unicode.Scalar: Unicode.Scalar] = [
        "A": "B", "B": "A", "a": "b", "b": "a", "Ａ": "Ｂ", "Ｂ": "Ａ", "Ⓐ": "Ⓑ", "𝐀": "𝐁", "𝐁": "𝐀",
        "🅰": "🅱",
        "𝗔": "𝗕", "𝗕": "𝗔",
    ]
    func isWord(_ index: Int) -> Bool {
        scalars.indices.contains(index)
            && (scalars[index].isASCII || scalars[index].value < 0x2000)
            && (scalars[index].properties.isAlphabetic
                || scalars[index].properties.numericType != nil)
    }
    for index in scalars.indices where !isWord(index - 1) && !isWord(index + 1) {
        if let other = pairs[scalars[index]] { scalars[index] = other }
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
}

@Suite struct VerdictParsingTests {
    /// Texts that mean the same about the other letter when the letters are exchanged.
    static let symmetric: [VerdictCase] =
        labels + labelsWithText + reasoning + sentences + undecided + bothInOneLine + languages

    static let labels: [VerdictCase] = [
        ("A", first), ("B", second), ("A.", first), ("A\n", first), (" A ", first),
        ("\tB\r\n", second),
        ("a", first), ("b", second), ("b.", second), ("**A**", first), ("*B*", second),
        ("__A__", first), ("`B`", second), ("```\nA\n```", first), ("(B)", second), ("[A]", first),
        ("{B}", second), ("<A>", first), ("\"B\"", second), ("'A'", first), ("“B”", second),
        ("‘A’", first), ("«B»", second), ("„A“", first), ("「B」", second), ("A!", first),
        ("A:", none), ("- B", second), ("* A", first), ("> B", second), ("1. A", first),
        ("# B", second), ("#### A", first), ("→ B", second), ("A)", first), ("- **(B).**", second),
        ("Answer: A", first), ("answer: b", second), ("ANSWER: A", first), ("Answer - B", second),
        ("Answer is A", first), ("The answer is B.", second), ("Verdict: [[B]]", second),
        ("[[A]]", first), ("[[Response B]]", second), ("Winner - A", first), ("Winner: B", second),
        ("Winner = A", first), ("winner: \"b\"", second), ("Response A", first),
        ("Response B.", second),
        ("Continuation A", first), ("Option (B)", second), ("Assistant A", first),
        ("response_b", second),
        ("**Final verdict:** B", second), ("**Final Answer: A**", first),
        ("Final answer: Response B", second),
        ("More helpful: A", first), ("Better: B", second), ("My preference: A", first),
        ("\\boxed{A}", first), ("$\\boxed{\\text{B}}$", second), ("\\(\\boxed{A}\\)", first),
        ("{\"winner\": \"A\"}", first), ("{\"winner\":\"B\"}", second),
        ("```json\n{\n  \"winner\": \"A\"\n}\n```", first), ("{'verdict': 'B'}", second),
        ("{\"answer\": \"Response A\"}", first), ("winner_b: B", second),
        ("<answer>A</answer>", first), ("<verdict> B </verdict>", second), ("<b>A</b>", none),
        ("A<|im_end|>", first), ("B</s>", second), ("A<br>", first),
        ("<|start|>assistant<|message|>B", second),
        ("Ａ", first), ("（Ｂ）", second), ("Ⓐ", first), ("𝐁", second), ("🅰️", first), ("𝗕", second),
        ("A\u{200B}", first), ("\u{FEFF}B", second), ("A\u{2028}", first),
        ("&quot;B&quot;", second),
        ("The better response is A", first), ("Response A is better", first),
        ("I choose B", second),
        ("I would go with A.", first), ("So the answer is: B", second), ("A\nA", first),
        ("A\n\nAnswer: A", first), ("Answer: A\nVerdict: [[A]]", first), ("It's B.", second),
        ("Definitely A", first), ("I think B", second), ("Response A. Yes, response A", first),
        ("A > B", first), ("B>A", second), ("[[A>B]]", first), ("[[B>>A]]", second),
        ("A ≻ B", first),
        ("A < B", second), ("A &gt; B", first), ("[RESULT] B", second),
        // Not one side, or different ones.
        ("", none), ("\n\n", none), ("C", none), ("Tie", none), ("[[C]]", none), ("A\nB", none),
        ("Answer: A\nAnswer: B", none), ("[[A]] [[B]]", none), ("A or B", none), ("A and B", none),
        ("A/B", none), ("A & B", none), ("A, B", none), ("A B", none), ("A = B", none),
        ("[[A=B]]", none),
        ("A ≥ B", none), ("Verdict: A or B", none), ("Winner: tie\nA", none),
        ("A\n\nVerdict: B", none),
        ("{\"winner\": \"tie\"}", none), ("{\"A\": 7, \"B\": 8}", none), ("A+", none),
        ("Both", none),
        ("Response A:\nResponse B:", none), ("Response A\nResponse B", none), ("A?", none),
    ]

    static let labelsWithText: [VerdictCase] = [
        ("A\n\nExplanation: Response B is too short to help.", first),
        ("A.\nIt explains that vitamin B is soluble.", first),
        ("A\n\nResponse B is better formatted, but wrong.", first),
        ("B\r\n\r\nReason: A is better known.", second),
        ("**B**\n\n**Explanation:** I prefer A for its style.", second),
        ("Response A gives more detail.\nResponse B is short.\n\nAnswer: B", second),
        ("Let me compare.\n- A: long\n- B: short\n\n**Verdict: A**", first),
        ("**Response A**\nIt is long.\n\n**Response B**\nIt is short.\n\n**Verdict:** B", second),
        ("### Response A:\nfine\n### Response B:\nfine too\n### Verdict\nA", first),
        ("Verdict: A, because response B is too short.", first),
        ("Final answer: B. Response A is better in style only.", second),
        ("Response B is longer, so my final verdict is [[A]].", first),
        ("{\"winner\": \"A\", \"reason\": \"B is too short\"}", first),
        ("{\"reason\": \"Response A is better written\", \"winner\": \"B\"}", second),
        ("{\n \"reason\": \"B says more\",\n \"winner\": \"A\"\n}", first),
        ("{\"loser\": \"B\", \"winner\": \"A\"}", first),
        ("<reason>B is better</reason><winner>A</winner>", first),
        ("Feedback: both try. So the overall score says [RESULT] B", second),
        ("Step 1: compare.\nTherefore, the answer is $\\boxed{A}$ as shown.", first),
        ("Worst: B\nBest: A", first), ("Loser: A", none), ("Wrong answer: A", none),
        ("Score A: 8\nScore B: 6", none), ("A: 8/10\nB: 6/10", none), ("A: 8/10, B: 6/10", none),
        ("A: 8/10\nB: 6/10\nWinner: A", first), ("Winner: A\nLoser: B", first),
        ("A\nOn second thought:\nB", none), ("Answer: A\n\nCorrection: the answer is B", first),
        ("Is the winner A?", none), ("Verdict: A vs B is close", none),
        ("Tie\nA gives more detail.", none),
        ("{\"winner\": \"tie\", \"reason\": \"A is better in tone\"}", none),
    ]

    static let reasoning: [VerdictCase] = [
        ("<think>\nResponse B seems good so far.\n</think>\n\nI cannot decide.", none),
        ("<think>\nResponse B seems good. The answer is B", none), ("<think>B", none),
        ("<think>B</think>A", first), ("<think>\nA\n</think>\n\nB", second),
        ("<think></think>A", first),
        ("<think/>A", first), ("<THINK>B</Think>A", first), ("<thinking>B</thinking>\nA", first),
        ("<thought>B</thought>A", first), ("<reasoning>B is better</reasoning>A", first),
        ("<analysis>B</analysis>A", first), ("<scratchpad>\nB\n</scratchpad>\nA", first),
        ("<think time=\"3\">B</think>A", first), ("< think >B</ think >A", first),
        ("<seed:think>B</seed:think>A", first), ("<thinking>B</thinking>A", first),
        ("[THINK]B[/THINK]A", first), ("[think]B", none), ("◁think▷B◁/think▷A", first),
        ("<|begin_of_thought|>B<|end_of_thought|><|begin_of_solution|>A<|end_of_solution|>", first),
        ("<|START_THINKING|>B<|END_THINKING|><|START_RESPONSE|>A<|END_RESPONSE|>", first),
        ("<|START_THINKING|>B", none), ("<unused94>thought\nB<unused95>A", first),
        ("Here is my thought process: B is good. Here is my response: A", first),
        ("```thinking\nB is better\n```\nA", first),
        ("Thinking...\nB\n...done thinking.\n\nA", first),
        ("<details type=\"reasoning\"><summary>Thought</summary>B</details>A", first),
        // The opening was part of the prompt.
        ("B is good</think>A", first), ("B is good[/THINK]\n\nA", first),
        ("Answer: B</think>A", first),
        ("B<|END_THINKING|>A", first), ("B◁/think▷A", first), ("A</think>", none),
        ("<think>a tag <think> inside. B</think>A", first),
        ("<think>B</think><think>B</think>A", first),
        ("<think>B</think>A<think>B", none), ("<think>one</thinking>A", none),
        ("A\n<think>B</think>", first),
        ("&lt;think&gt;B&lt;/think&gt;A", first),
        // Channels.
        (
            "<|channel|>analysis<|message|>B<|end|><|start|>assistant<|channel|>final<|message|>A",
            first
        ),
        (
            "<|channel|>analysis<|message|>B<|end|><|start|>assistant<|channel|>final<|message|>A<|return|>",
            first
        ),
        ("B seems fine<|end|><|start|>assistant<|channel|>final<|message|>A", first),
        ("B seems fine<|channel|>final<|message|>A", first),
        ("<|channel|>final<|message|>A", first),
        ("<|channel|>analysis<|message|>B", none), ("<|channel|>analysis<|message|>B<|end|>", none),
        ("<|channel|>commentary to=x<|message|>B<|end|><|channel|>final<|message|>A", first),
        ("<|channel|>final <|constrain|>json<|message|>{\"winner\": \"A\"}", first),
        ("<|channel>thought\nB is good<channel|>A", first), ("<|channel>thought\nB", none),
        ("B is good<channel|>A<turn|>", first), ("<|channel>thought\n<channel|>A", first),
        ("analysisThe answer B is fine.assistantfinal\nA", first), ("analysisWe like B", none),
        ("A<|end|>", first),
    ]

    static let sentences: [VerdictCase] = [
        ("Response B gives more detail.", second), ("Response A gives more detail.", first),
        ("A gives more detail.", first), ("B gives more detail.", second),
        ("I prefer A as it answers the question.", first),
        ("I prefer B as it answers the question.", second),
        ("I'd pick response A because it is correct.", first),
        ("I strongly prefer B here.", second),
        ("A is better.", first), ("B is clearly better than A.", second),
        ("A is the better response overall.", first),
        ("Overall, B is more helpful.", second), ("A wins because it is complete.", first),
        ("A because it is complete", first), ("B, since it is complete.", second),
        ("A. It explains the reason.", first), ("B - it explains the reason", second),
        ("A: it explains the reason", first), ("A. Response B is too short.", first),
        ("The more helpful response is clearly A, which explains why.", first),
        ("The winner is B since it is complete", second),
        ("My vote goes to A, as it is complete.", first),
        ("I would go with B here: it is complete.", second),
        ("In this comparison, A provides a clearer view.", first),
        ("I think that A is better, as it names the year.", first),
        ("A's answer is better by far.", first),
        ("Response a is better in my view.", first),
        ("I am leaning towards B on this one.", second),
        ("Although response B gives more detail, I prefer response A.", first),
        ("B is better because A is too short.", second),
        ("A is more accurate and more complete.", first),
        ("I choose A.\nIt has more detail.", first), ("A is better than B; B is too short.", first),
        ("“A” is better than “B” in every way", first),
        ("**A** is better since it is complete.", first),
    ]

    static let undecided: [VerdictCase] = [
        ("I cannot say", none), ("Neither A nor B is good.", none),
        ("Both A and B are good.", none),
        ("A and B are equally good.", none), ("It is a tie between A and B.", none),
        ("Is A better than B?", none), ("Which is better, A or B?", none),
        ("State only \"A\" or \"B\".", none),
        ("If A were longer, A would be better.", none), ("I don't think A is better.", none),
        ("A is not better.", none), ("I do not prefer A.", none), ("A gives less detail.", none),
        ("A gives more irrelevant detail.", none), ("Vitamin B is better absorbed.", none),
        ("Plan B is better.", none), ("It explains that vitamin B is soluble.", none),
        ("A is too short.", none), ("A: too short", none), ("Response A: it is short.", none),
        ("A might be better.", none), ("Whether A is better depends on the reader.", none),
        ("A gives more detail.\nB is better.", none), ("A is better.\nB is better.", none),
        ("I prefer A.\nI prefer B.", none),
        ("A gives more detail, but B is correct.", none), ("A. Long.\nB. Short.", none),
        ("A is better in style, B is better in content.", none), ("The U.S.A. is better.", none),
        ("He got an A.", none), ("Grade: A+", none), ("A-side is better", none), ("CAB", none),
        ("AB", none),
        ("The answer is not A.", none), ("Response A says so. Response B says so too.", none),
    ]

    static let bothInOneLine: [VerdictCase] = [
        ("B over A", second), ("A over B.", first), ("A, not B", first), ("B, not A.", second),
        ("A and not B", first), ("not A but B", second), ("Not B, but A", first), ("A≻B", first),
        ("A >> B", first), ("A rather than B", first), ("I'd take B instead of A", second),
        ("A beats B", first), ("Response A > Response B", first),
        ("A outperforms B clearly.", first),
        ("B is worse than A", first), ("A is inferior to B.", second),
        ("between A and B, I prefer B", second),
        ("I prefer A over B", first), ("I do not prefer A over B", none),
        ("I prefer A to B", first),
        ("A ~ B", none), ("A == B", none), ("A -> B", none), ("A vs. B", none), ("A vs B", none),
        ("A (not B)", first), ("B > A because it is complete", second), ("A > B > A", none),
    ]

    static let languages: [VerdictCase] = [
        ("Antwort: B", second), ("Antwort A ist besser.", first), ("Gewinner: A", first),
        ("Réponse : B", second), ("La meilleure réponse est A.", first), ("Je choisis B.", second),
        ("Respuesta: A", first), ("La mejor respuesta es B", second), ("Risposta: A", first),
        ("Resposta: B", second), ("Ответ: A", first), ("Победитель: B", second), ("答案：A", first),
        ("答案是B。", second), ("我选择A", first), ("回答A更好", first), ("更好的回答是B", second),
        ("答えはAです", first), ("回答Bの方が良いです。", second), ("정답: A", first), ("답변 B가 더", second),
        ("选B", second), ("【A】", first), ("平局", none),
    ]

    @Test("texts and what they mean", arguments: symmetric)
    func means(text: String, verdict: JudgedOrder.Letter.ParsingResult) {
        #expect(JudgedOrder.Letter.ParsingResult(text) == verdict)
    }

    @Test("with the letters exchanged they mean the other", arguments: symmetric)
    func mirror(text: String, verdict: JudgedOrder.Letter.ParsingResult) {
        let other = mirrored(text)
        #expect(JudgedOrder.Letter.ParsingResult(other) == verdict.mirrored, "\(other)")
    }

    @Test(
        "an article is no letter, and where it may stand no letter counts",
        arguments: [
            ("A response should be complete.", none), ("A better answer would be B", second),
            ("A good response explains why. So B.", none), ("A BETTER ANSWER WOULD BE B", second),
            ("A clear winner: B", second), ("Answer: A response should be complete", none),
            ("a better one is b", second), ("A better response", none), ("A tie", none),
            ("A more helpful response is response B.", second), ("A list of reasons:\nB", second),
            ("A short answer, yet better. Verdict: B", second),
        ] as [VerdictCase])
    func articles(text: String, verdict: JudgedOrder.Letter.ParsingResult) {
        #expect(JudgedOrder.Letter.ParsingResult(text) == verdict)
        #expect(JudgedOrder.Letter.ParsingResult(mirrored(text)) == verdict.mirrored)
    }

    @Test("a letter glued to the name of the channel")
    func gluedChannel() throws {
        for letter in ["A", "B"] {
            let text = "analysisThe answer B is fine, A too.assistantfinal"
            #expect(try JudgedOrder.Letter(parsing: text + letter).rawValue == letter)
        }
    }

    @Test("what is wrong is named")
    func errors() {
        func error(_ text: String) -> JudgedOrder.Letter.ParsingError? {
            do throws(JudgedOrder.Letter.ParsingError) {
                _ = try JudgedOrder.Letter(parsing: text)
                return nil
            } catch {
                return error
            }
        }
        #expect(error("I cannot say") == .noVerdict)
        #expect(error("A or B") == .conflict)
        #expect(error("A\nB") == .conflict)
        #expect(error("A is long.") == .unclear)
        #expect(error("Tie") == .tie)
        #expect(error("I choose C") == .tie)
        #expect(error("neither") == .tie)
        #expect(error("<think>A") == .openReasoning)
    }

    @Test("exchanging the letters in any text exchanges its verdict")
    func symmetry() {
        let words = """
            A B A B a b [[A]] [[B]] is better best response answer option winner verdict prefer gives more \
            detail not no too short if because but and or over than wins it I the clearly good tie neither
            """.split { $0 == " " || $0 == "\n" }.map(String.init)
            + [":", ".", ",", "\n", ">", "=", "?", "(", "-", "**", "\"", "<think>", "</think>"]
        var state: UInt64 = 5
        func random(below count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var verdicts = 0
        for _ in 0..<4000 {
            let count = 1 + random(below: 9)
            let text = (0..<count).map { _ in words[random(below: words.count)] }
                .joined(separator: " ")
            let result = JudgedOrder.Letter.ParsingResult(text)
            let other = JudgedOrder.Letter.ParsingResult(mirrored(text))
            #expect(other == result.mirrored, "\(text.debugDescription)")
            verdicts += result == none ? 0 : 1
        }
        #expect(verdicts > 400)
    }

    @Test("long texts take time in proportion to their length", .timeLimit(.minutes(2)))
    func longTexts() {
        for piece in [
            "A", "<", "A ", "[[", "&", "<think>", "a a", "`", "A > B ", "```", ".\n", "not ",
        ] {
            let text = String(repeating: piece, count: 100_000 / piece.utf8.count)
            _ = JudgedOrder.Letter.ParsingResult(text)
            _ = JudgedOrder.Letter.ParsingResult("A\n" + text)
        }
    }
}
