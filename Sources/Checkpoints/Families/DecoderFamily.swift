public import Transformer

/// A family of decoder-only transformers: how its checkpoints are read and written. A model of a family
/// computes what its ``DecoderConfiguration`` says; nothing else asks which family it is of.
///
/// A new family is a file beside this one, and a line in ``all``.
public struct DecoderFamily: Sendable {
    /// `model_type` in `config.json`.
    public let name: String
    /// Other values of `model_type` that mean the same.
    let otherNames: [String]
    /// The class with the head in `transformers`, which is written to `architectures`.
    let languageModel: String
    /// Other classes that are read: without the head, if that is the embedding table, and old names.
    let otherClasses: [String]
    /// What tensors are called.
    public let names: ParameterNames
    /// Ends of names of tensors that are stored now and then and are no parameters.
    let buffers: [String]
    /// Keys of `config.json` that the family computes. Others that mean something are refused by name: see
    /// ``ForeignFeatures``.
    let computedKeys: Set<String>
    /// Reads what `config.json` says.
    let read: @Sendable (ConfigurationObject) throws(CheckpointError) -> DecoderConfiguration
    /// Writes it, over what was read.
    let write: @Sendable (DecoderConfiguration, inout ConfigurationMembers) -> Void
    /// The family in GGUF files; nil if it is not read from there.
    public let gguf: GGUFFamily?

    init(
        name: String, otherNames: [String] = [], languageModel: String, otherClasses: [String],
        names: ParameterNames, buffers: [String] = [], computedKeys: Set<String>,
        gguf: GGUFFamily? = nil,
        read:
            @escaping @Sendable (ConfigurationObject) throws(CheckpointError) ->
            DecoderConfiguration,
        write: @escaping @Sendable (DecoderConfiguration, inout ConfigurationMembers) -> Void
    ) {
        self.name = name
        self.otherNames = otherNames
        self.languageModel = languageModel
        self.otherClasses = otherClasses
        self.names = names
        self.buffers = buffers
        self.computedKeys = computedKeys
        self.gguf = gguf
        self.read = read
        self.write = write
    }

    /// The families that are known.
    public static let all: [DecoderFamily] = [
        .gpt2,
        .llama,
        .qwen2,
        .qwen3,
        .gemma3,
        .mistral,
        .smollm3,
        .granite,
        .phi3,
        .olmo2,
    ]

    /// The family that a `model_type` names.
    static func named(_ type: String) -> DecoderFamily? {
        all.first { $0.name == type || $0.otherNames.contains(type) }
    }

    /// The family of a configuration.
    public static func of(_ configuration: DecoderConfiguration) -> DecoderFamily {
        guard let family = named(configuration.family) else {
            preconditionFailure("no family \(configuration.family)")
        }
        return family
    }

    /// The family whose models have this class in `transformers`.
    static func ofClass(_ name: String) -> DecoderFamily? {
        all.first { $0.hasClass(name) }
    }

    /// Whether models of the family have this class, however it is capitalised.
    func hasClass(_ name: String) -> Bool {
        ([languageModel] + otherClasses).contains { $0.lowercased() == name.lowercased() }
    }

    /// The names of all families, for messages.
    static var list: String {
        let names = all.map(\.name)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}

extension ParameterNames {
    /// Names of Hugging Face's Llama, which most families share.
    static let llama = ParameterNames(
        embedding: "model.embed_tokens", finalNorm: "model.norm", head: "lm_head",
        block: "model.layers.",
        parts: [
            .attentionNorm: "input_layernorm", .query: "self_attn.q_proj",
            .key: "self_attn.k_proj", .value: "self_attn.v_proj",
            .attentionOutput: "self_attn.o_proj", .feedForwardNorm: "post_attention_layernorm",
            .gate: "mlp.gate_proj", .up: "mlp.up_proj", .down: "mlp.down_proj",
        ])
}
