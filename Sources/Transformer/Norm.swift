import Kernels

/// A norm of a model. Holds offsets into the parameters.
struct Norm: Sendable {
    private let kind: NormKind
    private let weight: Int
    private let bias: Int?
    private let epsilon: Float
    /// Groups of channels of a row that are normed on their own, with the same weights.
    private let groups: Int

    /// The norm of a role of the layout.
    ///
    /// - Parameter groups: how many of them there are side by side in a row
    init(
        _ configuration: DecoderConfiguration, _ layout: ParameterLayout, _ role: ParameterRole,
        groups: Int? = nil
    ) {
        // Norms of queries and keys have no LayerNorm form.
        kind = groups != nil && configuration.norm == .layer ? .rms : configuration.norm
        weight = layout.entry(role).offset
        bias = layout[role, .bias]?.offset
        epsilon = configuration.normEpsilon
        self.groups = groups ?? 1
    }

    /// - Parameters:
    ///   - x: (T, C)
    ///   - y: (T, C)
    ///   - statistics: 2T floats, or T for each group, kept for the backward pass
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, into y: MatrixView,
        statistics: UnsafeMutablePointer<Float>
    ) {
        if let bias {
            layerNormForward(
                x, weight: parameters + weight, bias: parameters + bias, epsilon: epsilon,
                into: y, statistics: statistics)
        } else {
            rmsNormForward(
                x, weight: parameters + weight, offset: offset, groups: groups, epsilon: epsilon,
                into: y, inverseRMS: statistics)
        }
    }

    /// Adds to the gradients of `x` and of the norm's parameters.
    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        _ x: MatrixView, statistics: UnsafeMutablePointer<Float>, gradient: MatrixView,
        xGradient: MatrixView
    ) {
        if let bias {
            layerNormBackward(
                x, weight: parameters + weight, statistics: statistics, gradient: gradient,
                xGradient: xGradient, weightGradient: gradients + weight,
                biasGradient: gradients + bias)
        } else {
            rmsNormBackward(
                x, weight: parameters + weight, offset: offset, groups: groups,
                inverseRMS: statistics, gradient: gradient, xGradient: xGradient,
                weightGradient: gradients + weight)
        }
    }

    /// What is added to weights.
    private var offset: Float { kind == .rmsPlusOne ? 1 : 0 }
}
