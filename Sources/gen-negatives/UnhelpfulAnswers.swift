import ArgumentParser
import ChatEndpoint
import EndpointTool
import Records
import Sampling
import StreamIO
import ToolKit

/// A record on its way.
struct PendingRecord {
    var record: Record
    var source: NegativeSource
    /// Of the reader behind the record.
    var position: Int
    /// What a server is asked about it.
    var requests: [ChatRequest]
}

/// Asks a server for the unhelpful answers of many records at a time.
struct UnhelpfulAnswers {
    /// Records whose questions are asked side by side.
    static let recordsAtOnce = 256

    let negatives: UnhelpfulNegatives
    let session: ChatSession
    let model: String
    let temperature: Double
    /// Most tokens of an answer, in the server's count.
    let maxTokens: Int
    /// The model, which has to know the answers' tokens.
    let policy: PromptPolicy
    let eos: Int32?
    let tokenize: (String) -> [Int32]
    /// Why answers are missing.
    private(set) var failures: [CallFailure] = []
    /// Answers asked for.
    private(set) var asked = 0

    init(
        count: Int, generating: GeneratingModel, maxNewTokens: Int, temperature: Float,
        seed: UInt64, endpoint: EndpointOptions, output: String?, _ log: Log
    ) throws {
        guard let tokenizer = generating.tokenizer else {
            throw ValidationError("unhelpful answers are text: --model needs a tokenizer")
        }
        negatives = UnhelpfulNegatives(count: count, maxTokens: maxNewTokens, seed: seed)
        session = try endpoint.session(output: output, log)
        model = endpoint.endpointModel ?? ""
        // As written: 0.7 is another number in single precision.
        self.temperature = Double("\(temperature)") ?? Double(temperature)
        maxTokens = endpoint.maxTokens ?? maxNewTokens
        policy = PromptPolicy(configuration: generating.configuration, onOverlong: .error)
        eos = generating.configuration.eosTokenIDs.first
        tokenize = { tokenizer.encode($0) }
    }

    /// An answer as the server gave it.
    private struct Answer: Sendable {
        let text: String
        let isWhole: Bool
    }

    /// What the server is asked about a record.
    func requests(_ record: Record) throws(RecordError) -> [ChatRequest] {
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

    /// Gives each record its unhelpful answers.
    mutating func add(to items: inout [PendingRecord]) throws {
        var answers = try session.ask(
            items.flatMap(\.requests),
            read: { reply throws(CallFailure) in
                if let flaw = reply.flaw(isCutAllowed: true) { throw CallFailure(.unusable, flaw) }
                let text = reply.text ?? ""
                guard text.contains(where: { !$0.isWhitespace }) else {
                    throw CallFailure(.unusable, "the answer is empty")
                }
                return Answer(text: text, isWhole: reply.finish != "length")
            })[...]
        asked += answers.count
        for index in items.indices {
            let room = policy.configuration.maximumPositions - items[index].source.prompt.count
            for result in answers.prefix(negatives.count) {
                switch result {
                case .failure(let failure): failures.append(failure)
                case .success(let answer):
                    let ids = negatives.ids(
                        answer.text, isWhole: answer.isWhole, room: room, eos: eos,
                        tokenize: tokenize)
                    guard let ids else { continue }
                    do throws(SamplingError) {
                        try policy.check(ids)
                    } catch {
                        throw error.at(items[index].record)
                    }
                    items[index].source.unhelpful.append(ids)
                }
            }
            answers = answers.dropFirst(negatives.count)
        }
    }

    /// Says what was asked, and fails if too much of it failed.
    func conclude(endpoint: EndpointOptions, maxErrorRate: Double, _ log: Log) throws {
        endpoint.report(session.statistics, log)
        guard !failures.isEmpty else { return }
        log.warning("\(failures.count) unhelpful answers are missing, first: \(failures[0].reason)")
        guard Double(failures.count) > maxErrorRate * Double(asked) else { return }
        log.error(
            "\(failures.count) of \(asked) unhelpful answers failed (expected a share of at most "
                + "\(maxErrorRate))")
        throw ExitCode(ExitStatus.internalFailure.rawValue)
    }

    /// What `negatives_from` says about the server.
    func provenance(_ endpoint: EndpointOptions) throws -> JSONValue {
        .object([
            "base_url": .string(try endpoint.address().description), "model": .string(model),
            "template_sha256": .string(UnhelpfulNegatives.templateHash),
            "temperature": .number(temperature), "max_tokens": .integer(Int64(maxTokens)),
        ])
    }
}
