import FoundationEssentials
import Locks
import StreamIO

import struct Synchronization.Atomic

/// Why a call brought nothing.
public struct CallFailure: Error, Sendable, Hashable {
    /// What the failure means for the rest.
    public enum Kind: Sendable, Hashable {
        /// The server did not answer after all attempts; it may later.
        case transient
        /// The server refuses this request.
        case refused
        /// The server refuses everything: the key, the address, the model or the quota is wrong.
        case hopeless
        /// The answer cannot be used.
        case unusable
        /// The server does not give what answers are to be read from.
        case unsupported(hint: String)
        /// There is no stored answer, and none may be asked for.
        case notStored
    }

    /// What the failure means for the rest.
    public let kind: Kind
    /// What happened, in one line.
    public let reason: String
    /// The answer, where there is one that cannot be used.
    public var text: String?

    /// A failure.
    public init(_ kind: Kind, _ reason: String, text: String? = nil) {
        self.kind = kind
        self.reason = reason
        self.text = text
    }
}

/// A reply as received.
struct Exchange: Sendable {
    let reply: ChatReply
    /// The body of the response, without secrets.
    let body: JSONValue
    /// How the request departed from the usual.
    let departures: [String]
}

/// Asks one question at a time, and repeats what may succeed later.
final class ChatClient: Sendable {
    private let address: EndpointAddress
    private let credentials: Credentials
    private let policy: RetryPolicy
    private let pace: Pace
    private let transport: HTTPTransport
    private let dialect: Mutex<Dialect>
    private let attemptCount = Atomic<Int>(0)
    private let clock = ContinuousClock()

    init(
        address: EndpointAddress, credentials: Credentials, policy: RetryPolicy, pace: Pace,
        connections: Int, dialect: Dialect
    ) {
        self.address = address
        self.credentials = credentials
        self.policy = policy
        self.pace = pace
        let environment = ProcessInfo.processInfo.environment
        // What is meant for this machine never goes through a proxy.
        transport = HTTPTransport(
            to: address.completions, connections: connections,
            proxies: address.isLoopback ? nil : ProxyEnvironment(environment),
            certificateFile: environment["SSL_CERT_FILE"])
        self.dialect = Mutex(dialect)
    }

    /// Requests sent so far, repetitions included.
    var attempts: Int { attemptCount.load(ordering: .relaxed) }

    /// Asks, again and again if need be.
    func call(_ request: ChatRequest) async -> Result<Exchange, CallFailure> {
        var end: ContinuousClock.Instant?
        var repetition = 0
        while true {
            let spoken = dialect.withLock { $0 }
            let outcome: Outcome
            do {
                try await pace.turn()
                // Waiting for the first turn is the pace's doing, not the server's.
                end = end ?? clock.now + policy.patience
                let rest = end.map { $0 - clock.now } ?? policy.timeout
                outcome = try await attempt(request, spoken, within: rest)
            } catch {
                return .failure(CallFailure(.transient, "the run was stopped"))
            }
            switch outcome {
            case .reply(let exchange):
                pace.noteSuccess()
                noteLength(of: exchange.reply, request)
                return .success(exchange)
            case .failure(let failure): return .failure(failure)
            case .dialect(let refusal):
                // Another call may have learnt it in the meantime.
                let isLearnt = dialect.withLock { current in
                    current != spoken || current.adapt(toRefusal: refusal)
                }
                if !isLearnt { return .failure(CallFailure(.refused, refusal)) }
            case .again(let reason, let wish, let isOverload):
                let pause =
                    wish
                    ?? RetryPolicy.backOff(
                        repetition: repetition, randomness: Double.random(in: 0..<1))
                guard pause <= RetryPolicy.longestPause else {
                    if isOverload { pace.noteOverload(pause: .zero) }
                    return .failure(
                        CallFailure(.transient, "\(reason); it asks for a pause of \(pause)"))
                }
                if isOverload { pace.noteOverload(pause: pause) }
                guard repetition < policy.retries, let end, clock.now + pause < end else {
                    return .failure(
                        CallFailure(.transient, "\(reason), after \(repetition + 1) attempts"))
                }
                repetition += 1
                try? await Task.sleep(for: pause)
            }
        }
    }

    private enum Outcome {
        case reply(Exchange)
        case failure(CallFailure)
        /// The server does not like how it was asked.
        case dialect(refusal: String)
        case again(String, pause: Duration?, isOverload: Bool = false)
    }

    /// - Throws: `CancellationError` only.
    private func attempt(
        _ request: ChatRequest, _ spoken: Dialect, within rest: Duration
    ) async throws -> Outcome {
        let body: [UInt8]
        do {
            body = try request.body(spoken).serialized()
        } catch {
            return .failure(CallFailure(.refused, "\(error)"))
        }
        attemptCount.add(1, ordering: .relaxed)
        let response: HTTPResponse
        do {
            response = try await transport.post(
                body, to: address.completions, headers: credentials.headers,
                timeout: max(.milliseconds(1), min(policy.timeout, rest)))
        } catch let failure as TransportFailure {
            let reason = credentials.redacting(failure.reason)
            switch failure.kind {
            case .transient: return .again(reason, pause: nil)
            case .permanent: return .failure(CallFailure(.hopeless, reason))
            case .tooLong: return .failure(CallFailure(.unusable, reason))
            }
        }
        guard response.status == 200 else {
            return refusal(response.status, ErrorNotice(response.body), response)
        }
        guard let received = try? JSONValue(parsing: response.content) else {
            return unreadable(response)
        }
        if let notice = ErrorNotice(reportedBy: received) {
            // Gateways send errors of those behind them with status 200, some inside an answer.
            return refusal(notice.status ?? 502, notice, response)
        }
        let clean = credentials.redacting(received)
        do throws(MalformedReply) {
            return .reply(
                Exchange(reply: try ChatReply(clean), body: clean, departures: spoken.departures))
        } catch {
            return .again(error.description, pause: nil)
        }
    }

    /// What a response means that is no JSON value.
    private func unreadable(_ response: HTTPResponse) -> Outcome {
        let content = response.content
        guard let first = content.first(where: { $0 > 0x20 }) else {
            return .again("the response is empty", pause: nil)
        }
        let start = excerpt(String(decoding: content.prefix(200), as: UTF8.self))
        if [Array("data:".utf8), Array("event:".utf8)].contains(where: content.starts) {
            return .failure(
                CallFailure(
                    .unusable,
                    "the response is a stream of events, which was not asked for: "
                        + credentials.redacting(start)))
        }
        let what = first == UInt8(ascii: "<") ? "a web page" : "no whole JSON"
        return .again("the response is \(what): \(credentials.redacting(start))", pause: nil)
    }

    /// What an error means.
    private func refusal(
        _ status: Int, _ notice: ErrorNotice, _ response: HTTPResponse
    ) -> Outcome {
        var reason = "\(status) \(notice.message)"
        if let id = response.headers["x-request-id"] { reason += " (request \(excerpt(id)))" }
        reason = credentials.redacting(reason)
        if (300..<400).contains(status) {
            let target = excerpt(response.headers["location"] ?? "nowhere")
            return .failure(
                CallFailure(
                    .hopeless,
                    "it redirects to \(credentials.redacting(target)), which is not followed"))
        }
        if notice.isQuotaExhausted { return .failure(CallFailure(.hopeless, reason)) }
        if RetryPolicy.isTransient(status: status, headers: response.headers) {
            return .again(
                reason,
                pause: RetryPolicy.requestedPause(
                    response.headers, now: Date().timeIntervalSince1970),
                isOverload: status == 429)
        }
        switch status {
        case 401, 403, 404: return .failure(CallFailure(.hopeless, reason))
        case 400, 422: return .dialect(refusal: reason)
        default: return .failure(CallFailure(.refused, reason))
        }
    }

    private func noteLength(of reply: ChatReply, _ request: ChatRequest) {
        dialect.withLock { dialect in
            _ = dialect.adapt(toAnswerOf: reply.completionTokens, limit: request.maxTokens)
        }
    }
}

extension Credentials {
    /// The value without the secrets in its strings and keys.
    func redacting(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(redacting(text))
        case .array(let values): .array(values.map(redacting))
        case .object(let fields):
            .object(
                JSONObject(fields.map { (redacting($0.key), redacting($0.value)) }))
        default: value
        }
    }
}
