public import StreamIO

/// Prices of a model.
public struct TokenPrices: Sendable, Hashable {
    /// US dollars for a million tokens of questions.
    public var input: Double
    /// US dollars for a million tokens of answers.
    public var output: Double

    /// Prices in US dollars for a million tokens.
    public init(input: Double, output: Double) {
        self.input = input
        self.output = output
    }

    /// US dollars for so many tokens.
    public func cost(input inputTokens: Int, output outputTokens: Int) -> Double {
        (Double(inputTokens) * input + Double(outputTokens) * output) / 1e6
    }
}

/// What asking a server would take.
public struct CallEstimate: Sendable, Hashable {
    /// Questions whose answer is stored.
    public var stored = 0
    /// Calls to be made, if all succeed at once.
    public private(set) var calls = 0
    /// Bytes of the questions of these calls.
    public private(set) var questionBytes = 0
    /// Most tokens of the answers.
    public private(set) var mostCompletionTokens = 0

    /// Nothing to ask.
    public init() {}

    /// Tokens of the questions, at four bytes each, which is the usual ratio for English text: whose
    /// tokenizer counts is known to the server alone.
    public var promptTokens: Int { (questionBytes + 3) / 4 }

    mutating func add(_ request: ChatRequest) {
        calls += 1
        questionBytes += request.text.utf8.count
        mostCompletionTokens += request.maxTokens
    }

    /// The estimate as the fields of a JSON object.
    public func json(_ prices: TokenPrices?) -> JSONObject {
        var fields: JSONObject = [
            "calls": .integer(Int64(calls)), "stored": .integer(Int64(stored)),
            "prompt_tokens_about": .integer(Int64(promptTokens)),
            "completion_tokens_at_most": .integer(Int64(mostCompletionTokens)),
        ]
        if let prices {
            fields["cost_usd_at_least"] = .number(prices.cost(input: promptTokens, output: calls))
            fields["cost_usd_at_most"] = .number(
                prices.cost(input: promptTokens, output: mostCompletionTokens))
        }
        return fields
    }
}

extension ChatSession.Statistics {
    /// The statistics as the fields of a JSON object.
    public func json(_ prices: TokenPrices?) -> JSONObject {
        var fields: JSONObject = [
            "stored": .integer(Int64(stored)), "answered": .integer(Int64(answered)),
            "failed": .integer(Int64(failed)), "requests": .integer(Int64(requests)),
            "prompt_tokens": .integer(Int64(promptTokens)),
            "completion_tokens": .integer(Int64(completionTokens)),
            "models": Self.list(models), "system_fingerprints": Self.list(fingerprints),
            "departures": Self.list(departures),
        ]
        if let prices {
            fields["cost_usd"] = .number(
                prices.cost(input: promptTokens, output: completionTokens))
        }
        return fields
    }

    private static func list(_ texts: Set<String>) -> JSONValue {
        .array(texts.sorted().map { .string($0) })
    }
}
