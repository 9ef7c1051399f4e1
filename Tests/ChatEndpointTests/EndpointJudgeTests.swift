import ChatEndpoint
import EndpointTool
import Evaluation
import StreamIO
import Testing

@Suite struct EndpointJudgeTests {
    private func judge(
        _ source: VerdictSource = .text, order: PresentationOrder = .both, maxTokens: Int? = nil
    ) -> EndpointJudge {
        EndpointJudge(
            model: "m", source: source, maxTokens: maxTokens, temperature: 0, template: .dolly,
            order: order, seed: 3)
    }

    private let comparison = Comparison(
        id: "x", query: "Which?", prompt: "Which?", a: "this", b: "that")

    @Test("a comparison is asked about once for each order, with the answers in that order")
    func orders() {
        let requests = judge().requests([comparison])
        #expect(requests.map(\.origin).map { $0["first"] } == [.string("a"), .string("b")])
        #expect(
            requests.first?.text
                == JudgeTemplate.dolly.filled(query: "Which?", a: "this", b: "that"))
        #expect(
            requests.last?.text == JudgeTemplate.dolly.filled(query: "Which?", a: "that", b: "this")
        )
        #expect(judge(order: .fixed).requests([comparison, comparison]).count == 2)
    }

    @Test("what an answer may be long follows from what is read of it")
    func limits() {
        #expect(judge().answerLimit > judge(.logprobs).answerLimit)
        #expect(judge(.logprobs, maxTokens: 9).answerLimit == 9)
        let request = judge(.logprobs, maxTokens: 9).requests([comparison]).first
        #expect(request?.maxTokens == 9 && request?.topLogProbabilities == 20)
        #expect(judge().requests([comparison]).first?.topLogProbabilities == nil)
    }
}
