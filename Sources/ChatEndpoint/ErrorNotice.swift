import StreamIO

/// An error that the body of a response reports, whatever its status.
struct ErrorNotice {
    /// The message, with the parameter it is about.
    let message: String
    /// The HTTP status that the body names, by number or by the error's kind; nil if it names none.
    let status: Int?
    /// Whether there is nothing left to spend.
    let isQuotaExhausted: Bool

    /// Reads the body of a response whose status says that it is an error.
    init(_ body: [UInt8]) {
        let json = try? JSONValue(parsing: body)
        let error = json.flatMap(Self.error(in:)) ?? json
        self.init(error, in: json, otherwise: String(decoding: body.prefix(2000), as: UTF8.self))
    }

    /// The error in a body that came with a status of success: at the top, in the first choice, or in
    /// place of an answer; nil if there is none.
    init?(reportedBy body: JSONValue) {
        guard let error = Self.error(in: body) else { return nil }
        self.init(error, in: body, otherwise: "an error without a message")
    }

    private init(_ error: JSONValue?, in body: JSONValue?, otherwise: String) {
        let text =
            error?.string
            ?? Self.messages.lazy.compactMap { error?[$0]?.string }.first { !$0.isEmpty }
        let words = excerpt(text ?? otherwise)
        let parameter = error?["param"]?.string.map { " (\(excerpt($0)))" } ?? ""
        message = words + parameter
        let names = Self.codes.compactMap { error?[$0] ?? body?[$0] }
        isQuotaExhausted = names.contains { $0.string == "insufficient_quota" }
        let numbers = names.compactMap { $0.count ?? $0.string.flatMap { Int($0) } }
        status =
            numbers.first { (400..<600).contains($0) }
            ?? names.lazy.compactMap { $0.string.flatMap { Self.statuses[$0.lowercased()] } }.first
            ?? Self.phrases.first { words.lowercased().firstRange(of: $0.words) != nil }?.status
    }

    /// Where an error may say what happened.
    private static let messages = ["message", "detail", "error", "msg", "reason", "title"]
    /// Where it may say of which kind it is.
    private static let codes = ["code", "status", "status_code", "http_status", "type"]

    /// HTTP statuses of errors that are named, in lower case.
    private static let statuses: [String: Int] = [
        "overloaded_error": 529, "overloaded": 529, "unavailable": 503, "service_unavailable": 503,
        "rate_limit_error": 429, "rate_limit_exceeded": 429, "rate_limited": 429,
        "resource_exhausted": 429, "too_many_requests": 429, "insufficient_quota": 429,
        "requests": 429, "tokens": 429, "timeout": 408, "timeout_error": 408,
        "deadline_exceeded": 504, "request_timeout": 408, "server_error": 500, "api_error": 500,
        "internal_error": 500, "internal_server_error": 500, "internal": 500,
        "invalid_request_error": 400, "badrequesterror": 400, "invalid_argument": 400,
        "context_length_exceeded": 400, "bad_request": 400, "authentication_error": 401,
        "invalid_api_key": 401, "unauthenticated": 401, "unauthorized": 401,
        "permission_error": 403, "permission_denied": 403, "forbidden": 403,
        "not_found_error": 404, "not_found": 404, "model_not_found": 404, "notfounderror": 404,
        "request_too_large": 413,
    ]

    /// Words of messages that name no kind.
    private static let phrases: [(words: String, status: Int)] = [
        ("overloaded", 529), ("rate limit", 429), ("too many requests", 429), ("timed out", 408),
    ]

    private static func error(in body: JSONValue) -> JSONValue? {
        if let values = body.elements { return values.first.flatMap(error(in:)) }
        if let error = body["error"], isError(error) { return error }
        if case .array(let choices)? = body["choices"] {
            guard let choice = choices.first else { return nil }
            let message = choice["message"]
            if let error = [choice["error"], message?["error"]].compactMap(\.self).first(
                where: isError)
            {
                return error
            }
            return choice["finish_reason"]?.string?.lowercased() == "error"
                ? .object(["message": .string("the provider ended the answer with an error")]) : nil
        }
        if body["object"]?.string == "error" || body["type"]?.string == "error" { return body }
        // Without an answer, what there is instead is said in one of these.
        guard body["output"] == nil, body["content"] == nil else { return nil }
        if let detail = body["detail"] ?? body["errors"], isError(detail) {
            return detail.firstOrSelf
        }
        return body["message"]?.string == nil ? nil : body
    }

    /// Some servers always have the field.
    private static func isError(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool(false): false
        case .string(let text): !text.isEmpty
        case .object(let fields): !fields.isEmpty
        case .array(let values): !values.isEmpty
        default: true
        }
    }
}

extension JSONValue {
    /// The first element of an array; the value itself if it is none.
    fileprivate var firstOrSelf: JSONValue {
        elements?.first ?? self
    }
}
