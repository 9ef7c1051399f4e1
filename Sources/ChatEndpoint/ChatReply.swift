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
    /// How the answer ends: `stop`, `length`, `content_filter`, …; these whatever the server calls them.
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

    /// Whether the answer was cut at the limit of its length.
    public var isCut: Bool { finish == "length" }

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
    /// Reads the body of a response: a chat completion, or in the forms of the Responses and Messages
    /// interfaces, which gateways hand through.
    package init(_ body: JSONValue) throws(MalformedReply) {
        let content: JSONValue?
        var reasons: [JSONValue?] = [body["stop_reason"], body["done_reason"]]
        var details: JSONValue?
        if case .array(let choices)? = body["choices"] {
            guard let choice = choices.first, let message = choice["message"],
                message.object != nil
            else { throw MalformedReply(description: "the response has no choices[0].message") }
            content = message["content"]
            refusal =
                message["refusal"]?.string.flatMap { $0.isEmpty ? nil : $0 }
                ?? Self.refusal(in: content)
            reasons = ["finish_reason", "stop_reason", "native_finish_reason"].map { choice[$0] }
            details = choice["logprobs"]
        } else if case .array(let items)? = body["output"] {
            let messages = items.filter { $0["type"]?.string == "message" }.map { $0["content"] }
            content = .array(messages.flatMap { Self.parts($0) })
            refusal = Self.refusal(in: content)
            if body["status"]?.string == "incomplete" {
                reasons = [body["incomplete_details"]?["reason"] ?? .string("incomplete")]
            }
        } else if body["type"]?.string == "message" || body["message"]?["content"] != nil {
            content = body["content"] ?? body["message"]?["content"]
            refusal = nil
        } else {
            throw MalformedReply(description: "the response has no choices[0].message")
        }
        text = Self.text(content)
        finish = Self.finish(reasons.compactMap { $0?.string })
        tokens = try Self.tokens(details)
        model = body["model"]?.string
        fingerprint = body["system_fingerprint"]?.string
        let usage = body["usage"]
        promptTokens = (usage?["prompt_tokens"] ?? usage?["input_tokens"])?.count ?? 0
        completionTokens = (usage?["completion_tokens"] ?? usage?["output_tokens"])?.count ?? 0
    }

    // MARK: - Content

    private static func parts(_ content: JSONValue?) -> [JSONValue] {
        content?.elements ?? []
    }

    /// The text of a message's content, given as such or in parts; reasoning and other kinds of parts
    /// are no text. nil if there is none.
    private static func text(_ content: JSONValue?) -> String? {
        if let text = content?.string { return text }
        let texts = parts(content).compactMap { part -> String? in
            if let text = part.string { return text }
            guard ["text", "output_text", nil].contains(part["type"]?.string) else { return nil }
            return part["text"]?.string ?? part["text"]?["value"]?.string
        }
        return texts.isEmpty ? nil : texts.joined()
    }

    /// A refusal among the parts of a content.
    private static func refusal(in content: JSONValue?) -> String? {
        parts(content).lazy.filter { $0["type"]?.string == "refusal" }
            .compactMap { ($0["refusal"] ?? $0["text"])?.string }.first { !$0.isEmpty }
    }

    // MARK: - End

    /// What servers call the ends that matter, in lower case; the first that is named counts.
    private static let ends: [(name: String, synonyms: Set<String>)] = [
        (
            "length",
            [
                "length", "max_tokens", "max_output_tokens", "model_length", "incomplete",
                "max_length", "model_context_window_exceeded", "max_completion_tokens",
                "token_limit",
            ]
        ),
        (
            "content_filter",
            [
                "content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii",
                "sensitive", "content_filtered", "guardrail_intervened",
            ]
        ),
    ]

    /// How an answer ends: `length` and `content_filter` under whatever name, else as it is given.
    private static func finish(_ reasons: [String]) -> String? {
        let known = ends.first { end in
            reasons.contains { end.synonyms.contains($0.lowercased()) }
        }
        return known?.name ?? reasons.first
    }

    // MARK: - Tokens

    private static func tokens(_ value: JSONValue?) throws(MalformedReply) -> [AnswerToken]? {
        guard case .array(let entries)? = value?["content"] else { return nil }
        var tokens: [AnswerToken] = []
        for entry in entries {
            guard let text = entry["token"]?.string else {
                throw MalformedReply(description: "an entry of logprobs.content has no token")
            }
            // The token itself may be left out of its alternatives.
            var candidates = parts(entry["top_logprobs"]).compactMap(candidate)
            if let own = candidate(entry), !candidates.isEmpty,
                !candidates.contains(where: { $0.text.utf8.elementsEqual(text.utf8) })
            {
                candidates.append(own)
            }
            tokens.append(AnswerToken(text: text, candidates: candidates))
        }
        return tokens
    }

    /// A token with its log-probability; nil for what is none, as a value above 0.
    private static func candidate(_ entry: JSONValue) -> AnswerToken.Candidate? {
        guard let text = entry["token"]?.string, let value = entry["logprob"]?.number,
            value <= 1e-3
        else { return nil }
        return AnswerToken.Candidate(text: text, logProbability: value)
    }
}

extension JSONValue {
    /// The value of a number that counts something.
    package var count: Int? {
        integer.flatMap { $0 >= 0 ? $0 : nil }
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
