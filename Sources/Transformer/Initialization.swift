import Glibc
import Kernels

extension ParameterBuffer {
    /// Fills the buffer with random initial weights: see ``ParameterStorage/initialize(_:seed:)``.
    public func initialize(_ configuration: DecoderConfiguration, seed: UInt64) {
        ParameterStorage.single(self).initialize(configuration, seed: seed)
    }
}

extension ParameterStorage {
    /// Fills in random initial weights: norms one, biases zero, matrices normal with the
    /// configuration's standard deviation; projections into the residual stream are divided by
    /// √(2 · layers) if it says so (Radford et al. 2019, section 2.3).
    ///
    /// Each tensor has a random stream of its own, named after it.
    public func initialize(_ configuration: DecoderConfiguration, seed: UInt64) {
        let entries = ParameterLayout(configuration).entries
        Parallel.forEach(entries.count) { index in
            let entry = entries[index]
            fill(entry) { values in
                guard entry.decays else {
                    let isOne =
                        entry.place?.kind == .weight && configuration.norm != .rmsPlusOne
                    values.update(repeating: isOne ? 1 : 0)
                    return
                }
                var deviation = configuration.initializerRange
                if configuration.scalesInitialProjections, entry.isResidualProjection {
                    deviation /= Float(2 * configuration.layerCount).squareRoot()
                }
                var random = RandomStream(seed: seed, name: "initial weights", entry.name)
                for index in values.indices { values[index] = deviation * random.normal() }
            }
        }
    }
}

extension ParameterEntry {
    /// Whether its output is added to the residual stream.
    fileprivate var isResidualProjection: Bool {
        guard case .block(_, let part)? = place?.role else { return false }
        return part == .attentionOutput || part == .down
    }
}

extension RandomStream {
    /// A draw from the standard normal distribution (Box & Muller 1958).
    mutating func normal() -> Float {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return Float(radius * cos(2 * .pi * uniform()))
    }
}
