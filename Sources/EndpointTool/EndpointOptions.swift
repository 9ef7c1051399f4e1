public import ArgumentParser
public import ChatEndpoint
import FoundationEssentials
import StreamIO
public import ToolKit

/// The field that limits the length of an answer.
package enum LengthFieldChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
}

/// The flags of tools that ask an OpenAI-compatible server.
public struct EndpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Server, /v1 included; else OPENAI_BASE_URL, else OpenAI.", valueName: "url"))
    package var baseURL: String?

    @Option(
        name: [.customLong("judge-model"), .customLong("endpoint-model")],
        help: "Model that the server is asked for.")
    package var endpointModel: String?

    @Option(
        help: ArgumentHelp(
            """
            Environment variable that holds the key; else OPENAI_API_KEY. A server on this machine \
            (localhost, 127.0.0.1, ::1) needs no key.
            """, valueName: "name"))
    package var apiKeyEnv: String?

    @Option(help: "Most tokens of an answer of the server, reasoning included.")
    package var maxTokens: Int?

    @Option(
        help: "max_completion_tokens, max_tokens, or auto: the first, the other if it is refused.")
    package var maxTokensField = LengthFieldChoice.auto

    @Option(help: "Calls at once; else OPENAI_MAX_CONCURRENCY, else 5.")
    package var concurrency: Int?

    @Option(help: "Most calls a minute.")
    package var rpm: Double?

    @Option(help: "Repetitions of a call that failed for the time being.")
    package var retries = 6

    @Option(help: "Seconds until an attempt is given up.")
    package var timeout = 120.0

    @Option(help: "Seconds until a call with all its repetitions is given up.")
    package var patience = 600.0

    @Option(
        help: ArgumentHelp(
            "Where answers are kept, so that none is paid for twice; else OUTPUT.calls.jsonl.",
            valueName: "file"))
    package var cache: String?

    @Flag(help: "Ask nothing: only answers in the cache count.")
    package var offline = false

    @Flag(help: "Print what asking would take (calls, tokens, cost), and stop.")
    package var dryRun = false

    @Option(help: ArgumentHelp("US dollars for a million tokens in.", valueName: "usd"))
    package var inputPrice: Double?

    @Option(help: ArgumentHelp("US dollars for a million tokens out.", valueName: "usd"))
    package var outputPrice: Double?

    /// For the parser.
    public init() {}

    /// Refuses values out of their range.
    public func validate() throws {
        let positive: [(name: String, value: Double?)] = [
            ("max-tokens", maxTokens.map(Double.init)),
            ("concurrency", concurrency.map(Double.init)),
            ("rpm", rpm), ("timeout", timeout), ("patience", patience),
        ]
        for (name, value) in positive {
            if let value, !(value > 0 && value < 1e9) {
                throw ValidationError("--\(name) (got \(value), expected above 0)")
            }
        }
        guard (0...100).contains(retries) else {
            throw ValidationError("--retries (got \(retries), expected 0 to 100)")
        }
        for (name, value) in [("input-price", inputPrice), ("output-price", outputPrice)] {
            if let value, !(value >= 0 && value.isFinite) {
                throw ValidationError("--\(name) (got \(value), expected at least 0)")
            }
        }
        guard (inputPrice == nil) == (outputPrice == nil) else {
            throw ValidationError("--input-price and --output-price belong together")
        }
    }

    /// The first flag given that only an endpoint has a use for.
    public var firstGiven: String? {
        let given: [(name: String, isGiven: Bool)] = [
            ("--base-url", baseURL != nil), ("--judge-model", endpointModel != nil),
            ("--api-key-env", apiKeyEnv != nil), ("--cache", cache != nil),
            ("--offline", offline), ("--dry-run", dryRun),
        ]
        return given.first { $0.isGiven }?.name
    }

    /// What tokens cost, if that was said.
    public var prices: TokenPrices? {
        guard let inputPrice, let outputPrice else { return nil }
        return TokenPrices(input: inputPrice, output: outputPrice)
    }

    private var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The server.
    public func address() throws -> EndpointAddress {
        let inherited = environment["OPENAI_BASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
        return try EndpointAddress(
            parsing: baseURL ?? inherited ?? EndpointAddress.defaultBase)
    }

    /// Refuses at once what would fail later: a missing model, an unusable address, no key.
    ///
    /// - Parameter modelFlag: the tool's name of the flag for the model.
    public func check(modelFlag: String) throws {
        guard let endpointModel, !endpointModel.isEmpty else {
            throw ValidationError("\(modelFlag) is missing: the model that the server is asked for")
        }
        do {
            _ = try credentials(for: try address())
        } catch let error as EndpointError {
            // The parser knows only its own errors as the user's.
            throw ValidationError(error.description)
        }
    }

    private func credentials(for address: EndpointAddress) throws -> Credentials {
        if offline || dryRun { return .none }
        return try Credentials(environment: environment, variable: apiKeyEnv, for: address)
    }

    /// A session with the server.
    ///
    /// - Parameter output: the tool's output, beside which answers are kept if no cache is named.
    public func session(output: String?, _ log: Log) throws -> ChatSession {
        let address = try address()
        var settings = ChatSession.Settings()
        settings.concurrency =
            concurrency
            ?? environment["OPENAI_MAX_CONCURRENCY"].flatMap { Int($0) }.map { max(1, $0) }
            ?? settings.concurrency
        settings.perMinute = rpm
        settings.retries = retries
        settings.timeout = timeout
        settings.patience = patience
        settings.lengthField = Dialect.LengthField(rawValue: maxTokensField.rawValue)
        settings.isOffline = offline || dryRun
        var path = cachePath(output: output)
        // A dry run leaves nothing behind.
        if dryRun, let candidate = path, !FileTree.exists(candidate) {
            path = nil
        }
        if path == nil, !dryRun {
            guard !offline else {
                throw ValidationError("--offline needs answers: name them with --cache FILE")
            }
            log.warning("answers are not kept: name a file for them with --cache, or for -o")
        }
        let session = try ChatSession(
            address: address, credentials: try credentials(for: address), settings: settings,
            cachePath: path)
        if session.cacheWasTorn {
            log.warning(
                "the last answer in the cache was cut short; "
                    + (offline ? "it does not count" : "it is asked for again"))
        }
        return session
    }

    /// Refuses at once a place where answers cannot be kept.
    public func checkCache(output: String?) throws {
        guard !offline, !dryRun, let path = cachePath(output: output) else { return }
        try OutputClaim.check(appendingTo: path)
    }

    private func cachePath(output: String?) -> String? {
        if let cache { return cache }
        guard let output, output != "-", !output.hasPrefix("/dev/") else { return nil }
        return output + ".calls.jsonl"
    }

    /// Prints what asking would take: a JSON object on standard output, a line for a person.
    public func report(_ estimate: CallEstimate, _ log: Log) throws {
        var output = try OutputFile(path: nil, format: .plain)
        try output.write(try JSONValue.object(estimate.json(prices)).serialized() + [0x0A])
        try output.finish()
        var line =
            "\(estimate.calls) calls, \(estimate.stored) answers stored; about "
            + "\(estimate.promptTokens) tokens in, at most \(estimate.mostCompletionTokens) out"
        if let prices {
            let (input, most) = (estimate.promptTokens, estimate.mostCompletionTokens)
            let least = prices.cost(input: input, output: estimate.calls)
            line += "; $\(Progress.fixed(least, 2)) to "
            line += "$\(Progress.fixed(prices.cost(input: input, output: most), 2))"
        }
        log.summary(line)
    }

    /// Says what a session did.
    public func report(_ statistics: ChatSession.Statistics, _ log: Log) {
        var line =
            "answers stored: \(statistics.stored), new: \(statistics.answered), failed: "
            + "\(statistics.failed); \(statistics.requests) requests, "
            + "\(statistics.promptTokens) tokens in, \(statistics.completionTokens) out"
        if let prices {
            let cost = prices.cost(
                input: statistics.promptTokens, output: statistics.completionTokens)
            line += ", $\(Progress.fixed(cost, 2))"
        }
        log.info(line)
        if !statistics.departures.isEmpty {
            let departures = statistics.departures.sorted().joined(separator: ", ")
            log.info("the server made requests depart from the usual: \(departures)")
        }
    }
}
