import Embedding
import Foundation
import StreamIO
import Testing

@Suite struct EncoderTests {
    static let texts = [
        "alpha beta", "", "Gamma", "zeta eta theta alpha delta delta epsilon unknown",
        (0..<40).map { TinyBERT.words[$0 * $0 % 8] }.joined(separator: " "),
        "delta, epsilon!", "alpha beta",
    ]

    @Test(arguments: [
        "mean_tokens", "cls_token", "max_tokens", "lasttoken", "mean_sqrt_len_tokens",
    ])
    func embeddingsAreThoseOfTheReference(mode: String) throws {
        let directory = try TemporaryDirectory()
        let model = TinyBERT()
        try model.write(to: directory, pooling: "\"pooling_mode_\(mode)\": true")
        let embedder = try TextEmbedder.load(directory: directory.path)
        #expect(embedder.width == 21)
        #expect(embedder.maximumTokens == 24)
        let result = try embedder.embed(Self.texts)
        #expect(result.truncated == [false, false, false, false, true, false, false])
        for (index, text) in Self.texts.enumerated() {
            let ids = try embedder.encoding(of: text).ids
            let states = EncoderReference(model: model).hiddenStates(ids)
            let channels = (0..<21).map { channel in states.map { $0[channel] } }
            let expected: [Double] =
                switch mode {
                case "cls_token": states[0]
                case "lasttoken": states[states.count - 1]
                case "max_tokens": channels.map { $0.max() ?? 0 }
                default: channels.map { $0.reduce(0, +) }
                }
            let got = result.vectors[index * 21..<(index + 1) * 21]
            #expect(largestDifference(got, unit(expected)) < 2e-6, "\(mode): \(text)")
        }
    }

    @Test(arguments: [1, 7, 30, 4096])
    func aTextsEmbeddingDoesNotDependOnItsBatch(tokens: Int) throws {
        let directory = try TemporaryDirectory()
        try TinyBERT().write(to: directory)
        var embedder = try TextEmbedder.load(directory: directory.path)
        let single = try Self.texts.flatMap { try embedder.embed([$0]).vectors }
        embedder.microBatchTokens = tokens
        #expect(try embedder.embed(Self.texts).vectors == single)
        let reversed = try embedder.embed(Self.texts.reversed()).vectors
        #expect(largestDifference(reversed[0..<21], single[(6 * 21)...]) == 0)
    }

    @Test func tensorNamesMayHaveThePrefixOfAModelWithAHead() throws {
        let plain = try TemporaryDirectory()
        let prefixed = try TemporaryDirectory()
        try TinyBERT().write(to: plain)
        try TinyBERT().write(to: prefixed) { name in
            var name = "bert." + name
            if name.hasSuffix("LayerNorm.weight") { name = name.dropLast(6) + "gamma" }
            if name.hasSuffix("LayerNorm.bias") { name = name.dropLast(4) + "beta" }
            return name
        }
        let a = try TextEmbedder.load(directory: plain.path).embed(Self.texts)
        let b = try TextEmbedder.load(directory: prefixed.path).embed(Self.texts)
        #expect(a.vectors == b.vectors)
    }

    @Test func noTextsGiveNoVectors() throws {
        let directory = try TemporaryDirectory()
        try TinyBERT().write(to: directory)
        let result = try TextEmbedder.load(directory: directory.path).embed([])
        #expect(result.vectors.isEmpty)
        #expect(result.truncated.isEmpty)
    }

    // MARK: Refusals

    private func failure(_ change: (TemporaryDirectory) throws -> Void) throws -> String {
        let directory = try TemporaryDirectory()
        try TinyBERT().write(to: directory)
        try change(directory)
        do {
            _ = try TextEmbedder.load(directory: directory.path)
            return "loaded"
        } catch let error as any ReportedError {
            #expect(error.exitStatus == .badData || error.exitStatus == .missingInput)
            return error.description
        }
    }

    @Test(arguments: [
        ("\"pooling_mode_mean_tokens\": true, \"pooling_mode_cls_token\": true", "exactly one"),
        ("\"pooling_mode_weightedmean_tokens\": true", "weightedmean"),
        ("\"pooling_mode_mean_tokens\": false", "none"),
    ])
    func poolingThatIsNotUnderstoodIsRefused(pooling: String, message: String) throws {
        let error = try failure { directory in
            try directory.write("{\(pooling)}", to: "1_Pooling/config.json")
        }
        #expect(error.contains(message), "\(error)")
    }

    @Test func otherModulesAreRefused() throws {
        let error = try failure { directory in
            try directory.write(
                """
                [{"path": "", "type": "sentence_transformers.models.Transformer"},
                 {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                 {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
                """, to: "modules.json")
        }
        #expect(error.contains("Dense"), "\(error)")
    }

    @Test func howToPoolIsNotGuessed() throws {
        let error = try failure { directory in
            try FileManager.default.removeItem(atPath: directory.path + "/modules.json")
            try FileManager.default.removeItem(atPath: directory.path + "/1_Pooling")
        }
        #expect(error.contains("modules.json"), "\(error)")
    }

    @Test(arguments: [
        ("\"model_type\": \"bert\"", "\"model_type\": \"roberta\"", "roberta"),
        ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "relu"),
        (
            "\"hidden_act\"", "\"position_embedding_type\": \"relative_key\", \"hidden_act\"",
            "relative"
        ),
        ("\"hidden_size\": 21", "\"hidden_size\": 24", "shape"),
        ("\"num_attention_heads\": 3", "\"num_attention_heads\": 2", "multiple"),
        ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "missing"),
        ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "not of this model"),
        ("\"vocab_size\": 31", "\"vocab_size\": \"many\"", "vocab_size"),
    ])
    func aModelThatWouldBeComputedWronglyIsRefused(
        old: String, new: String, message: String
    ) throws {
        let error = try failure { directory in
            let file = directory.path + "/config.json"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try directory.write(text.replacingOccurrences(of: old, with: new), to: "config.json")
        }
        #expect(error.contains(message), "\(error)")
    }
}
