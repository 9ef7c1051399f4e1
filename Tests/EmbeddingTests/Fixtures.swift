import Checkpoints
import Embedding
import Foundation
import Kernels
import StreamIO
import TestSupport
import Transformer

/// A directory that is removed with this object.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("embedding-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}

/// A BERT with random weights, of odd and distinct sizes, as a sentence-transformers directory.
struct TinyBERT {
    static let configuration = EncoderConfiguration(
        vocabularySize: 31, width: 21, layerCount: 2, headCount: 3, feedForwardWidth: 37,
        maximumPositions: 40)

    /// What is put together to texts; unknown words are one token.
    static let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]

    let parameters: ParameterBuffer
    let layout = EncoderLayout(configuration)

    init() {
        parameters = ParameterBuffer(count: layout.count)
        var random = RandomStream(seed: 3, name: "tiny BERT")
        for entry in layout.entries {
            let values = parameters.elements(of: entry)
            let isNormWeight = entry.name.hasSuffix("LayerNorm.weight")
            for index in values.indices {
                values[index] = Float(random.uniform() - 0.5) + (isNormWeight ? 1 : 0)
            }
        }
    }

    func values(_ name: String) -> [Float] {
        layout.entries.first { $0.name == name }.map { Array(parameters.elements(of: $0)) } ?? []
    }

    /// - Parameter rename: the name that a tensor is stored under; nil leaves it out
    func write(
        to directory: TemporaryDirectory, pooling: String = "\"pooling_mode_mean_tokens\": true",
        rename: (String) -> String? = { $0 }
    ) throws {
        let c = Self.configuration
        try directory.write(
            """
            {"model_type": "bert", "vocab_size": \(c.vocabularySize), "hidden_size": \(c.width),
             "num_hidden_layers": \(c.layerCount), "num_attention_heads": \(c.headCount),
             "intermediate_size": \(c.feedForwardWidth), "layer_norm_eps": 1e-12,
             "max_position_embeddings": \(c.maximumPositions), "hidden_act": "gelu"}
            """, to: "config.json")
        try directory.write(
            """
            [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
             {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
            """, to: "modules.json")
        try directory.write(
            "{\"word_embedding_dimension\": \(c.width), \(pooling)}", to: "1_Pooling/config.json")
        try directory.write("{\"max_seq_length\": 24}", to: "sentence_bert_config.json")
        let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + Self.words
        let vocabulary = tokens.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        try directory.write(
            """
            {"normalizer": {"type": "BertNormalizer", "clean_text": true, "lowercase": true,
              "handle_chinese_chars": true, "strip_accents": null},
             "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": [],
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "max_input_chars_per_word": 100,
              "continuing_subword_prefix": "##", "vocab": {\(vocabulary)}}}
            """, to: "tokenizer.json")
        try directory.write(
            "{\"unk_token\": \"[UNK]\", \"cls_token\": \"[CLS]\", \"sep_token\": \"[SEP]\"}",
            to: "tokenizer_config.json")
        var entries: [String: ParameterEntry] = [:]
        for entry in layout.entries {
            if let name = rename(entry.name) { entries[name] = entry }
        }
        let tensors = entries.map {
            TensorDescription(name: $0.key, type: .f32, shape: $0.value.shape)
        }
        try SafetensorsWriter.write(to: directory.path + "/model.safetensors", tensors: tensors) {
            tensor, sink in
            guard let entry = entries[tensor.name] else { return }
            try sink(UnsafeRawBufferPointer(parameters.elements(of: entry)))
        }
    }
}

/// A decoder with random weights and a tokenizer that gives one token a byte.
enum TinyDecoder {
    static let llama = DecoderConfiguration.llama(
        vocabularySize: 257, width: 24, layerCount: 2, headCount: 6,
        keyValueHeadCount: 2, headWidth: 4, feedForwardWidth: 37, maximumPositions: 48,
        normEpsilon: 1e-5, tiedHead: true, initializerRange: 0.2, eosTokenIDs: [256])
    static let gpt2 = DecoderConfiguration.gpt2(
        vocabularySize: 257, width: 20, layerCount: 2, headCount: 4,
        keyValueHeadCount: 4, headWidth: 5, feedForwardWidth: 80, maximumPositions: 48,
        normEpsilon: 1e-5, tiedHead: true, initializerRange: 0.2, eosTokenIDs: [256])

    static func write(
        _ configuration: DecoderConfiguration, to directory: TemporaryDirectory
    ) throws -> Decoder {
        let decoder = TinyModel.make(configuration)
        try Checkpoint(
            config: HuggingFaceConfig(configuration), parameters: decoder.parameters
        ).save(to: directory.path)
        // GPT-2's alphabet: printable bytes stand for themselves, the others for U+0100 and on.
        var next: UInt32 = 256
        var vocabulary: JSONObject = ["<|endoftext|>": .integer(256)]
        for byte in UInt32(0)...255 {
            let isPrintable =
                (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            let scalar = Unicode.Scalar(isPrintable ? byte : next)
            if !isPrintable { next += 1 }
            vocabulary[scalar.map { String($0) } ?? ""] = .integer(Int64(byte))
        }
        let text = try JSONValue.object([
            "model": .object([
                "type": .string("BPE"), "vocab": .object(vocabulary), "merges": .array([]),
            ]),
            "pre_tokenizer": .object([
                "type": .string("ByteLevel"), "add_prefix_space": .bool(false),
                "use_regex": .bool(true),
            ]),
            "added_tokens": .array([
                .object([
                    "id": .integer(256), "content": .string("<|endoftext|>"),
                    "special": .bool(true),
                ])
            ]),
        ]).serialized()
        try directory.write(String(decoding: text, as: UTF8.self), to: "tokenizer.json")
        return decoder
    }
}

/// The largest absolute difference; infinite if the sizes differ.
func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
