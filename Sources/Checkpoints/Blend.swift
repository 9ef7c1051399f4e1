import StreamIO
import Transformer

/// A weighted mean of checkpoints: θ = Σᵢ wᵢ·θᵢ, tensor by tensor.
///
/// With two inputs and wₘₗₑ = α, w_cpo = 1 − α this is the weight-space ensemble
/// θ_α = α·θ_MLE + (1 − α)·θ_CPO of Feng et al. (2025). Sums are taken in double precision and
/// rounded once to the type of the output. An input of weight 0 is not read, so that NaN in it does
/// no harm, and one of weight 1 keeps its bits.
public struct Blend: Sendable {
    /// A checkpoint and its coefficient.
    public struct Input: Sendable, Hashable {
        /// The checkpoint's directory.
        public var directory: String
        /// Its coefficient.
        public var weight: Double

        /// An input with its values.
        public init(directory: String, weight: Double) {
            self.directory = directory
            self.weight = weight
        }
    }

    /// The checkpoints, with coefficients that sum to 1.
    public let inputs: [Input]
    /// Whether the coefficients given did not sum to 1.
    public let wasNormalised: Bool
    let models: [BlendModel]
    let tensors: [BlendTensor]
    /// What a user should know about the inputs.
    public var warnings: [String] { models.flatMap(\.warnings) }
    /// Whether the output's head is the embedding table.
    let tiedHead: Bool

    /// How far from 1 the sum of the coefficients may be by rounding of their decimals.
    private static let sumTolerance = 1e-6

    /// Opens the inputs and makes sure that they fit together.
    ///
    /// - Parameters:
    ///   - inputs: at least one
    ///   - normalising: whether coefficients that do not sum to 1 are divided by their sum
    /// - Throws: ``CheckpointError/coefficients(_:)``, ``CheckpointError/incompatible(_:)`` with all
    ///   differences, and what is wrong with an input.
    public init(_ inputs: [Input], normalising: Bool = false) throws(CheckpointError) {
        (self.inputs, wasNormalised) = try Self.checked(inputs, normalising: normalising)
        var models: [BlendModel] = []
        for input in inputs { models.append(try BlendModel(input.directory)) }
        let tied = models.allSatisfy(\.isTied)
        for index in models.indices { try models[index].settleHead(tied: tied) }
        let differences = try BlendModel.differences(models)
        guard differences.isEmpty else { throw .incompatible(differences) }
        self.models = models
        tiedHead = tied
        tensors = models.first?.tensors ?? []
    }

    /// The two checkpoints of the method: `alpha` is the coefficient of the MLE model.
    ///
    /// - Throws: as ``init(_:normalising:)``, and ``CheckpointError/coefficients(_:)`` for an
    ///   `alpha` outside [0, 1].
    public init(cpo: String, mle: String, alpha: Double) throws(CheckpointError) {
        guard (0...1).contains(alpha) else {
            throw .coefficients("alpha out of range (got \(alpha), expected 0 to 1)")
        }
        try self.init([
            Input(directory: cpo, weight: 1 - alpha), Input(directory: mle, weight: alpha),
        ])
    }

    private static func checked(
        _ inputs: [Input], normalising: Bool
    ) throws(CheckpointError) -> ([Input], Bool) {
        guard !inputs.isEmpty else { throw .coefficients("no checkpoints to blend") }
        for input in inputs where !(input.weight >= 0 && input.weight.isFinite) {
            throw .coefficients(
                "\(input.directory): bad weight (got \(input.weight), expected 0 or more)")
        }
        let sum = inputs.reduce(0) { $0 + $1.weight }
        guard sum > 0, sum.isFinite else {
            throw .coefficients("weights sum to \(sum) (expected 1)")
        }
        // A sum of 0.999999 is within the tolerance, whatever the last bit of the difference says.
        let exact = (sum - 1).magnitude <= sumTolerance * (1 + 1e-9)
        guard exact || normalising else {
            throw .coefficients(
                "weights sum to \(sum) (expected 1 within \(sumTolerance), or --normalize)")
        }
        // Three times 0.333333 shall be a mean, not a mean shrunk by a millionth.
        let divided = inputs.map { Input(directory: $0.directory, weight: $0.weight / sum) }
        return (sum == 1 ? inputs : divided, !exact)
    }

    /// The type that the weights are written in unless another is asked for: that of the first
    /// input's embeddings, or of its largest tensor.
    public var defaultType: WeightType {
        let largest = tensors.max { $0.description.byteCount < $1.description.byteCount }
        return WeightType(largest?.description.type ?? .f32)
    }
}

// MARK: - Writing

extension Blend {
    /// Writes the blended checkpoint, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - path: the directory; an older checkpoint of that name is replaced
    ///   - type: the type of all floating-point tensors; nil keeps those of the first input
    ///   - maximumShardSize: the largest weight file in bytes
    ///   - tool: name and version, for the provenance
    /// - Throws: ``CheckpointError``, `StreamError`.
    public func write(
        to path: String, as type: WeightType? = nil,
        maximumShardSize: Int = WeightFiles.defaultShardSize, tool: String
    ) throws {
        let digests = try models.map { try WeightFiles.digest(directory: $0.directory) }
        let outputs = tensors.map { $0.output(as: type) }
        let sources = Dictionary(
            zip(outputs, tensors).map { ($0.name, $1) }, uniquingKeysWith: { first, _ in first })
        let provenance = zip(inputs, digests).map { "\($0.weight)*sha256:\($1)" }
        try AtomicDirectory.write(to: path, holding: .checkpoint) { temporary in
            try writeConfiguration(to: temporary, type: type ?? defaultType)
            try copyCompanions(to: temporary)
            try CompanionFiles.write(
                report(digests: digests, tool: tool), to: joinPath(temporary, CompanionFiles.blend))
            try WeightFiles.write(
                to: temporary, tensors: outputs,
                metadata: ["tool": tool, "parents": provenance.joined(separator: " ")],
                maximumShardSize: maximumShardSize
            ) { output, sink in
                guard let tensor = sources[output.name] else { return }
                try write(tensor, as: output.type, to: sink)
            }
        }
    }

    private func writeConfiguration(to directory: String, type: WeightType) throws {
        guard let first = models.first else { return }
        let bytes: [UInt8]
        if var config = first.config {
            config.configuration.tiedHead = tiedHead
            bytes = try config.serialized(type: type)
        } else {
            var members = first.rawConfig
            for key in ["dtype", "torch_dtype"] { members[key] = .string(type.rawValue) }
            bytes = try JSONValue.object(members).prettyPrinted()
        }
        try CompanionFiles.write(bytes, to: joinPath(directory, HuggingFaceConfig.fileName))
    }

    /// Copies generation settings and tokenizer of the first input that has any.
    private func copyCompanions(to directory: String) throws {
        for names in [[CompanionFiles.generationConfig], CompanionFiles.tokenizer] {
            for model in models {
                let copied = try CompanionFiles.copy(names, from: model.directory, to: directory)
                if !copied.isEmpty { break }
            }
        }
    }

    private func report(
        digests: [String], tool: String
    ) throws(JSONError) -> [UInt8] {
        let list = zip(inputs, digests).map { input, digest -> JSONValue in
            .object([
                "path": .string(input.directory), "sha256": .string(digest),
                "weight": .number(input.weight),
            ])
        }
        return try JSONValue.object([
            "formula": .string("sum of weight * tensor, in double precision, rounded once"),
            "inputs": .array(list), "normalized": .bool(wasNormalised), "tool": .string(tool),
        ]).prettyPrinted()
    }

    // MARK: Arithmetic

    /// The bytes of one tensor of the inputs that count, with their coefficients.
    private func write(
        _ tensor: BlendTensor, as type: TensorType, to sink: SafetensorsWriter.Sink
    ) throws {
        guard tensor.description.type.isFloatingPoint else {
            guard let first = models.first else { return }
            return try first.withBytes(of: tensor.name) { _, bytes in try sink(bytes) }
        }
        var parts: [BlendPart] = []
        try gather(tensor, from: 0, into: &parts) { parts in
            if parts.count == 1, parts[0].type == type, parts[0].weight == 1 {
                return try sink(parts[0].bytes)
            }
            try blend(parts, as: type, tensor: tensor.name, to: sink)
        }
    }

    /// Collects the tensor's bytes of all inputs whose weight is not zero, then calls `body`.
    private func gather(
        _ tensor: BlendTensor, from index: Int, into parts: inout [BlendPart],
        _ body: ([BlendPart]) throws -> Void
    ) throws {
        guard index < models.count else { return try body(parts) }
        let weight = inputs[index].weight
        guard weight > 0 else {
            return try gather(tensor, from: index + 1, into: &parts, body)
        }
        try models[index].withBytes(of: tensor.name) { description, bytes in
            parts.append(BlendPart(bytes: bytes, type: description.type, weight: weight))
            try gather(tensor, from: index + 1, into: &parts, body)
        }
    }
}
