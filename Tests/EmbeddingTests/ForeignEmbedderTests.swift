import Embedding
import Foundation
import StreamIO
import Testing

/// Directories of sentence-transformers' newer and older versions, and of other programs.
@Suite struct ForeignEmbedderTests {
    private func limit(_ files: [String: String]) throws -> TextEmbedder {
        let directory = try TemporaryDirectory()
        try TinyBERT().write(to: directory)
        try FileManager.default.removeItem(atPath: directory.path + "/sentence_bert_config.json")
        for (name, text) in files { try directory.write(text, to: name) }
        return try TextEmbedder.load(directory: directory.path)
    }

    private static let tokens = """
        "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"
        """

    @Test(
        arguments: [
            ([:], 40),
            (["tokenizer_config.json": "{\(tokens), \"model_max_length\": 17}"], 17),
            (["tokenizer_config.json": "{\(tokens), \"max_len\": 18}"], 18),
            (["tokenizer_config.json": "{\(tokens), \"model_max_length\": 512}"], 40),
            (
                [
                    "tokenizer_config.json":
                        "{\(tokens), \"model_max_length\": 1000000000000000019884624838656}"
                ], 40
            ),
            (["tokenizer_config.json": "{\(tokens), \"model_max_length\": 1e30}"], 40),
            (
                [
                    "tokenizer_config.json": "{\(tokens), \"model_max_length\": 17}",
                    "sentence_bert_config.json":
                        "{\"max_seq_length\": null, \"transformer_task\": \"x\"}",
                ], 17
            ),
            (
                [
                    "tokenizer_config.json": "{\(tokens), \"model_max_length\": 17}",
                    "sentence_bert_config.json": "{\"max_seq_length\": 20}",
                ], 20
            ),
            (
                [
                    "tokenizer_config.json": "{\(tokens), \"model_max_length\": 17}",
                    "sentence_bert_config.json":
                        "{\"processor_kwargs\": {\"model_max_length\": 9}}",
                ], 9
            ),
            (["sentence_bert_config.json": "{\"tokenizer_args\": {\"model_max_length\": 8}}"], 8),
            (["sentence_roberta_config.json": "{\"max_seq_length\": 21}"], 21),
        ] as [([String: String], Int)])
    func theLongestTextIsFoundWhereverItStands(_ files: [String: String], _ limit: Int) throws {
        let embedder = try self.limit(files)
        #expect(embedder.maximumTokens == limit)
        let text = (0..<60).map { TinyBERT.words[$0 % 8] }.joined(separator: " ")
        let result = try embedder.embed([text, "alpha"])
        #expect(result.truncated == [true, false])
        #expect(try embedder.encoding(of: text).ids.count == limit)
        // The embedding is that of the words that fit beside the frame of two.
        let cut = (0..<limit - 2).map { TinyBERT.words[$0 % 8] }.joined(separator: " ")
        #expect(try embedder.embed([cut]).vectors == Array(result.vectors[..<21]))
    }

    @Test(arguments: ["0", "-1", "\"many\"", "2.5"])
    func aLimitThatIsNoneIsRefused(_ value: String) throws {
        do {
            _ = try limit([
                "tokenizer_config.json": "{\(Self.tokens), \"model_max_length\": \(value)}"
            ])
            Issue.record("loaded")
        } catch let error as EmbeddingError {
            #expect(error.exitStatus == .badData)
            #expect(error.description.contains("tokenizer_config.json: model_max_length"))
        }
    }

    @Test(arguments: ["module.", "_orig_mod.", "module.bert.", "model.auto_model."])
    func prefixesOfWrappersAreTakenAway(_ prefix: String) throws {
        let plain = try TemporaryDirectory()
        let wrapped = try TemporaryDirectory()
        try TinyBERT().write(to: plain)
        try TinyBERT().write(to: wrapped) { prefix + $0 }
        let a = try TextEmbedder.load(directory: plain.path).embed(EncoderTests.texts)
        let b = try TextEmbedder.load(directory: wrapped.path).embed(EncoderTests.texts)
        #expect(a.vectors == b.vectors)
    }

    @Test(arguments: [
        ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000000000"),
        ("\"vocab_size\": 31", "\"vocab_size\": 1000000000000"),
        ("\"vocab_size\": 31", "\"vocab_size\": 16777216"),
        ("\"intermediate_size\": 37", "\"intermediate_size\": 2000000000"),
        ("\"num_attention_heads\": 3", "\"num_attention_heads\": 0"),
    ])
    func absurdSizesAreRefused(_ old: String, _ new: String) throws {
        let directory = try TemporaryDirectory()
        try TinyBERT().write(to: directory)
        let file = directory.path + "/config.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try directory.write(text.replacingOccurrences(of: old, with: new), to: "config.json")
        do {
            _ = try TextEmbedder.load(directory: directory.path)
            Issue.record("loaded")
        } catch let error as any ReportedError {
            #expect(error.exitStatus == .badData)
        }
    }
}
