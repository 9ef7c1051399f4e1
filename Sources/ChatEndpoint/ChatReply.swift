import Glibc
package import StreamIO

/// A token of an answer, and what else might have stood in its place.
public struct AnswerToken: Sendable, Hashable {
    /// A token with its log-probability.
    public struct Candidate: Sendable, Hashable {
        /// The token's text.
        public let text: String
        /// Natural logarithm of its probability.
        public let logProbability: Double
    }

    /// The token that was chosen.
    public let text: String
    /// The most probable tokens at this place.
    public let candidates: [Candidate]
}

/// What a server answered.
public struct ChatReply: Sendable, Hashable {
    /// The answer; nil where there is none, as in a refusal.
    public let text: String?
    /// Why the model declines to answer.
    public let refusal: String?
    /// How the answer ends: `stop`, `length`, `content_filter`, …
    public let finish: String?
    /// The answer's tokens, where log-probabilities were asked for and given.
    public let tokens: [AnswerToken]?
    /// The model that answered; a name asked for may stand for another.
    public let model: String?
    /// What the server says about its configuration.
    public let fingerprint: String?
    /// Tokens of the question.
    public let promptTokens: Int
    /// Tokens of the answer, those of its reasoning included.
    public let completionTokens: Int

    /// Why the answer holds nothing to go by: it was declined, filtered or cut at the length limit,
    /// or there is none; nil if it may be used.
    ///
    /// - Parameter isCutAllowed: whether the beginning of an answer is enough.
    public func flaw(isCutAllowed: Bool) -> String? {
        if let refusal { return "the model declines: \(excerpt(refusal))" }
        switch finish {
        case "length" where !isCutAllowed: return "the answer was cut at the length limit"
        case "content_filter": return "the answer was filtered"
        default: return text == nil && !isCutAllowed ? "the answer has no text" : nil
        }
    }
}

/// A response that is not what the interface promises.
package struct MalformedReply: Error, Hashable, CustomStringConvertible {
    package let description: String
}

extension ChatReply {
    /// Reads the body of a response.
    package init(_ body: JSONValue) throws(MalformedReply) {
        guard case .array(let choices)? = body["choices"], let choice = choices.first,
            let message = choice["message"], case .object = message
        else { throw MalformedReply(description: "the response has no choices[0].message") }
        text = message["content"]?.text
        refusal = message["refusal"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        finish = choice["finish_reason"]?.text
        tokens = try Self.tokens(choice["logprobs"])
        model = body["model"]?.text
        fingerprint = body["system_fingerprint"]?.text
        promptTokens = body["usage"]?["prompt_tokens"]?.count ?? 0
        completionTokens = body["usage"]?["completion_tokens"]?.count ?? 0
    }

    private static func tokens(_ value: JSONValue?) throws(MalformedReply) -> [AnswerToken]? {
        guard case .array(let entries)? = value?["content"] else { return nil }
        var tokens: [AnswerToken] = []
        for entry in entries {
            guard let text = entry["token"]?.text else {
                throw MalformedReply(description: "an entry of logprobs.content has no token")
            }
            guard case .array(let alternatives)? = entry["top_logprobs"] else {
                tokens.append(AnswerToken(text: text, candidates: []))
                continue
            }
            let candidates = alternatives.compactMap { alternative -> AnswerToken.Candidate? in
                guard let text = alternative["token"]?.text,
                    let value = alternative["logprob"]?.double
                else { return nil }
                return AnswerToken.Candidate(text: text, logProbability: value)
            }
            tokens.append(AnswerToken(text: text, candidates: candidates))
        }
        return tokens
    }
}

extension JSONValue {
    /// A member of an object; nil if there is none or this is no object.
    package subscript(key: String) -> JSONValue? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    /// The value of a string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a number.
    package var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The value of a number that counts something.
    package var count: Int? {
        if case .integer(let value) = self, value >= 0 { Int(value) } else { nil }
    }
}

/// The beginning of a text that somebody else wrote, in one line fit for a message.
func excerpt(_ text: String, length: Int = 300) -> String {
    // Control characters could move a terminal's cursor.
    let words = text.unicodeScalars.split {
        $0.properties.isWhitespace || $0.properties.generalCategory == .control
    }
    let line = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
    return line.count > length ? line.prefix(length) + " …" : line
}
