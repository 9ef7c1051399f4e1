public import StreamIO

/// One question to a chat model: a single user message, and how it is to be answered.
public struct ChatRequest: Sendable, Hashable {
    /// The model, by the name that the server knows.
    public var model: String
    /// What is asked.
    public var text: String
    /// Most tokens of the answer.
    public var maxTokens: Int
    /// 0 for the most probable answer.
    public var temperature: Double
    /// Seed of the answer, as far as servers honour it.
    public var seed: Int?
    /// How many alternatives to each token are wanted with their log-probabilities; nil for none.
    public var topLogProbabilities: Int?
    /// SHA-256 of the template that `text` was made with.
    public var templateHash: String
    /// Tells apart answers to the same question.
    public var repetition = 0
    /// Where the question comes from, e.g. a record's id. Kept in the cache, no part of its keys.
    public var origin: JSONObject

    /// A question with all its values.
    public init(
        model: String, text: String, maxTokens: Int, temperature: Double, seed: Int? = nil,
        topLogProbabilities: Int? = nil, templateHash: String, origin: JSONObject = [:]
    ) {
        self.model = model
        self.text = text
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.seed = seed
        self.topLogProbabilities = topLogProbabilities
        self.templateHash = templateHash
        self.origin = origin
    }

    /// The request as a server with the habits of `dialect` wants it.
    package func body(_ dialect: Dialect) -> JSONValue {
        let message: JSONObject = ["role": .string("user"), "content": .string(text)]
        var fields: JSONObject = [
            "model": .string(model), "messages": .array([.object(message)]),
            dialect.lengthField.rawValue: .integer(Int64(maxTokens)),
        ]
        if !dialect.omitsTemperature { fields["temperature"] = .number(temperature) }
        if let seed, !dialect.omitsSeed { fields["seed"] = .integer(Int64(seed)) }
        if let topLogProbabilities {
            // Some servers fail when only one of the two is there.
            fields["logprobs"] = .bool(true)
            fields["top_logprobs"] = .integer(
                Int64(min(topLogProbabilities, dialect.mostAlternatives)))
        }
        return .object(fields)
    }

    /// What names the answer in a cache: SHA-256 of the full request in its canonical spelling,
    /// whatever dialect it is sent in, of the server, the template and the repetition.
    package func key(for address: EndpointAddress) throws -> String {
        let fields: JSONObject = [
            "request": body(Dialect()), "endpoint": .string(address.identity),
            "template": .string(templateHash), "repetition": .integer(Int64(repetition)),
        ]
        return SHA256Digest.hex(of: try JSONValue.object(fields).serialized())
    }
}
