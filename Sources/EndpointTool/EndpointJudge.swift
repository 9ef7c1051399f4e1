import ArgumentParser
import ChatEndpoint
import Evaluation
import StreamIO

/// What a verdict of a server is read from.
package enum VerdictSource: String, CaseIterable, ExpressibleByArgument {
    case text, logprobs
}

/// The judge `endpoint`: an OpenAI-compatible server answers the template.
package struct EndpointJudge {
    /// The model that is asked for.
    package var model: String
    /// What the verdict is read from.
    package var source: VerdictSource
    /// Most tokens of an answer; nil for what the source needs.
    package var maxTokens: Int?
    /// 0 for the most probable answer.
    package var temperature: Double
    /// The question.
    package var template: JudgeTemplate
    /// The orders in which it is asked.
    package var order: PresentationOrder
    /// The run's seed.
    package var seed: UInt64

    /// A judge with all its values.
    package init(
        model: String, source: VerdictSource, maxTokens: Int?, temperature: Double,
        template: JudgeTemplate, order: PresentationOrder, seed: UInt64
    ) {
        self.model = model
        self.source = source
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.template = template
        self.order = order
        self.seed = seed
    }

    /// Most tokens of an answer. Room to reason before the verdict costs nothing with a judge that
    /// answers as told; where probabilities are read the first letter is enough.
    package var answerLimit: Int { maxTokens ?? (source == .text ? 512 : 4) }

    /// What the server is asked, comparison by comparison.
    package func requests(_ comparisons: [Comparison]) -> [ChatRequest] {
        let templateHash = template.sha256
        return comparisons.flatMap { comparison -> [ChatRequest] in
            let answers: JSONObject = [
                "id": .string(comparison.id),
                "a_sha256": .string(SHA256Digest.hex(of: comparison.a.utf8)),
                "b_sha256": .string(SHA256Digest.hex(of: comparison.b.utf8)),
            ]
            return questions(comparison).map { question in
                ChatRequest(
                    model: model, text: question.text, maxTokens: answerLimit,
                    temperature: temperature, seed: Int(clamping: seed),
                    topLogProbabilities: source == .logprobs ? 20 : nil,
                    templateHash: templateHash,
                    origin: answers.merging(["first": .string(question.first.rawValue)]) { $1 })
            }
        }
    }

    /// Asks, and makes a verdict of each comparison.
    package func verdicts(
        on comparisons: [Comparison], _ session: ChatSession,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> [Verdict] {
        let (source, limit) = (source, answerLimit)
        var answers = try session.ask(
            requests(comparisons),
            read: { reply throws(CallFailure) in try Self.answer(reply, source, limit) },
            progress: progress)[...]
        return comparisons.map { comparison in
            comparison.verdict(
                questions(comparison).map { question in
                    switch answers.popFirst() {
                    case .success(let answer)?: answer.order(first: question.first)
                    case .failure(let failure)?:
                        JudgedOrder(
                            first: question.first, failure: failure.reason, text: failure.text)
                    case nil: JudgedOrder(first: question.first, failure: "not asked")
                    }
                })
        }
    }

    /// What a summary says about how the judge was asked, and whom.
    package func provenance(
        _ session: ChatSession, _ endpoint: EndpointOptions
    ) throws -> JSONObject {
        var asked = session.statistics.json(endpoint.prices)
        asked["base_url"] = .string(try endpoint.address().description)
        asked["verdict"] = .string(source.rawValue)
        asked["temperature"] = .number(temperature)
        asked["max_tokens"] = .integer(Int64(answerLimit))
        let server: JSONObject = ["judge_model": .string(model), "endpoint": .object(asked)]
        return server.merging(template.provenance(order)) { $1 }
    }

    private func questions(_ comparison: Comparison) -> [JudgeQuestion] {
        comparison.questions(template: template, order: order, seed: seed)
    }

    /// Takes the verdict out of a reply; what is no verdict is a failure, never a tie.
    private static func answer(
        _ reply: ChatReply, _ source: VerdictSource, _ limit: Int
    ) throws(CallFailure) -> JudgeAnswer {
        let flaw = reply.flaw(isCutAllowed: source == .logprobs)
        if let flaw { throw CallFailure(.unusable, flaw, text: reply.text) }
        // Some servers do not say how an answer ends.
        if source == .text, reply.finish == nil, reply.completionTokens >= limit {
            throw CallFailure(
                .unusable, "the answer fills the length limit (\(limit) tokens) and may be cut",
                text: reply.text)
        }
        do throws(JudgedOrder.Letter.ParsingError) {
            guard source == .logprobs else { return try JudgeAnswer(text: reply.text ?? "") }
            guard let tokens = reply.tokens else { throw .improbable }
            return try JudgeAnswer(
                text: reply.text,
                tokens: tokens.map { token in
                    (token.text, token.candidates.map { ($0.text, $0.logProbability) })
                })
        } catch {
            guard source == .text || reply.tokens != nil else {
                throw CallFailure(
                    .unsupported(hint: "--verdict text reads the verdict out of the text"),
                    "the answer comes without log-probabilities", text: reply.text)
            }
            // The letter may come behind the limit.
            let isUnreached = source == .logprobs && reply.isCut
            throw CallFailure(
                .unusable,
                isUnreached
                    ? "the answer was cut at the length limit, before a letter (\(error.description))"
                    : error.description, text: reply.text)
        }
    }
}
