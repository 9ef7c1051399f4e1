import StreamIO

/// Bodies of responses in the form of the OpenAI interface.
enum ChatBody {
    /// A chat completion.
    ///
    /// - Parameter tokens: for each token its most probable alternatives, the written one first.
    static func reply(
        _ text: String?, finish: String = "stop", tokens: [[(String, Double)]]? = nil,
        completionTokens: Int = 1
    ) -> [UInt8] {
        var choice: JSONObject = [
            "index": .integer(0), "finish_reason": .string(finish),
            "message": .object([
                "role": .string("assistant"), "content": text.map { .string($0) } ?? .null,
            ]),
        ]
        if let tokens {
            choice["logprobs"] = .object(["content": .array(tokens.map(place))])
        }
        return bytes([
            "object": .string("chat.completion"), "model": .string("judge-2026-01-01"),
            "system_fingerprint": .string("fp_1"), "choices": .array([.object(choice)]),
            "usage": .object([
                "prompt_tokens": .integer(10),
                "completion_tokens": .integer(Int64(completionTokens)),
            ]),
        ])
    }

    /// An error.
    static func error(
        _ message: String, code: JSONValue = .null, parameter: String? = nil
    ) -> [UInt8] {
        bytes([
            "error": .object([
                "message": .string(message), "type": .string("test"), "code": code,
                "param": parameter.map { .string($0) } ?? .null,
            ])
        ])
    }

    private static func place(_ candidates: [(String, Double)]) -> JSONValue {
        let entries = candidates.map { text, value -> JSONValue in
            .object(["token": .string(text), "logprob": .number(value), "bytes": .null])
        }
        return .object([
            "token": .string(candidates.first?.0 ?? ""),
            "logprob": .number(candidates.first?.1 ?? 0),
            "top_logprobs": .array(entries),
        ])
    }

    private static func bytes(_ fields: JSONObject) -> [UInt8] {
        (try? JSONValue.object(fields).serialized()) ?? []
    }
}
