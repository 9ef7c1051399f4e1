import StreamIO
import Transformer

/// Which model a `config.json` describes.
enum ModelClass {
    private static let families: [String: DecoderArchitecture] = [
        "gpt2": .gpt2, "llama": .llama,
    ]
    /// The classes of `transformers` whose weights are those of a decoder here: with the head, and
    /// without it for a checkpoint whose head is the embedding table.
    private static let classes: [String: DecoderArchitecture] = [
        "gpt2lmheadmodel": .gpt2, "gpt2model": .gpt2, "llamaforcausallm": .llama,
        "llamamodel": .llama,
    ]
    /// What other classes are, by the end of their names.
    private static let kinds = [
        ("ForSequenceClassification", "a classifier of texts"),
        ("ForTokenClassification", "a classifier of tokens"),
        ("ForQuestionAnswering", "a model that marks answers in a text"),
        ("ForMultipleChoice", "a model that chooses among answers"),
        ("DoubleHeadsModel", "a model with a second head"),
        ("ForConditionalGeneration", "an encoder with a decoder, or a model of more than text"),
        ("ForMaskedLM", "an encoder"), ("RewardModel", "a reward model"),
    ]

    /// The family of a configuration, from `model_type` and `architectures`.
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)``, which says what the model is instead.
    static func architecture(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderArchitecture {
        let name = try className(object)
        guard let type = try object.string("model_type") else {
            guard let name else {
                throw .configuration(
                    file: object.file, what: "no model_type (expected gpt2 or llama)")
            }
            guard let family = classes[name.lowercased()] else {
                throw foreign(object, name, expected: "GPT2LMHeadModel or LlamaForCausalLM")
            }
            return family
        }
        guard let family = families[type] else {
            throw .unsupported(
                file: object.file,
                what: "model_type (got \(type)\(isEncoder(type) ? ", an encoder" : ""), "
                    + "expected gpt2 or llama)")
        }
        if let name, classes[name.lowercased()] != family {
            throw foreign(
                object, name, expected: family == .gpt2 ? "GPT2LMHeadModel" : "LlamaForCausalLM")
        }
        return family
    }

    /// Whether `architectures` names another class than those of the decoders, such as a classifier.
    static func isOther(_ object: ConfigurationObject) throws(CheckpointError) -> Bool {
        guard let name = try className(object) else { return false }
        return classes[name.lowercased()] == nil
    }

    private static func className(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> String? {
        guard let value = object["architectures"] else { return nil }
        if case .integers(let list) = value, list.isEmpty { return nil }
        guard case .array(let list) = value else {
            throw .configuration(file: object.file, what: "architectures: not a list of names")
        }
        guard let first = list.first else { return nil }
        guard case .string(let name) = first else {
            throw .configuration(file: object.file, what: "architectures: not a list of names")
        }
        return name
    }

    private static func foreign(
        _ object: ConfigurationObject, _ name: String, expected: String
    ) -> CheckpointError {
        let kind = kinds.first { name.hasSuffix($0.0) }.map { ", \($0.1)" } ?? ""
        return .unsupported(
            file: object.file, what: "architectures (got \(name)\(kind), expected \(expected))")
    }

    private static func isEncoder(_ type: String) -> Bool {
        ["bert", "roberta", "electra", "mpnet"].contains { type.hasSuffix($0) }
    }
}
