import StreamIO
import Transformer

/// Makes a clean checkpoint of a GGUF file or a foreign Hugging Face directory: canonical tensor
/// names, both spellings of configuration keys, one type throughout, provenance.
public struct CheckpointImport {
    /// The checkpoint to be written.
    public let checkpoint: Checkpoint
    /// The GGUF file's tokenizer, nil for a directory or a file without one.
    public let tokenizer: GGUFTokenizer?
    /// Provenance for `__metadata__`: digest of the source, types of its tensors.
    public let metadata: [String: String]
    /// The type that the weights are written in unless another is asked for.
    public let defaultType: WeightType
    private let tokenizerDirectory: String?

    /// Reads a GGUF file (by its name's end or its magic) or a directory.
    ///
    /// - Parameters:
    ///   - source: the file or directory
    ///   - unpermuting: for GGUF, whether the rows of query and key matrices are brought back from
    ///     the order that converters give them
    ///   - ropeTheta: the base of the rotary frequencies for a source that does not have it
    ///   - takesTokenizer: whether the tokenizer comes along
    /// - Throws: ``CheckpointError`` for everything that would make the checkpoint another model
    ///   than the source.
    public init(
        source: String, unpermuting: Bool = true, ropeTheta: Float? = nil,
        takesTokenizer: Bool = true
    ) throws {
        if isDirectory(source) {
            var checkpoint = try Checkpoint.load(directory: source, checkFinite: true)
            if let ropeTheta { try checkpoint.setRotaryBase(ropeTheta) }
            self.checkpoint = checkpoint
            tokenizer = nil
            tokenizerDirectory = takesTokenizer ? source : nil
            defaultType = checkpoint.storedType
            metadata = [
                "source_sha256": try WeightFiles.digest(directory: source),
                "source_types": try Self.typeSummary(TensorSource(directory: source)),
            ]
            return
        }
        let file = try GGUFFile(path: source)
        let model = try GGUFModel(file, ropeTheta: ropeTheta, readsTokenizer: takesTokenizer)
        let parameters = try model.parameters(unpermuting: unpermuting)
        var config = HuggingFaceConfig(model.configuration)
        if let pad = model.padTokenID { config.raw["pad_token_id"] = .integer(Int64(pad)) }
        var checkpoint = Checkpoint(config: config, parameters: parameters)
        checkpoint.warnings = model.warnings
        checkpoint.generationConfig = try model.tokenizer?.generationConfig()
        self.checkpoint = checkpoint
        tokenizer = model.tokenizer
        tokenizerDirectory = nil
        defaultType = .float32
        metadata = [
            "source_sha256": try WeightFiles.digest(files: file.paths),
            "source_types": model.typeSummary,
            "source_rows": unpermuting ? "unpermuted" : "as stored",
        ]
    }

    /// How many tensors are stored in which type, most frequent first.
    private static func typeSummary(_ source: TensorSource) -> String {
        var counts: [String: Int] = [:]
        for tensor in source.tensors { counts[tensor.type.rawValue, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key):\($0.value)" }.joined(separator: " ")
    }

    /// Writes the checkpoint, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - path: the directory; an older checkpoint of that name is replaced
    ///   - type: the type of the weights; nil for ``defaultType``
    ///   - maximumShardSize: the largest weight file in bytes
    ///   - tool: name and version, for the provenance
    ///   - additional: called with the temporary directory, to add the tokenizer of a GGUF file
    public func write(
        to path: String, as type: WeightType? = nil,
        maximumShardSize: Int = WeightFiles.defaultShardSize, tool: String,
        additional: (String) throws -> Void = { _ in }
    ) throws {
        var metadata = metadata
        metadata["tool"] = tool
        try checkpoint.save(
            to: path, as: type ?? defaultType, copyingTokenizerFrom: tokenizerDirectory,
            metadata: metadata, maximumShardSize: maximumShardSize, additional: additional)
    }
}

// MARK: - Files beside tokenizer.json

extension GGUFTokenizer {
    /// The text of `generation_config.json`.
    func generationConfig() throws(JSONError) -> [UInt8] {
        var members: JSONObject = [:]
        for (key, token) in [
            ("bos_token_id", bos), ("eos_token_id", eos), ("pad_token_id", pad),
        ] {
            if let token { members[key] = .integer(Int64(token)) }
        }
        return try JSONValue.object(members).prettyPrinted()
    }
}

extension Checkpoint {
    /// Sets the base of the rotary frequencies of a model whose `config.json` does not have it.
    ///
    /// - Throws: ``CheckpointError/configuration(file:what:)`` if it has another.
    fileprivate mutating func setRotaryBase(_ theta: Float) throws(CheckpointError) {
        let path = joinPath(directory ?? "", HuggingFaceConfig.fileName)
        let bases = configuration.attentionOfLayers.compactMap { $0.rotary?.theta }
        guard let base = bases.first(where: { $0 != theta }) ?? bases.first else {
            throw .configuration(
                file: path,
                what: "model_type: got \(configuration.family), expected a model with rotary "
                    + "positions, as --rope-theta is given")
        }
        guard base != theta else { return }
        guard !config.namesRotaryBase else {
            throw .configuration(
                file: path,
                what: "rope_theta: got \(base), expected \(theta), as "
                    + "--rope-theta says")
        }
        for index in configuration.attention.indices {
            configuration.attention[index].rotary?.theta = theta
        }
        config.configuration.attention = configuration.attention
    }
}
