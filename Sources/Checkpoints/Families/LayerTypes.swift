import StreamIO
import Transformer

extension ConfigurationObject {
    /// Which blocks have a window, by `layer_types`; nil if the file does not say.
    func slidingLayers(_ layers: Int) throws(CheckpointError) -> [Bool]? {
        guard let value = self["layer_types"] else { return nil }
        guard case .array(let list) = value, list.count == layers else {
            throw .configuration(
                file: file,
                what: "layer_types: got \(Self.text(value)), expected a list of \(layers) types")
        }
        var isSliding: [Bool] = []
        for type in list {
            guard type == .string("sliding_attention") || type == .string("full_attention") else {
                throw .unsupported(
                    file: file,
                    what: "layer_types (got \(Self.text(type)), expected full_attention or "
                        + "sliding_attention)")
            }
            isSliding.append(type == .string("sliding_attention"))
        }
        return isSliding
    }

    /// The width of windows, of a file that must have one.
    ///
    /// - Parameter fallback: where the file does not say; nil to refuse
    func window(default fallback: Int? = nil) throws(CheckpointError) -> Int {
        guard members["sliding_window"] != .null else {
            throw .configuration(
                file: file,
                what: "sliding_window: got null, expected the width of windows, as "
                    + "layer_types has sliding_attention")
        }
        return try count("sliding_window", default: fallback)
    }

    /// Windows as Qwen has them: if `use_sliding_window`, in blocks that `layer_types` says, else in those
    /// from `max_window_layers` on.
    func readOptionalWindows(into c: inout DecoderConfiguration) throws(CheckpointError) {
        let isOn = try flag("use_sliding_window", default: false)
        let hasNone = members["sliding_window"] == .null
        let first = try wholeNumber("max_window_layers", default: 28)
        let layers = c.layerCount
        let isSliding =
            try slidingLayers(layers)
            ?? (0..<layers).map { isOn && !hasNone && $0 >= first }
        guard isSliding.contains(true) else { return }
        guard isOn else {
            throw .unsupported(
                file: file,
                what: "layer_types (got sliding_attention with use_sliding_window false, expected "
                    + "full_attention throughout)")
        }
        let window = try window(default: 4096)
        let plain = c.attention(ofLayer: 0)
        c.attention = isSliding.map {
            AttentionTraits(rotary: plain.rotary, window: $0 ? window : nil)
        }
    }

    /// A number that may be zero.
    private func wholeNumber(
        _ key: String, default fallback: Int
    ) throws(CheckpointError) -> Int {
        self[key]?.wholeNumber == 0 ? 0 : try count(key, default: fallback)
    }
}

extension ConfigurationMembers {
    /// `layer_types`, by the windows of blocks.
    mutating func setLayerTypes(_ c: DecoderConfiguration) {
        members["layer_types"] = .array(
            c.attentionOfLayers.map {
                .string($0.window == nil ? "full_attention" : "sliding_attention")
            })
    }

    /// What ``ConfigurationObject/readOptionalWindows(into:)`` reads.
    mutating func setOptionalWindows(_ c: DecoderConfiguration) {
        let window = c.attentionOfLayers.lazy.compactMap(\.window).first
        set("use_sliding_window", window != nil)
        guard let window else { return }
        set("sliding_window", window)
        setLayerTypes(c)
    }
}
