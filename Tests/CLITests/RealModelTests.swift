import Foundation
import Testing

/// Real models out of quantised GGUF files against llama.cpp (token ids) and transformers on the dequantised
/// weights (all else), on texts that are not part of the repository.
@Suite struct RealModelTests {
    struct Model: Sendable, CustomTestStringConvertible {
        /// The name of the file of numbers.
        let name: String
        /// The environment's name of the checkpoint directory.
        let variable: String
        var testDescription: String { name }

        var directory: String? { ProcessInfo.processInfo.environment[variable] }
        var numbers: URL {
            Workspace.packageRoot.appending(path: "../shared/oracles/\(name).json")
        }
        var isAvailable: Bool {
            directory != nil
                && FileManager.default.isReadableFile(atPath: numbers.path(percentEncoded: false))
        }
    }

    static let models = [
        Model(name: "qwen-0.5b", variable: "CPO_QWEN_MODEL"),
        Model(name: "gemma3-270m", variable: "CPO_GEMMA3_MODEL"),
    ].filter(\.isAvailable)

    private struct Numbers: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int]
        }
        struct Pair: Decodable {
            let promptIds: [Int]
            let responseIds: [Int]
            let responseLogprob: Double
            let greedy16: [Int]
        }
        let tokenizerCases: [Text]
        let pairs: [Pair]
    }

    private struct Result: Decodable {
        let ids: [Int]?
        let responseLogprob: Double?
        let outputIds: [Int]?
    }

    /// Runs a tool on records and decodes what comes out.
    private func results(_ call: String, _ records: [[String: Any]]) throws -> [Result] {
        let lines = try records.map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
        }
        let result = try Workspace.withDirectory { directory in
            try Data(lines.joined(separator: "\n").utf8)
                .write(to: directory.appending(path: "in.jsonl"))
            return try Shell.run(
                "\(call) -q --plain in.jsonl", in: directory,
                environment: Workspace.environment(fixture: nil))
        }
        #expect(result.status == 0, "\(result.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try result.text.split(separator: "\n").map {
            try decoder.decode(Result.self, from: Data($0.utf8))
        }
    }

    @Test(.enabled(if: !models.isEmpty), arguments: models)
    func idsScoresAndGreedyTextAreThoseOfTheReference(_ model: Model) throws {
        let directory = try #require(model.directory)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let numbers = try decoder.decode(Numbers.self, from: Data(contentsOf: model.numbers))

        let texts = numbers.tokenizerCases
        let ids = try results(
            "tokenize --model '\(directory)' --field text", texts.map { ["text": $0.text] })
        #expect(ids.count == texts.count)
        for (found, expected) in zip(ids, texts) {
            #expect(found.ids == expected.ids, "\(expected.text)")
        }

        let records = numbers.pairs.map {
            ["prompt_ids": $0.promptIds, "response_ids": $0.responseIds]
        }
        let scores = try results("score --model '\(directory)'", records)
        #expect(scores.count == records.count)
        for (found, expected) in zip(scores, numbers.pairs) {
            #expect(abs((found.responseLogprob ?? .nan) - expected.responseLogprob) < 2e-2)
        }

        let outputs = try results(
            "generate --model '\(directory)' --decode greedy --ignore-eos --max-new-tokens 16",
            records)
        let equal = zip(outputs, numbers.pairs).count { $0.outputIds == $1.greedy16 }
        #expect(outputs.count == records.count && equal >= records.count - 1, "\(equal) equal")
    }
}
