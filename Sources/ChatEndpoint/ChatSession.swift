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
    private let cache: ReplyCache?
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
        cache = try cachePath.map {
            try ReplyCache(path: $0, isReadOnly: settings.isOffline)
        }
    }

    /// Whether the cache's last line was cut short by a crash.
    public var cacheWasTorn: Bool { cache?.wasTorn ?? false }

    /// Takes an answer's meaning, or throws what is wrong with it.
    public typealias Reading<Answer> = @Sendable (ChatReply) throws(CallFailure) -> Answer

    /// Asks questions and reads their answers.
    ///
    /// - Parameters:
    ///   - requests: questions; equal ones are asked once.
    ///   - read: called from tasks. What it throws keeps the answer out of the cache. A failure that
    ///     concerns all (`hopeless`, `unsupported`) ends the run.
    ///   - progress: called with the numbers of different questions, done and in all.
    /// - Returns: what `read` returned, or why there is nothing, in the order of the questions.
    /// - Throws: ``EndpointError`` if the server cannot be used at all, or not any more.
    public func ask<Answer: Sendable>(
        _ requests: [ChatRequest], read: @escaping Reading<Answer>,
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
    private func stored<Answer: Sendable>(
        _ key: String, _ read: Reading<Answer>
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

    /// What became of a question.
    private struct Delivery<Answer: Sendable>: Sendable {
        let question: Question
        /// The reply, if there is one, even where it means nothing.
        var exchange: Exchange?
        var answer: Result<Answer, CallFailure>
        /// Why the answer could not be stored.
        var storageFailure: (any Error)?
    }

    /// Failures in a row after which the server is taken for gone.
    private var tolerance: Int { max(8, 2 * settings.concurrency) }

    private func askServer<Answer: Sendable>(
        _ waiting: [Question], _ read: @escaping Reading<Answer>,
        _ settle: (String, Result<Answer, CallFailure>) -> Void
    ) throws {
        var rest = waiting
        let mailbox = Mailbox<Delivery<Answer>>()
        let ask = asking(read, mailbox)
        if statistics.stored + statistics.answered == 0, let probe = takeShortest(&rest) {
            // Whatever is wrong for all shows here, before anything else is paid for. With an answer
            // in hand it is known that the server works, and a question that fails is one of many.
            let calls = start([probe], ask)
            defer { calls.cancel() }
            let delivery = mailbox.take()
            if delivery.exchange == nil, case .failure(let failure) = delivery.answer {
                throw fatal(failure)
            }
            settle(probe.key, try accept(delivery))
        }
        guard !rest.isEmpty else { return }
        let calls = start(rest, ask)
        defer { calls.cancel() }
        for _ in rest {
            let delivery = mailbox.take()
            settle(delivery.question.key, try accept(delivery))
        }
    }

    /// The shortest question: if that is too long for the server, all are.
    private func takeShortest(_ questions: inout [Question]) -> Question? {
        let shortest = questions.indices.min { left, right in
            questions[left].request.text.utf8.count < questions[right].request.text.utf8.count
        }
        return shortest.map { questions.remove(at: $0) }
    }

    /// Asks a question, reads and stores the answer, and delivers it.
    private func asking<Answer: Sendable>(
        _ read: @escaping Reading<Answer>, _ mailbox: Mailbox<Delivery<Answer>>
    ) -> @Sendable (Question) async -> Void {
        let (client, cache) = (client, cache)
        return { question in
            let result = await client.call(question.request)
            mailbox.put(Self.delivery(question, result, read, cache))
        }
    }

    /// Begins calls.
    private func start(
        _ questions: [Question], _ ask: @escaping @Sendable (Question) async -> Void
    ) -> Task<Void, Never> {
        Task.detached { [pace] in await ChatSession.run(questions, pace, ask) }
    }

    /// Works through questions, as many side by side as the pace allows.
    private static func run(
        _ questions: [Question], _ pace: Pace, _ ask: @escaping @Sendable (Question) async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for question in questions {
                while running >= pace.limit, await group.next() != nil { running -= 1 }
                if Task.isCancelled { return }
                group.addTask { await ask(question) }
                running += 1
            }
        }
    }

    /// Reads an answer and stores it, before the next call of its place begins: a run that is killed
    /// loses no more than what is under way.
    private static func delivery<Answer: Sendable>(
        _ question: Question, _ result: Result<Exchange, CallFailure>,
        _ read: @escaping Reading<Answer>,
        _ cache: ReplyCache?
    ) -> Delivery<Answer> {
        let exchange: Exchange
        let answer: Answer
        switch result {
        case .failure(let failure): return Delivery(question: question, answer: .failure(failure))
        case .success(let value): exchange = value
        }
        do throws(CallFailure) {
            answer = try read(exchange.reply)
        } catch {
            return Delivery(question: question, exchange: exchange, answer: .failure(error))
        }
        var delivery = Delivery(question: question, exchange: exchange, answer: .success(answer))
        do {
            try cache?.append(
                key: question.key,
                ReplyCache.Entry(response: exchange.body, departures: exchange.departures),
                origin: question.request.origin)
        } catch {
            delivery.storageFailure = error
        }
        return delivery
    }

    /// Counts an answer, and ends the run if it tells that there will be no others.
    private func accept<Answer>(
        _ delivery: Delivery<Answer>
    ) throws -> Result<Answer, CallFailure> {
        if let failure = delivery.storageFailure { throw failure }
        if let exchange = delivery.exchange {
            failuresInARow = 0
            statistics.answered += 1
            note(exchange.reply, exchange.departures)
        }
        if case .failure(let failure) = delivery.answer {
            switch failure.kind {
            case .hopeless, .unsupported: throw fatal(failure)
            case .transient:
                failuresInARow += 1
                if failuresInARow >= tolerance { throw fatal(failure) }
            case .refused, .unusable, .notStored: break
            }
        }
        return delivery.answer
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
