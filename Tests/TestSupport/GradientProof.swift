import Transformer

/// What the gradient of a function of a model's parameters is, tensor by tensor.
public struct GradientProof: Sendable {
    /// A tensor and what is known of its gradient.
    public struct Tensor: Sendable {
        /// The tensor.
        public let entry: ParameterEntry
        /// The function's slopes when this tensor alone changes.
        public let slopes: DirectionalSlopes
    }

    /// All tensors, in the order of the layout.
    public let tensors: [Tensor]

    /// Measures a function at the parameters of `model`.
    ///
    /// - Parameters:
    ///   - names: the tensors to measure; nil for all
    ///   - value: the function, smooth
    public init(
        _ model: ReferenceModel, names: Set<String>? = nil,
        directions: Int = DirectionalSlopes.directionCount, _ value: (ReferenceModel) -> Double
    ) {
        var model = model
        tensors = model.layout.entries.filter { names?.contains($0.name) ?? true }.map { entry in
            let place = entry.offset..<entry.offset + entry.count
            let original = Array(model.parameters[place])
            defer { model.parameters.replaceSubrange(place, with: original) }
            return Tensor(
                entry: entry,
                slopes: DirectionalSlopes(of: entry.name, at: original, directions: directions) {
                    model.parameters.replaceSubrange(place, with: $0)
                    return value(model)
                })
        }
    }

    /// What is wrong with computed gradients, laid out as the parameters: a line for each tensor whose
    /// gradient is not the measured one, or whose measurement is not to be relied on.
    public func faults(_ gradients: ParameterBuffer) -> [String] {
        tensors.flatMap { tensor in
            let slopes = tensor.slopes
            let error = slopes.error(of: gradients.elements(of: tensor.entry))
            var faults: [String] = []
            if slopes.norm < 1e-5 { faults.append("no gradient to speak of") }
            if !slopes.areConsistent { faults.append("differences do not converge") }
            if error > DirectionalSlopes.tolerance { faults.append("wrong by \(error)") }
            return faults.map { "\(tensor.entry.name): \($0)" }
        }
    }

    /// Damages the gradients of one tensor after the other in every way there is, and lets the proof
    /// judge each of them.
    ///
    /// - Returns: how many faults there were, and those that were not found.
    public func injectFaults(
        into gradients: ParameterBuffer
    ) -> (injected: Int, missed: [String]) {
        var injected = 0
        var missed: [String] = []
        for tensor in tensors {
            let gradient = Array(gradients.elements(of: tensor.entry))
            for fault in GradientFault.allCases {
                injected += 1
                let damaged = fault.applied(to: gradient, shape: tensor.entry.shape)
                if tensor.slopes.error(of: damaged) <= DirectionalSlopes.tolerance {
                    missed.append("\(fault.rawValue) \(tensor.entry.name)")
                }
            }
        }
        return (injected, missed)
    }
}

/// Ways in which a backward pass may be wrong about one tensor.
public enum GradientFault: String, CaseIterable, Sendable {
    /// No gradient at all.
    case zeroed
    /// No gradient for the first half of the elements.
    case halfZeroed
    /// No gradient for one row, or element: the one with the largest.
    case rowZeroed
    /// Rows and columns exchanged; elements of a vector moved on by one.
    case transposed
    /// Five percent too large.
    case scaled
    /// The first half five percent too small.
    case halfScaled
    /// Of the wrong sign.
    case negated
    /// Added twice.
    case doubled

    /// The gradient of a tensor with this fault.
    public func applied(to gradient: [Float], shape: [Int]) -> [Float] {
        let count = gradient.count
        let columns = shape.count > 1 ? shape[shape.count - 1] : 1
        let rows = count / columns
        switch self {
        case .zeroed: return [Float](repeating: 0, count: count)
        case .halfZeroed: return gradient.indices.map { $0 < count / 2 ? 0 : gradient[$0] }
        case .rowZeroed:
            let squares = (0..<rows).map { row in
                gradient[row * columns..<(row + 1) * columns].reduce(0) { $0 + $1 * $1 }
            }
            let largest = squares.indices.max { squares[$0] < squares[$1] } ?? 0
            return gradient.indices.map { $0 / columns == largest ? 0 : gradient[$0] }
        case .transposed:
            guard columns > 1 else { return gradient.indices.map { gradient[($0 + 1) % count] } }
            return gradient.indices.map { gradient[$0 % rows * columns + $0 / rows] }
        case .scaled: return gradient.map { 1.05 * $0 }
        case .halfScaled:
            return gradient.indices.map { $0 < count / 2 ? 0.95 * gradient[$0] : gradient[$0] }
        case .negated: return gradient.map { -$0 }
        case .doubled: return gradient.map { 2 * $0 }
        }
    }
}
