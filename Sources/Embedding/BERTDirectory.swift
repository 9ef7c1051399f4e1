import Checkpoints
import Kernels
import Transformer

/// A Hugging Face directory of a `BertModel`.
enum BERTDirectory {
    /// Reads configuration and weights.
    ///
    /// - Throws: ``EmbeddingError`` and `CheckpointError` for everything that keeps the model from
    ///   being exactly the one that the directory describes.
    static func load(_ directory: String, precision: InferencePrecision) throws -> Encoder {
        let configuration = try configuration(ConfigurationFile(path(directory, "config.json")))
        let source = try TensorSource(directory: directory)
        let layout = EncoderLayout(configuration)
        let names = try storedNames(layout, source)
        // Memory is asked for only when the files are known to hold what the configuration promises.
        for entry in layout.entries {
            guard let name = names[entry.name] else { continue }
            if let got = source[name]?.shape, got != entry.shape {
                throw CheckpointError.shape(
                    directory: directory, tensor: name, got: got, expected: entry.shape)
            }
        }
        let parameters = ParameterBuffer(count: layout.count)
        for entry in layout.entries {
            guard let name = names[entry.name] else { continue }
            let values = parameters.elements(of: entry)
            try source.floats(name, into: values)
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw CheckpointError.notFinite(file: directory, tensor: name, index: index)
            }
        }
        return Encoder(
            configuration: configuration, parameters: parameters, precision: precision)
    }

    /// The shape of the model; whatever would make it another model is refused.
    static func configuration(
        _ file: ConfigurationFile
    ) throws(EmbeddingError) -> EncoderConfiguration {
        for (key, expected) in [
            ("model_type", "bert"), ("hidden_act", "gelu"), ("position_embedding_type", "absolute"),
        ] {
            let got = try file.string(key) ?? expected
            guard got == expected else {
                throw .unsupported(
                    file: file.path, what: "\(key) (got \(got), expected \(expected))")
            }
        }
        for key in ["is_decoder", "add_cross_attention"] {
            guard try !file.flag(key, default: false) else {
                throw .unsupported(file: file.path, what: "\(key) (got true, expected false)")
            }
        }
        let configuration = EncoderConfiguration(
            vocabularySize: try file.requiredCount("vocab_size"),
            width: try file.requiredCount("hidden_size"),
            layerCount: try file.requiredCount("num_hidden_layers"),
            headCount: try file.requiredCount("num_attention_heads"),
            feedForwardWidth: try file.requiredCount("intermediate_size"),
            maximumPositions: try file.requiredCount("max_position_embeddings"),
            tokenTypeCount: try file.count("type_vocab_size") ?? 2,
            normEpsilon: try file.number("layer_norm_eps", default: 1e-12))
        guard configuration.width % configuration.headCount == 0 else {
            throw .malformed(
                file: file.path,
                what: "hidden_size is no multiple of num_attention_heads "
                    + "(got \(configuration.width) and \(configuration.headCount))")
        }
        for (name, value, limit) in [
            ("vocab_size", configuration.vocabularySize, ModelLimits.width),
            ("hidden_size", configuration.width, ModelLimits.width),
            ("intermediate_size", configuration.feedForwardWidth, ModelLimits.width),
            ("max_position_embeddings", configuration.maximumPositions, ModelLimits.width),
            ("type_vocab_size", configuration.tokenTypeCount, ModelLimits.width),
            ("num_hidden_layers", configuration.layerCount, ModelLimits.layers),
        ] where value > limit {
            throw .malformed(
                file: file.path, what: "\(name) (got \(value), expected at most \(limit))")
        }
        return configuration
    }

    /// For each tensor of the layout the name that it is stored under: with `bert.` in front where
    /// a model with a head was saved, or what other programs put there, with `gamma` and `beta` in the oldest files.
    private static func storedNames(
        _ layout: EncoderLayout, _ source: TensorSource
    ) throws(CheckpointError) -> [String: String] {
        let wanted = Set(layout.entries.map(\.name))
        var names: [String: String] = [:]
        var unknown: [String] = []
        let prefix = WrapperPrefix(
            source.names, of: "embeddings.word_embeddings.weight", standing: "")
        for stored in source.names {
            // The heads of a language model stand beside the encoder, not in it.
            var name = prefix.removed(from: stored)
            for (old, new) in [(".gamma", ".weight"), (".beta", ".bias")] where name.hasSuffix(old)
            {
                name = name.dropLast(old.count) + new
            }
            if wanted.contains(name) {
                if let other = names.updateValue(stored, forKey: name) {
                    throw .ambiguousTensor(directory: source.path, names: [other, stored])
                }
            } else if !isIgnored(name) {
                unknown.append(stored)
            }
        }
        let missing = layout.entries.map(\.name).filter { names[$0] == nil }
        guard missing.isEmpty else {
            throw .missingTensors(directory: source.path, names: missing)
        }
        guard unknown.isEmpty else {
            throw .unknownTensors(directory: source.path, names: unknown)
        }
        return names
    }

    /// What sentence embeddings do not use: the pooler, heads of pre-training, constants.
    private static func isIgnored(_ name: String) -> Bool {
        name == "embeddings.position_ids" || name == "embeddings.token_type_ids"
            || name.hasPrefix("pooler.") || name.hasPrefix("cls.")
    }
}
