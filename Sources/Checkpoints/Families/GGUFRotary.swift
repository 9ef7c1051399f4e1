import StreamIO
import Transformer

/// What the metadata and tensors of a GGUF file say about rotary positions, and back.
struct GGUFRotary {
    let metadata: GGUFMetadata
    /// What keys begin with.
    let architecture: String

    /// Factors of rotary frequencies, as Llama 3.1 has them.
    static let frequencies = "rope_freqs.weight"
    /// Those of LongRoPE.
    static let shortFactors = "rope_factors_short.weight"
    static let longFactors = "rope_factors_long.weight"
    /// Keys that are read here.
    static let keys: Set<String> = [
        "rope.freq_base", "rope.scaling.type", "rope.scaling.factor", "rope.scale_linear",
        "rope.scaling.original_context_length", "rope.scaling.finetuned",
        "rope.scaling.attn_factor", "rope.dimension_count",
    ]

    private func key(_ name: String) -> String { "\(architecture).\(name)" }

    /// Base, part and scaling.
    ///
    /// - Parameter given: θ for a file that does not have it
    func traits(
        headWidth: Int, positions: Int, given: Float?
    ) throws(CheckpointError) -> RotaryTraits {
        let width = try metadata.count(key("rope.dimension_count")) ?? headWidth
        guard width % 2 == 0, width <= headWidth else {
            throw metadata.fault(
                .value(
                    key: key("rope.dimension_count"), got: "\(width)",
                    expected: "an even number, at most \(headWidth)"))
        }
        return RotaryTraits(
            theta: try theta(given: given), width: width == headWidth ? nil : width,
            scaling: try scaling(width: width, positions: positions, theta: given))
    }

    /// θ of the rotary frequencies.
    ///
    /// - Throws: ``CheckpointError/gguf(file:_:)`` if neither the file nor the user has one, or both
    ///   and they differ.
    private func theta(given: Float?) throws(CheckpointError) -> Float {
        let base = key("rope.freq_base")
        guard let own = try metadata.number(base) else {
            guard let given else { throw metadata.fault(.missingKey(base)) }
            return given
        }
        guard let given, given != own else { return own }
        throw metadata.fault(
            .value(key: base, got: "\(own)", expected: "\(given), as --rope-theta says"))
    }

    /// A factor without a type is that of linear scaling.
    private func scaling(
        width: Int, positions: Int, theta: Float?
    ) throws(CheckpointError) -> RotaryScaling {
        let type = try metadata.string(key("rope.scaling.type")) ?? "linear"
        let factor = try linearFactor()
        let original = try metadata.count(key("rope.scaling.original_context_length"))
        let magnitude = try magnitude()
        let short = try factors(Self.shortFactors, width)
        let long = try factors(Self.longFactors, width)
        let plain = try factors(Self.frequencies, width)
        if let short, let long {
            let original = original ?? positions
            let inferred = RotaryScaling.longRopeMagnitude(
                factor: Float(positions) / Float(original), positions: original)
            return .longRope(
                RotaryScaling.LongRope(
                    short: short, long: long, positions: original,
                    magnitude: magnitude ?? inferred))
        }
        if let plain, plain.contains(where: { $0 != 1 }) {
            guard factor == 1 || type == "none" else {
                throw metadata.fault(
                    .unsupported(
                        what: Self.frequencies, got: "factors of frequencies, and \(type) scaling",
                        expected: "one of the two"))
            }
            return try llama3(plain, width: width, positions: positions, theta: theta)
        }
        switch type {
        case "none": return .none
        case "linear":
            if let magnitude, magnitude != 1 {
                throw metadata.fault(
                    .unsupported(
                        what: key("rope.scaling.attn_factor"), got: "\(magnitude)", expected: "1"))
            }
            return factor == 1 ? .none : .linear(factor: factor)
        case "yarn":
            return .yarn(
                RotaryScaling.YaRN(
                    factor: factor, positions: original ?? positions,
                    magnitude: (magnitude ?? 1) * RotaryScaling.yarnMagnitude(factor: factor)))
        default:
            throw metadata.fault(
                .unsupported(
                    what: key("rope.scaling.type"), got: type,
                    expected: "none, linear or yarn, or factors of frequencies as a tensor"))
        }
    }

    /// The factor on cosines and sines; zero stands for none.
    private func magnitude() throws(CheckpointError) -> Float? {
        let name = key("rope.scaling.attn_factor")
        if metadata.file.metadata[name] == .number(0) { return nil }
        return try metadata.number(name)
    }

    /// The factor on positions; 1 for none.
    private func linearFactor() throws(CheckpointError) -> Float {
        let factor = try positiveFactor(key("rope.scaling.factor"))
        let legacy = try positiveFactor(key("rope.scale_linear"))
        if let factor, let legacy, factor != legacy {
            throw metadata.fault(
                .value(
                    key: key("rope.scale_linear"), got: "\(legacy)",
                    expected: "\(factor), as \(key("rope.scaling.factor")) says"))
        }
        return factor ?? legacy ?? 1
    }

    /// A factor; zero stands for none.
    private func positiveFactor(_ key: String) throws(CheckpointError) -> Float? {
        switch metadata.file.metadata[key] {
        case .number(0)?, .integer(0)?: nil
        case .integer(let number)? where number > 0: Float(number)
        default: try metadata.number(key)
        }
    }

    /// A tensor of factors, one for each pair of channels.
    private func factors(_ name: String, _ width: Int) throws(CheckpointError) -> [Float]? {
        guard let tensor = metadata.file[name] else { return nil }
        guard tensor.shape == [width / 2] else {
            throw metadata.fault(.shape(tensor: name, got: tensor.shape, expected: [width / 2]))
        }
        let values = try metadata.file.floats(name)
        guard values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw metadata.fault(
                .value(key: name, got: "\(values.prefix(4))…", expected: "positive numbers"))
        }
        return values
    }

    /// Llama 3.1's scaling, if the factors are its with the parameters of the published models; else just
    /// these factors.
    private func llama3(
        _ factors: [Float], width: Int, positions: Int, theta: Float?
    ) throws(CheckpointError) -> RotaryScaling {
        let theta = try self.theta(given: theta)
        for original in [8192, positions] {
            let scaling = RotaryScaling.llama3(
                factor: factors.max() ?? 1, low: 1, high: 4, positions: original)
            let own = scaling.factors(width: width, theta: theta)
            if zip(own, factors).allSatisfy({ abs($0 - $1) <= 1e-4 * $1 }) { return scaling }
        }
        return .longRope(
            RotaryScaling.LongRope(
                short: factors, long: factors, positions: positions, magnitude: 1))
    }

    // MARK: Writing

    /// The metadata of a model's rotation, keys without the architecture.
    static func metadata(of c: DecoderConfiguration) throws(CheckpointError) -> [GGUFEntry] {
        guard let rotary = c.attentionOfLayers.lazy.compactMap(\.rotary).first else { return [] }
        return try metadata(of: rotary, headWidth: c.headWidth)
    }

    /// The metadata of a rotation, keys without the architecture.
    static func metadata(
        of rotary: RotaryTraits, headWidth: Int
    ) throws(CheckpointError) -> [GGUFEntry] {
        if let width = rotary.width, width % 2 != 0 {
            throw .unsupported(
                file: "GGUF",
                what: "partial_rotary_factor (got \(width) channels, expected an even number)")
        }
        var entries = [
            GGUFEntry("rope.freq_base", rotary.theta),
            GGUFEntry("rope.dimension_count", rotary.width ?? headWidth),
        ]
        switch rotary.scaling {
        case .none, .llama3: break
        case .linear(let factor):
            entries.append(GGUFEntry("rope.scaling.type", .string("linear")))
            entries.append(GGUFEntry("rope.scaling.factor", factor))
        case .yarn(let yarn):
            entries.append(GGUFEntry("rope.scaling.type", .string("yarn")))
            entries.append(GGUFEntry("rope.scaling.factor", yarn.factor))
            entries.append(GGUFEntry("rope.scaling.original_context_length", yarn.positions))
            guard yarn.fast == 32, yarn.slow == 1, yarn.truncates else {
                throw .unsupported(
                    file: "GGUF", what: "YaRN with other ramps than those of the paper")
            }
            let inferred = RotaryScaling.yarnMagnitude(factor: yarn.factor)
            entries.append(GGUFEntry("rope.scaling.attn_factor", yarn.magnitude / inferred))
        case .longRope(let longRope):
            entries.append(GGUFEntry("rope.scaling.original_context_length", longRope.positions))
            entries.append(GGUFEntry("rope.scaling.attn_factor", longRope.magnitude))
        }
        return entries
    }

    /// Tensors of a model's rotation, in single precision.
    static func tensors(of c: DecoderConfiguration) -> [(name: String, values: [Float])] {
        guard let rotary = c.attentionOfLayers.lazy.compactMap(\.rotary).first else { return [] }
        switch rotary.scaling {
        case .none, .linear, .yarn: return []
        case .llama3:
            let width = rotary.width ?? c.headWidth
            return [
                (frequencies, rotary.scaling.factors(width: width, theta: rotary.theta))
            ]
        case .longRope(let longRope):
            return [(shortFactors, longRope.short), (longFactors, longRope.long)]
        }
    }
}

extension GGUFFamily {
    /// Tensors of a file beside the weights: factors of rotary frequencies, in single precision.
    public func rotaryTensors(
        of configuration: DecoderConfiguration
    ) -> [(name: String, values: [Float])] {
        GGUFRotary.tensors(of: configuration)
    }
}
