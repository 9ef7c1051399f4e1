import ArgumentParser
import ChatEndpoint
import Records
import Sampling
import StreamIO
import ToolKit

/// Asks a server for unhelpful answers, those of many records at a time.
package struct UnhelpfulAnswers {
    /// Records whose questions are asked side by side.
    private static let recordsAtOnce = 256

    private let negatives: UnhelpfulNegatives
    private let session: ChatSession
    private let model: String
    private let temperature: Double
    /// Most tokens of an answer, in the server's count.
    private let maxTokens: Int
    /// The model, which has to know the answers' tokens.
    private let policy: PromptPolicy
    private let eos: Int32?
    private let tokenize: (String) -> [Int32]
    /// Sources with their answers, not given out yet.
    private var answered: [NegativeSource] = []
    /// Why answers are missing.
    private var failures: [CallFailure] = []
    /// Answers asked for.
    private var asked = 0

    /// Opens a session with the server.
    ///
    /// - Parameters:
    ///   - count: answers for each record, at least one
    ///   - loaded: the model whose negatives they will be
    ///   - maxNewTokens: most tokens of one, in that model's count
    ///   - temperature: the server's
    ///   - output: the tool's output, beside which answers are kept
    /// - Throws: a `ValidationError` if the model has no tokenizer.
    package init(
        count: Int, for loaded: GeneratingModel, maxNewTokens: Int, temperature: Float,
        seed: UInt64, endpoint: EndpointOptions, output: String?, _ log: Log
    ) throws {
        guard let tokenizer = loaded.tokenizer else {
            throw ValidationError("unhelpful answers are text: --model needs a tokenizer")
        }
        negatives = UnhelpfulNegatives(count: count, maxTokens: maxNewTokens, seed: seed)
        session = try endpoint.session(output: output, log)
        model = endpoint.endpointModel ?? ""
        // As written: 0.7 is another number in single precision.
        self.temperature = Double("\(temperature)") ?? Double(temperature)
        maxTokens = endpoint.maxTokens ?? maxNewTokens
        policy = PromptPolicy(configuration: loaded.configuration, onOverlong: .error)
        eos = loaded.configuration.eosTokenIDs.first
        tokenize = { tokenizer.encode($0) }
    }

    /// The source that a record makes, and what the server is asked about it.
    private struct Question {
        var record: Record
        var source: NegativeSource
        var requests: [ChatRequest]
    }

    /// An answer as the server gave it.
    private struct Answer: Sendable {
        let text: String
        let isWhole: Bool
    }

    /// The next source with its unhelpful answers.
    ///
    /// - Parameters:
    ///   - mayWait: whether to wait for a record
    ///   - pause: called before that
    ///   - source: the source that a record makes, without them; nil leaves the record out
    package mutating func next(
        from records: inout RecordsInFlight, mayWait: Bool, pause: () throws -> Void,
        source: (Record) throws(RecordError) -> NegativeSource?
    ) throws -> Arrival<NegativeSource> {
        if answered.isEmpty {
            var questions: [Question] = []
            var arrival = try question(from: &records, mayWait: mayWait, pause, source)
            while case .item(let question) = arrival {
                questions.append(question)
                if questions.count == Self.recordsAtOnce { break }
                arrival = try self.question(from: &records, mayWait: false, {}, source)
            }
            guard !questions.isEmpty else { return arrival.map(\.source) }
            answered = try answers(questions).reversed()
        }
        return Arrival(answered.popLast())
    }

    /// What asking about all records that are left would take.
    package func estimate(
        of records: inout RecordsInFlight,
        source: (Record) throws(RecordError) -> NegativeSource?
    ) throws -> CallEstimate {
        var requests: [ChatRequest] = []
        while case .item(let question) = try question(from: &records, mayWait: true, {}, source) {
            requests += question.requests
        }
        return try session.estimate(requests)
    }

    private func question(
        from records: inout RecordsInFlight, mayWait: Bool, _ pause: () throws -> Void,
        _ source: (Record) throws(RecordError) -> NegativeSource?
    ) throws -> Arrival<Question> {
        try records.next(mayWait: mayWait, pause: pause) { record throws(RecordError) in
            guard let source = try source(record) else { return nil }
            return Question(record: record, source: source, requests: try requests(record))
        }
    }

    private func requests(_ record: Record) throws(RecordError) -> [ChatRequest] {
        let question = UnhelpfulNegatives.question(
            instruction: try record.queryText(), response: try record.string("response"))
        return (0..<negatives.count).map { index in
            var request = ChatRequest(
                model: model, text: question, maxTokens: maxTokens, temperature: temperature,
                seed: negatives.seed(id: record.id, index: index),
                templateHash: UnhelpfulNegatives.templateHash,
                origin: ["id": .string(record.id), "index": .integer(Int64(index))])
            request.repetition = index
            return request
        }
    }

    /// The sources of questions, each with its answers.
    private mutating func answers(_ questions: [Question]) throws -> [NegativeSource] {
        var results = try session.ask(
            questions.flatMap(\.requests),
            read: { reply throws(CallFailure) in
                if let flaw = reply.flaw(isCutAllowed: true) { throw CallFailure(.unusable, flaw) }
                let text = reply.text ?? ""
                guard text.contains(where: { !$0.isWhitespace }) else {
                    throw CallFailure(.unusable, "the answer is empty")
                }
                return Answer(text: text, isWhole: reply.finish != "length")
            })[...]
        asked += results.count
        return try questions.map { question in
            var source = question.source
            for result in results.prefix(negatives.count) {
                switch result {
                case .failure(let failure): failures.append(failure)
                case .success(let answer):
                    if let ids = try ids(of: answer, to: question) { source.unhelpful.append(ids) }
                }
            }
            results = results.dropFirst(negatives.count)
            return source
        }
    }

    /// The model's tokens of an answer, nil if nothing is left of it.
    private func ids(of answer: Answer, to question: Question) throws(RecordError) -> [Int32]? {
        let room = policy.configuration.maximumPositions - question.source.prompt.count
        let ids = negatives.ids(
            answer.text, isWhole: answer.isWhole, room: room, eos: eos, tokenize: tokenize)
        do throws(SamplingError) {
            try policy.check(ids ?? [])
        } catch {
            throw error.at(question.record.location)
        }
        return ids
    }

    /// Says what was asked, and ends the tool if too much of it failed.
    package func conclude(
        _ endpoint: EndpointOptions, _ errorRate: ErrorRateOptions, _ log: Log
    ) throws {
        endpoint.report(session.statistics, log)
        if let first = failures.first {
            log.warning("\(failures.count) unhelpful answers are missing, first: \(first.reason)")
        }
        try errorRate.check(failures.count, of: asked, "unhelpful answers", log)
    }

    /// What `negatives_from` says about the server.
    package func provenance(_ endpoint: EndpointOptions) throws -> JSONValue {
        .object([
            "base_url": .string(try endpoint.address().description), "model": .string(model),
            "template_sha256": .string(UnhelpfulNegatives.templateHash),
            "temperature": .number(temperature), "max_tokens": .integer(Int64(maxTokens)),
        ])
    }
}
