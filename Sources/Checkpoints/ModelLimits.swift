import Transformer

/// Bounds that no real model reaches. Within them the number of weights fits 63 bits with room to
/// spare, so that a damaged configuration gives a message and not an arithmetic trap.
package enum ModelLimits {
    /// Largest value of any width, of the vocabulary and of the positions' number.
    package static let width = 1 << 24
    /// Largest number of blocks.
    package static let layers = 1024

    /// What exceeds the bounds, nil if nothing does.
    static func excess(_ c: DecoderConfiguration) -> String? {
        let widths = [
            ("vocabulary size", c.vocabularySize), ("width", c.width),
            ("heads times head width", c.queryWidth),
            ("feed-forward width", c.feedForwardWidth), ("positions", c.maximumPositions),
        ]
        for (name, value) in widths where value > width {
            return "\(name): got \(value), expected at most \(width)"
        }
        if c.layerCount > layers {
            return "layers: got \(c.layerCount), expected at most \(layers)"
        }
        let count = ParameterLayout(c).count
        return count > weights ? "weights: got \(count), expected at most \(weights)" : nil
    }

    /// Largest number of weights: what training needs for so many can still be counted in bytes.
    static let weights = 1 << 44
}
