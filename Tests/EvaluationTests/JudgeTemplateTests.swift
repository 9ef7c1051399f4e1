import Evaluation
import Testing

@Suite struct JudgeTemplateTests {
    @Test("the paper's templates, byte for byte")
    func hashes() {
        #expect(
            JudgeTemplate.dolly.sha256
                == "5159624b1ff4ea407cee1924e0b1608494b2e474382d3a188da833f68602a1e8")
        #expect(
            JudgeTemplate.wiki.sha256
                == "9395a44c7b9d47bd9896db0fca5cbba0cc724e2c1da0661f79eff85ac55fd40f")
    }

    @Test("places are filled in order, and what is filled in is not searched again")
    func fills() {
        let question = JudgeTemplate.dolly.filled(query: "{} {b}", a: "{query}", b: "\\n {a} {}")
        #expect(
            question == """
                For the following query to a chatbot, which response is more helpful?
                 Query: {} {b}
                 Response A: {query}
                 Response B: \\n {a} {}
                 State only "A" or "B" to indicate which response is more helpful.
                 More helpful:
                """)
        #expect(
            JudgeTemplate.wiki.filled(query: "x", a: "y", b: "z").contains(
                "Prefix: x\n Continuation A: y\n Continuation B: z\n State only"))
    }

    @Test("a template of one's own names its places; other braces are text")
    func ownTemplate() throws {
        let template = try JudgeTemplate(
            name: "mine", text: "{b}|{query}|{a}|{query} {json: {}} {")
        #expect(
            template.filled(query: "{a}", a: "é", b: "{") == "{|{a}|é|{a} {json: {}} {")
    }

    @Test("a missing place is an error", arguments: ["{a} {b}", "{query} {a}", "{query} {b}", ""])
    func missingPlace(text: String) {
        #expect(throws: EvaluationError.self) { try JudgeTemplate(name: "mine", text: text) }
    }

    @Test(
        "verdicts in what judges write",
        arguments: [
            ("A", "A"), (" B", "B"), ("\"A\"", "A"), ("**B**", "B"), ("[[A]]", "A"), ("(B).", "B"),
            ("Response A", "A"), ("More helpful: B", "B"), ("A is more helpful", "A"),
            ("“B”", "B"), ("A\n", "A"), ("A\r\n", "A"), ("A.\nBecause it is shorter.", "A"),
            ("Let me compare A with B.\n\nFinal answer: B", "B"), ("answer A wins", "A"),
            ("A good reply needs detail.\nB", "B"), ("B\nA good reply needs detail.", "B"),
            ("Response A. Yes, response A", "A"), ("verdict: A since it helps", "A"),
        ])
    func parses(text: String, letter: String) throws {
        #expect(try JudgedOrder.Letter(parsing: text).rawValue == letter)
    }

    @Test(
        "answers without a verdict, and with both",
        arguments: [
            ("", false), ("none of it", false), ("Abba", false), ("ABC BA", false),
            ("A good reply", false), ("A1 B2", false), ("A or B", true), ("\"A\" \"B\"", true),
            ("fine\nState only \"A\" or \"B\"", true),
        ])
    func refuses(text: String, conflict: Bool) {
        let expected: JudgedOrder.Letter.ParsingError = conflict ? .conflict : .noVerdict
        #expect(throws: expected) { try JudgedOrder.Letter(parsing: text) }
    }
}
