import StreamIO

/// Which model a `config.json` describes.
enum ModelClass {
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
    static func family(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderFamily {
        let name = try className(object)
        guard let type = try object.string("model_type") else {
            guard let name else {
                throw .configuration(
                    file: object.file, what: "no model_type (expected \(DecoderFamily.list))")
            }
            guard let family = DecoderFamily.ofClass(name) else {
                throw foreign(
                    object, name,
                    expected: "one of "
                        + DecoderFamily.all.map(\.languageModel).joined(separator: " "))
            }
            return family
        }
        guard let family = DecoderFamily.named(type) else {
            let kind =
                isEncoder(type)
                ? ", an encoder" : object["text_config"] == nil ? "" : ", a model of more than text"
            throw .unsupported(
                file: object.file,
                what: "model_type (got \(type)\(kind), expected \(DecoderFamily.list))")
        }
        if let name, !family.hasClass(name) {
            throw foreign(object, name, expected: family.languageModel)
        }
        return family
    }

    /// Whether `architectures` names another class than those of the decoders, such as a classifier.
    static func isOther(_ object: ConfigurationObject) throws(CheckpointError) -> Bool {
        guard let name = try className(object) else { return false }
        return DecoderFamily.ofClass(name) == nil
    }

    private static func className(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> String? {
        guard let value = object["architectures"] else { return nil }
        if value == .array([]) { return nil }
        guard let name = value.elements?.first?.string else {
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
