import Glibc
import StreamIO
public import Transformer

/// A decoder as a checkpoint directory holds it, its weights in memory.
public struct Checkpoint {
    /// The model's shape. Its end-of-text tokens are those of `generation_config.json` if it names
    /// any, with the one of `config.json` first if it is among them.
    public var configuration: DecoderConfiguration
    /// The weights, laid out as ``ParameterLayout`` says.
    public var weights: ParameterStorage
    /// `config.json` as read, with the keys that nothing here knows.
    public var config: HuggingFaceConfig
    /// The text of `generation_config.json` if there is one.
    public var generationConfig: [UInt8]?
    /// The type that the weights were stored in.
    public var storedType: WeightType
    /// The directory that it was read from; nil if it was made in memory.
    public var directory: String?
    /// What a user should know about the directory.
    public var warnings: [String] = []

    /// A checkpoint made in memory.
    ///
    /// - Parameters:
    ///   - config: the model's shape, and other keys for `config.json`
    ///   - parameters: laid out as ``ParameterLayout`` says
    public init(config: HuggingFaceConfig, parameters: ParameterBuffer) {
        self.init(config: config, weights: .single(parameters))
    }

    /// A checkpoint made in memory.
    ///
    /// - Parameters:
    ///   - config: the model's shape, and other keys for `config.json`
    ///   - weights: laid out as ``ParameterLayout`` says
    public init(config: HuggingFaceConfig, weights: ParameterStorage) {
        configuration = config.configuration
        self.weights = weights
        self.config = config
        storedType = .float32
    }

    /// The weights in single precision: made anew at every call if they are held in bfloat16.
    public var parameters: ParameterBuffer {
        get { weights.single }
        set { weights = .single(newValue) }
    }

    /// The table of the weights.
    public var layout: ParameterLayout { ParameterLayout(configuration) }

    /// Number of weights.
    public var parameterCount: Int { layout.entries.reduce(0) { $0 + $1.count } }

    /// Reads the configuration of a checkpoint without its weights, end-of-text tokens as in
    /// ``configuration``.
    public static func configuration(
        directory: String
    ) throws(CheckpointError) -> DecoderConfiguration {
        let config = try HuggingFaceConfig(directory: directory)
        var warnings: [String] = []
        let generation = try generationConfig(directory, config, &warnings)
        return config.configuration.withEnds(try generation?.tokens("eos_token_id"))
    }

    /// Reads a checkpoint directory.
    ///
    /// - Parameters:
    ///   - directory: a Hugging Face directory with `config.json` and safetensors weights
    ///   - checkFinite: whether NaN and infinity among the weights are errors
    ///   - isCompact: whether weights are held in bfloat16, rounded to nearest if they are stored in
    ///     another type
    /// - Throws: ``CheckpointError`` for everything that keeps the model from being exactly the one
    ///   that the directory describes.
    public static func load(
        directory: String, checkFinite: Bool = true, isCompact: Bool = false
    ) throws(CheckpointError) -> Checkpoint {
        let config = try HuggingFaceConfig(directory: directory)
        var warnings = config.warnings
        let generation = try generationConfig(directory, config, &warnings)
        let source = try TensorSource(directory: directory)
        // Memory is asked for only when the files are known to hold what the configuration promises.
        let names = try names(source, config.configuration)
        let weights = ParameterStorage(
            count: ParameterLayout(config.configuration).count, isCompact: isCompact)
        try read(names, source, config.configuration, checkFinite: checkFinite, into: weights)
        var checkpoint = Checkpoint(config: config, weights: weights)
        checkpoint.configuration = config.configuration.withEnds(
            try generation?.tokens("eos_token_id"))
        if generation != nil {
            checkpoint.generationConfig = try readFile(
                joinPath(directory, CompanionFiles.generationConfig))
        }
        checkpoint.storedType = storedType(source)
        checkpoint.directory = directory
        checkpoint.warnings = warnings + source.warnings
        if let reason = source.files.lazy.compactMap({ $0.metadata[unfinishedKey] }).first {
            checkpoint.warnings.append("\(directory): training is not finished (\(reason))")
        }
        return checkpoint
    }

    /// The key of `__metadata__` under which weights of a run that is not finished say how far it came.
    package static let unfinishedKey = "unfinished"

    /// Whether the directory holds a checkpoint.
    package static func exists(in directory: String) -> Bool {
        fileExists(joinPath(directory, "config.json"))
    }

    private static func generationConfig(
        _ directory: String, _ config: HuggingFaceConfig, _ warnings: inout [String]
    ) throws(CheckpointError) -> ConfigurationObject? {
        let path = joinPath(directory, CompanionFiles.generationConfig)
        guard fileExists(path) else { return nil }
        var object = try ConfigurationObject(file: path)
        warnings += object.removeTokensBeyond(config.configuration.vocabularySize)
        return object
    }

    /// The type of most bytes.
    private static func storedType(_ source: TensorSource) -> WeightType {
        var sizes: [TensorType: Int] = [:]
        for tensor in source.tensors where tensor.type.isFloatingPoint {
            sizes[tensor.type, default: 0] += tensor.byteCount
        }
        let largest = sizes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return WeightType(largest?.key ?? .f32)
    }

    // MARK: Weights

    /// Replaces weights by those of a directory whose model has the same shape, tensor by tensor.
    public static func readWeights(
        directory: String, into weights: ParameterStorage
    ) throws(CheckpointError) {
        let configuration = try HuggingFaceConfig(directory: directory).configuration
        let source = try TensorSource(directory: directory)
        try read(
            names(source, configuration), source, configuration, checkFinite: true, into: weights)
    }

    /// The stored names of all tensors of the model by their canonical ones, after a check of names,
    /// shapes and types.
    static func names(
        _ source: TensorSource, _ configuration: DecoderConfiguration
    ) throws(CheckpointError) -> [String: String] {
        let layout = ParameterLayout(configuration)
        var names = try TensorNames.canonical(source, DecoderFamily.of(configuration))
        try resolveTiedHead(&names, source, configuration)
        try checkNames(names, layout, source)
        try checkShapes(names, layout, source)
        return names
    }

    private static func read(
        _ names: [String: String], _ source: TensorSource, _ configuration: DecoderConfiguration,
        checkFinite: Bool, into weights: ParameterStorage
    ) throws(CheckpointError) {
        let layout = ParameterLayout(configuration)
        precondition(weights.count == layout.count, "weights of another shape")
        for entry in layout.entries {
            guard let name = names[entry.name] else { continue }
            let file = try source.file(of: name)
            try weights.fill(entry) { values throws(CheckpointError) in
                try file.floats(name, into: values)
                if checkFinite, let index = firstNonFinite(UnsafeBufferPointer(values)) {
                    throw .notFinite(file: file.path, tensor: name, index: index)
                }
            }
        }
    }

    /// With a tied head one of the two tensors may be stored, under either name, or both if they
    /// are equal to the bit.
    private static func resolveTiedHead(
        _ names: inout [String: String], _ source: TensorSource,
        _ configuration: DecoderConfiguration
    ) throws(CheckpointError) {
        guard configuration.tiedHead else { return }
        let embedding = TensorNames.embedding(configuration)
        guard let head = names.removeValue(forKey: TensorNames.head(configuration)) else { return }
        guard let stored = names[embedding] else {
            names[embedding] = head
            return
        }
        guard try haveEqualBytes(source, stored, head) else {
            throw .untiedHead(directory: source.path, tensor: head)
        }
    }

    private static func checkNames(
        _ names: [String: String], _ layout: ParameterLayout, _ source: TensorSource
    ) throws(CheckpointError) {
        let missing = layout.entries.map(\.name).filter { names[$0] == nil }
        if let what = TensorNames.foreignKind(Array(names.keys)), !missing.isEmpty {
            throw .unsupported(file: source.path, what: what)
        }
        if missing.count == layout.entries.count, let found = source.names.first {
            throw .otherNames(directory: source.path, got: found, expected: missing[0])
        }
        guard missing.isEmpty else {
            throw .missingTensors(directory: source.path, names: missing)
        }
        let unknown = names.filter { layout[$0.key] == nil }.map(\.value).sorted()
        guard unknown.isEmpty else {
            throw .unknownTensors(directory: source.path, names: unknown)
        }
    }

    private static func checkShapes(
        _ names: [String: String], _ layout: ParameterLayout, _ source: TensorSource
    ) throws(CheckpointError) {
        for entry in layout.entries {
            guard let name = names[entry.name], let tensor = source[name] else { continue }
            guard tensor.shape == entry.shape else {
                throw .shape(
                    directory: source.path, tensor: name, got: tensor.shape, expected: entry.shape)
            }
            guard tensor.type.isFloatingPoint else {
                throw .notFloatingPoint(
                    file: try source.file(of: name).path, tensor: name, got: tensor.type.rawValue)
            }
        }
    }
}

/// Whether two tensors have the same type, shape and bytes.
func haveEqualBytes(
    _ source: TensorSource, _ first: String, _ second: String
) throws(CheckpointError) -> Bool {
    guard let a = source[first], let b = source[second], a.type == b.type, a.shape == b.shape
    else { return false }
    do {
        return try source.withBytes(of: first) { first in
            try source.withBytes(of: second) { second in
                guard let x = first.baseAddress, let y = second.baseAddress else { return true }
                return memcmp(x, y, first.count) == 0
            }
        }
    } catch let error as CheckpointError {
        throw error
    } catch {
        throw .unreadable(path: source.path, reason: "\(error)")
    }
}

extension DecoderConfiguration {
    /// With the end-of-text tokens of `generation_config.json`, if it names any. The first stays
    /// the one of `config.json` if that is among them, as it is the one that training data end in.
    package func withEnds(_ tokens: [Int32]?) -> DecoderConfiguration {
        guard let tokens, !tokens.isEmpty else { return self }
        var result = self
        let own = eosTokenIDs.filter(tokens.contains)
        result.eosTokenIDs = own + tokens.filter { !own.contains($0) }
        return result
    }
}
