/// Asks a server many questions: what is stored is not asked again, one question goes first alone,
/// the others follow side by side, and each answer is stored as soon as it is there.
///
/// Used from one thread, which must not be one of a task.
public final class ChatSession {
    /// How a session asks.
    public struct Settings: Sendable, Hashable {
        /// Most calls at once.
        public var concurrency = 5
        /// Most calls a minute; nil for any number.
        public var perMinute: Double?
        /// Repetitions of a call that failed.
        public var retries = 6
        /// Seconds until an attempt is given up.
        public var timeout = 120.0
        /// Seconds until a call with all its repetitions is given up.
        public var patience = 600.0
        /// The field that limits an answer's length; nil to find out.
        package var lengthField: Dialect.LengthField?
        /// Whether only stored answers count.
        public var isOffline = false

        /// The usual settings.
        public init() {}
    }

    /// What a session did.
    public struct Statistics: Sendable, Hashable {
        /// Answers that were stored already.
        public var stored = 0
        /// Answers got.
        public var answered = 0
        /// Questions without a usable answer.
        public var failed = 0
        /// Requests sent, repetitions included.
        public var requests = 0
        /// Tokens of all questions with an answer.
        public var promptTokens = 0
        /// Tokens of all answers.
        public var completionTokens = 0
        /// Models that answered.
        public var models: Set<String> = []
        /// What the server said about its configuration.
        public var fingerprints: Set<String> = []
        /// How requests departed from the usual.
        public var departures: Set<String> = []
    }

    /// What the session did so far.
    public private(set) var statistics = Statistics()

    private let address: EndpointAddress
    private let settings: Settings
    private let client: ChatClient
    private let pace: Pace
    private var cache: ReplyCache?
    private var failuresInARow = 0

    /// A session.
    ///
    /// - Parameter cachePath: where answers are kept; nil for nowhere.
    public init(
        address: EndpointAddress, credentials: Credentials, settings: Settings,
        cachePath: String?
    ) throws {
        self.address = address
        self.settings = settings
        pace = Pace(concurrency: settings.concurrency, perMinute: settings.perMinute)
        client = ChatClient(
            address: address, credentials: credentials,
            policy: RetryPolicy(
                retries: settings.retries, timeout: .seconds(settings.timeout),
                patience: .seconds(settings.patience)),
            pace: pace, connections: settings.concurrency,
            dialect: Dialect(lengthField: settings.lengthField))
        if let cachePath {
            cache = try ReplyCache(path: cachePath, isReadOnly: settings.isOffline)
        }
    }

    /// Whether the cache's last line was cut short by a crash.
    public var cacheWasTorn: Bool { cache?.wasTorn ?? false }

    /// Asks questions and reads their answers.
    ///
    /// - Parameters:
    ///   - requests: questions; equal ones are asked once.
    ///   - read: takes an answer's meaning; throws ``CallFailure`` if it has none, which keeps the
    ///     answer out of the cache. A failure that concerns all (`hopeless`, `unsupported`) ends the run.
    ///   - progress: called with the numbers of different questions, done and in all.
    /// - Returns: what `read` returned, or why there is nothing, in the order of the questions.
    /// - Throws: ``EndpointError`` if the server cannot be used at all, or not any more.
    public func ask<Answer>(
        _ requests: [ChatRequest], read: (ChatReply) throws(CallFailure) -> Answer,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> [Result<Answer, CallFailure>] {
        let keys = try requests.map { try $0.key(for: address) }
        var results: [String: Result<Answer, CallFailure>] = [:]
        var waiting: [Question] = []
        for (key, request) in zip(keys, requests) where results[key] == nil {
            if let answer = stored(key, read) {
                results[key] = .success(answer)
            } else {
                results[key] = .failure(CallFailure(.notStored, "no stored answer"))
                waiting.append(Question(key: key, request: request))
            }
        }
        let total = results.count
        var done = total - waiting.count
        progress(done, total)
        if !settings.isOffline {
            try askServer(waiting, read) { key, result in
                results[key] = result
                done += 1
                progress(done, total)
            }
            try cache?.synchronize()
        }
        statistics.requests = client.attempts
        statistics.failed += results.values.count { if case .failure = $0 { true } else { false } }
        return keys.map { key in
            results[key] ?? .failure(CallFailure(.notStored, "no stored answer"))
        }
    }

    /// What asking would take, without asking.
    public func estimate(_ requests: [ChatRequest]) throws -> CallEstimate {
        var seen: Set<String> = []
        var estimate = CallEstimate()
        for request in requests {
            let key = try request.key(for: address)
            guard seen.insert(key).inserted else { continue }
            if cache?[key] == nil { estimate.add(request) } else { estimate.stored += 1 }
        }
        return estimate
    }

    // MARK: - Stored answers

    /// The meaning of a stored answer; nil if there is none, or it means nothing (any more).
    private func stored<Answer>(
        _ key: String, _ read: (ChatReply) throws(CallFailure) -> Answer
    ) -> Answer? {
        guard let entry = cache?[key], let reply = try? ChatReply(entry.response),
            let answer = try? read(reply)
        else { return nil }
        statistics.stored += 1
        note(reply, entry.departures)
        return answer
    }

    private func note(_ reply: ChatReply, _ departures: [String]) {
        statistics.promptTokens += reply.promptTokens
        statistics.completionTokens += reply.completionTokens
        if let model = reply.model { statistics.models.insert(model) }
        if let fingerprint = reply.fingerprint { statistics.fingerprints.insert(fingerprint) }
        statistics.departures.formUnion(departures)
    }

    // MARK: - Asking

    private struct Question: Sendable {
        let key: String
        let request: ChatRequest
    }

    private typealias Delivery = (question: Question, result: Result<Exchange, CallFailure>)

    /// Failures in a row after which the server is taken for gone.
    private var tolerance: Int { max(8, 2 * settings.concurrency) }

    private func askServer<Answer>(
        _ waiting: [Question], _ read: (ChatReply) throws(CallFailure) -> Answer,
        _ settle: (String, Result<Answer, CallFailure>) -> Void
    ) throws {
        var rest = waiting
        let mailbox = Mailbox<Delivery>()
        if statistics.stored + statistics.answered == 0, let probe = takeShortest(&rest) {
            // Whatever is wrong for all shows here, before anything else is paid for. With an answer
            // in hand it is known that the server works, and a question that fails is one of many.
            let calls = start([probe], mailbox)
            defer { calls.cancel() }
            let delivery = mailbox.take()
            if case .failure(let failure) = delivery.result { throw fatal(failure) }
            settle(probe.key, try take(delivery, read))
        }
        guard !rest.isEmpty else { return }
        let calls = start(rest, mailbox)
        defer { calls.cancel() }
        for _ in rest {
            let delivery = mailbox.take()
            settle(delivery.question.key, try take(delivery, read))
        }
    }

    /// The shortest question: if that is too long for the server, all are.
    private func takeShortest(_ questions: inout [Question]) -> Question? {
        let shortest = questions.indices.min { left, right in
            questions[left].request.text.utf8.count < questions[right].request.text.utf8.count
        }
        return shortest.map { questions.remove(at: $0) }
    }

    /// Begins calls, as many side by side as the pace allows.
    private func start(_ questions: [Question], _ mailbox: Mailbox<Delivery>) -> Task<Void, Never> {
        Task.detached { [client, pace] in
            await withTaskGroup(of: Void.self) { group in
                var running = 0
                for question in questions {
                    while running >= pace.limit, await group.next() != nil { running -= 1 }
                    if Task.isCancelled { return }
                    group.addTask {
                        mailbox.put((question, await client.call(question.request)))
                    }
                    running += 1
                }
            }
        }
    }

    /// Reads and stores an answer.
    private func take<Answer>(
        _ delivery: Delivery, _ read: (ChatReply) throws(CallFailure) -> Answer
    ) throws -> Result<Answer, CallFailure> {
        let exchange: Exchange
        switch delivery.result {
        case .success(let value): exchange = value
        case .failure(let failure):
            if failure.kind == .transient { failuresInARow += 1 }
            if failure.kind == .hopeless || failuresInARow >= tolerance { throw fatal(failure) }
            return .failure(failure)
        }
        failuresInARow = 0
        statistics.answered += 1
        note(exchange.reply, exchange.departures)
        let answer: Answer
        do throws(CallFailure) {
            answer = try read(exchange.reply)
        } catch {
            switch error.kind {
            case .hopeless, .unsupported: throw fatal(error)
            default: return .failure(error)
            }
        }
        try cache?.append(
            key: delivery.question.key,
            ReplyCache.Entry(response: exchange.body, departures: exchange.departures),
            origin: delivery.question.request.origin)
        return .success(answer)
    }

    /// What ends the run.
    private func fatal(_ failure: CallFailure) -> EndpointError {
        switch failure.kind {
        case .transient, .notStored:
            let many = failuresInARow > 1 ? "\(failuresInARow) calls in a row failed, " : ""
            return .unavailable(
                address: address.description, reason: "\(many)the last: \(failure.reason)",
                cache: cache?.path)
        case .unsupported(let hint):
            return .unsupported(
                address: address.description, reason: failure.reason, hint: hint)
        case .unusable, .hopeless, .refused:
            return .refused(address: address.description, reason: failure.reason)
        }
    }
}
