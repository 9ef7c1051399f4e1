import StreamIO
import Transformer

/// What `config.json` says about rotary positions, in any of its spellings.
struct RotaryParameters {
    /// Base and scaling.
    private(set) var traits = RotaryTraits()
    /// The share of a head's channels that rotates.
    private(set) var part = 1.0

    /// Reads `rope_parameters` (newer), `rope_scaling` and `rope_theta` (older).
    ///
    /// - Parameters:
    ///   - theta: the base where the file has none
    ///   - allowsPart: whether less than whole heads may rotate
    ///   - layerType: whose parameters are read, where each type of layers has its own
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` for kinds of scaling that are not computed,
    ///   and for whatever else is not understood.
    init(
        _ object: ConfigurationObject, theta: Float, allowsPart: Bool = false,
        layerType: String? = nil
    ) throws(CheckpointError) {
        traits.theta = try object.number("rope_theta", default: theta)
        part = try object.optionalNumber("partial_rotary_factor") ?? 1
        var found: [(key: String, scaling: RotaryScaling)] = []
        for key in ["rope_scaling", "rope_parameters"] {
            guard var rotary = try object.object(key) else { continue }
            let nested = rotary.members.keys.filter { $0.hasSuffix("_attention") }
            if !nested.isEmpty {
                guard let layerType, nested.count == rotary.members.count else {
                    throw .unsupported(
                        file: object.file,
                        what: "\(key): parameters by type of layer (got "
                            + "\(nested.sorted().joined(separator: " ")), expected one for all)")
                }
                guard let own = try rotary.object(layerType) else { continue }
                rotary = own
            }
            traits.theta = try rotary.number("rope_theta", default: traits.theta)
            part = try rotary.optionalNumber("partial_rotary_factor") ?? part
            if let scaling = try Self.scaling(key, rotary, object) { found.append((key, scaling)) }
        }
        guard part > 0, part <= 1, allowsPart || part == 1 else {
            throw .unsupported(
                file: object.file,
                what:
                    "partial_rotary_factor (got \(part), expected \(allowsPart ? "at most " : "")1)"
            )
        }
        if let first = found.first, let last = found.last, first.scaling != last.scaling {
            throw .configuration(
                file: object.file,
                what: "\(first.key) and \(last.key) contradict each other "
                    + "(got \(first.scaling) and \(last.scaling))")
        }
        traits.scaling = found.first?.scaling ?? .none
    }

    /// Keys of each type of scaling, beside those of all types.
    private static let keys: [String: Set<String>] = [
        "default": [], "none": [], "linear": [],
        "llama3": ["low_freq_factor", "high_freq_factor"],
        "yarn": [
            "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor", "truncate",
        ],
        "longrope": ["short_factor", "long_factor", "attention_factor"],
        "su": ["short_factor", "long_factor", "attention_factor"],
    ]
    private static let commonKeys: Set<String> = [
        "rope_type", "type", "rope_theta", "factor", "partial_rotary_factor",
        "original_max_position_embeddings",
    ]

    /// The scaling of one of the objects; nil if it says nothing about it.
    private static func scaling(
        _ key: String, _ rotary: ConfigurationObject, _ config: ConfigurationObject
    ) throws(CheckpointError) -> RotaryScaling? {
        func unsupported(_ what: String) -> CheckpointError {
            .unsupported(file: rotary.file, what: "\(key): \(what)")
        }
        var named = try rotary.string("rope_type")
        if named == nil { named = try rotary.string("type") }
        guard let own = keys[named ?? "default"] else {
            throw unsupported(
                "rope_type (got \(named ?? ""), expected default, linear, llama3, yarn or longrope)"
            )
        }
        for (name, value) in rotary.members.sorted(by: { $0.key < $1.key })
        where !commonKeys.contains(name) && !own.contains(name) && !value.isNull {
            throw unsupported("\(name) (got \(ConfigurationObject.text(value)), expected none)")
        }
        guard let type = named else {
            guard rotary["factor"] != nil else { return nil }
            return try plain(rotary, "absent", unsupported)
        }
        switch type {
        case "linear":
            let factor = try rotary.number("factor", default: 1)
            return factor == 1 ? RotaryScaling.none : .linear(factor: factor)
        case "llama3":
            return .llama3(
                factor: try rotary.requiredNumber("factor"),
                low: try rotary.requiredNumber("low_freq_factor"),
                high: try rotary.requiredNumber("high_freq_factor"),
                positions: try originalPositions(rotary, config))
        case "yarn": return .yarn(try yarn(rotary, config))
        case "longrope", "su": return .longRope(try longRope(rotary, config))
        default: return try plain(rotary, type, unsupported)
        }
    }

    /// No scaling; a factor would be one of another type.
    private static func plain(
        _ rotary: ConfigurationObject, _ type: String, _ unsupported: (String) -> CheckpointError
    ) throws(CheckpointError) -> RotaryScaling {
        let factor = try rotary.number("factor", default: 1)
        guard factor == 1 else {
            throw unsupported("factor (got \(factor) with rope_type \(type), expected linear)")
        }
        return .none
    }

    /// Positions that the model was first trained with: beside the scaling (Phi-3) before in it.
    private static func originalPositions(
        _ rotary: ConfigurationObject, _ config: ConfigurationObject
    ) throws(CheckpointError) -> Int {
        let key = "original_max_position_embeddings"
        if config[key] != nil { return try config.count(key) }
        if rotary[key] != nil { return try rotary.count(key) }
        return try config.count("max_position_embeddings")
    }

    private static func yarn(
        _ rotary: ConfigurationObject, _ config: ConfigurationObject
    ) throws(CheckpointError) -> RotaryScaling.YaRN {
        let factor = try rotary.requiredNumber("factor")
        func magnitude(_ scale: Float) -> Float {
            RotaryScaling.yarnMagnitude(factor: factor, scale: scale)
        }
        var inferred = magnitude(1)
        if let scale = try rotary.optionalNumber("mscale"),
            let allScale = try rotary.optionalNumber("mscale_all_dim"), scale != 0, allScale != 0
        {
            inferred = magnitude(Float(scale)) / magnitude(Float(allScale))
        }
        return RotaryScaling.YaRN(
            factor: factor, positions: try originalPositions(rotary, config),
            fast: try rotary.number("beta_fast", default: 32),
            slow: try rotary.number("beta_slow", default: 1),
            truncates: try rotary.flag("truncate", default: true),
            magnitude: try rotary.number("attention_factor", default: inferred))
    }

    private static func longRope(
        _ rotary: ConfigurationObject, _ config: ConfigurationObject
    ) throws(CheckpointError) -> RotaryScaling.LongRope {
        let positions = try originalPositions(rotary, config)
        let all = try config.count("max_position_embeddings", default: positions)
        let factor = try rotary.number("factor", default: Float(all) / Float(positions))
        return RotaryScaling.LongRope(
            short: try rotary.numbers("short_factor"), long: try rotary.numbers("long_factor"),
            positions: positions,
            magnitude: try rotary.number(
                "attention_factor",
                default: RotaryScaling.longRopeMagnitude(factor: factor, positions: positions)))
    }

    /// What `rope_parameters` says about a scaling.
    static func members(_ scaling: RotaryScaling) -> JSONObject {
        func number(_ value: Float) -> JSONValue { JSONValue(shortest: value) }
        func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        switch scaling {
        case .none: return ["rope_type": .string("default")]
        case .linear(let factor): return ["rope_type": .string("linear"), "factor": number(factor)]
        case .llama3(let factor, let low, let high, let positions):
            return [
                "rope_type": .string("llama3"), "factor": number(factor),
                "low_freq_factor": number(low), "high_freq_factor": number(high),
                "original_max_position_embeddings": count(positions),
            ]
        case .yarn(let yarn):
            return [
                "rope_type": .string("yarn"), "factor": number(yarn.factor),
                "beta_fast": number(yarn.fast), "beta_slow": number(yarn.slow),
                "truncate": .bool(yarn.truncates), "attention_factor": number(yarn.magnitude),
                "original_max_position_embeddings": count(yarn.positions),
            ]
        case .longRope(let longRope):
            return [
                "rope_type": .string("longrope"),
                "short_factor": .array(longRope.short.map(number)),
                "long_factor": .array(longRope.long.map(number)),
                "attention_factor": number(longRope.magnitude),
                "original_max_position_embeddings": count(longRope.positions),
            ]
        }
    }
}
