import StreamIO

/// What `config.json` says about rotary positions, in any of its spellings.
struct RotaryParameters {
    /// θ, the base of the frequencies.
    var theta: Float
    /// What positions are divided by; 1 for no scaling.
    var scale: Float

    /// Reads `rope_parameters` (newer), `rope_scaling` and `rope_theta` (older).
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` for every kind of scaling but the linear
    ///   one, and for whatever else is not understood.
    init(_ object: ConfigurationObject) throws(CheckpointError) {
        theta = try object.number("rope_theta", default: 10_000)
        var scales: [(key: String, scale: Float)] = []
        for key in ["rope_scaling", "rope_parameters"] {
            guard let rotary = try object.object(key) else { continue }
            theta = try rotary.number("rope_theta", default: theta)
            if let scale = try Self.scale(key, rotary) { scales.append((key, scale)) }
        }
        if let first = scales.first, let last = scales.last, first.scale != last.scale {
            throw .configuration(
                file: object.file,
                what: "\(first.key) and \(last.key) contradict each other "
                    + "(got factors \(first.scale) and \(last.scale))")
        }
        scale = scales.first?.scale ?? 1
    }

    /// The factor of one of the objects; nil if it says nothing about scaling.
    private static func scale(
        _ key: String, _ rotary: ConfigurationObject
    ) throws(CheckpointError) -> Float? {
        func unsupported(_ what: String) -> CheckpointError {
            .unsupported(file: rotary.file, what: "\(key): \(what)")
        }
        var type = try rotary.string("rope_type")
        if type == nil { type = try rotary.string("type") }
        // What the others mean depends on the type; these mean nothing for those that are known.
        let known = [
            "rope_type", "type", "rope_theta", "factor", "partial_rotary_factor",
            "original_max_position_embeddings",
        ]
        guard ["default", "none", "linear", nil].contains(type) else {
            throw unsupported("rope_type (got \(type ?? ""), expected default or linear)")
        }
        for (name, value) in rotary.members.sorted(by: { $0.key < $1.key })
        where !known.contains(name) && value != .null {
            throw unsupported("\(name) (got \(ConfigurationObject.text(value)), expected none)")
        }
        if let part = try rotary.optionalNumber("partial_rotary_factor"), part != 1 {
            throw unsupported("partial_rotary_factor (got \(part), expected 1)")
        }
        let factor = try rotary.number("factor", default: 1)
        switch type {
        case "linear": return factor
        case nil where rotary["factor"] == nil: return nil
        case _ where factor != 1:
            throw unsupported(
                "factor (got \(factor) with rope_type \(type ?? "absent"), expected linear)")
        default: return 1
        }
    }
}
