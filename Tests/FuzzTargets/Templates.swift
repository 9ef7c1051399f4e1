import Evaluation
import StreamIO
import Tokenization

extension FuzzTarget {
    /// A chat template, then a user's message.
    static let chatTemplate = FuzzTarget("chat-template") { input in
        let parts = parts(input)
        let template = try ChatTemplate(
            text: text(parts[0]),
            tokenNames: ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"])
        for message in ["", " hello\n", text(parts.dropFirst().first ?? [])] {
            _ = try accepting { try template.prompt(user: message) }
        }
    }

    /// A file for `--template`: as a prompt's, and as a judge's.
    static let promptTemplate = FuzzTarget("prompt-template") { input in
        let text = text(input)
        if let template = try accepting({ try PromptTemplate(name: "file", text: text) }) {
            let fields: JSONObject = [
                "instruction": .string("{context}"), "context": .string(""),
                "prompt": .string("日本"),
            ]
            let prompt = try accepting { try template.prompt(for: fields) }
            let data = prompt?.pieces.filter(\.isData).map(\.text).joined() ?? "{context}"
            try require(
                data.isEmpty || holds(data, "{context}") || holds(data, "日本"),
                "braces in a field mean nothing, not \(data)")
        }
        if let template = try accepting({ try JudgeTemplate(name: "file", text: text) }) {
            let question = template.filled(query: "{a}", a: "{b}", b: "{query}")
            try require(
                ["{a}", "{b}", "{query}"].allSatisfy { holds(question, $0) },
                "braces in an answer mean nothing: \(question)")
        }
    }

    /// Whether bytes stand in a text; a character may go on behind them.
    private static func holds(_ text: String, _ part: String) -> Bool {
        text.utf8.indices.contains { text.utf8[$0...].starts(with: part.utf8) }
    }
}
