import Kernels

/// The norm between the last block and the vocabulary projection.
struct FinalNorm: Sendable {
    private enum Kind: Sendable {
        case rms(weight: Int)
        case layer(weight: Int, bias: Int)
    }

    private let kind: Kind
    private let epsilon: Float

    init(_ configuration: DecoderConfiguration, _ layout: ParameterLayout) {
        epsilon = configuration.normEpsilon
        switch configuration.architecture {
        case .llama: kind = .rms(weight: layout.offset("model.norm.weight"))
        case .gpt2:
            kind = .layer(
                weight: layout.offset("transformer.ln_f.weight"),
                bias: layout.offset("transformer.ln_f.bias"))
        }
    }

    /// - Parameters:
    ///   - x: (R, C)
    ///   - y: (R, C)
    ///   - statistics: 2R floats, kept for the backward pass
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, into y: MatrixView,
        statistics: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .rms(let weight):
            rmsNormForward(
                x, weight: parameters + weight, epsilon: epsilon, into: y, inverseRMS: statistics)
        case .layer(let weight, let bias):
            layerNormForward(
                x, weight: parameters + weight, bias: parameters + bias, epsilon: epsilon,
                into: y, statistics: statistics)
        }
    }

    /// Adds to the gradients of `x` and of the norm's parameters.
    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        _ x: MatrixView, statistics: UnsafeMutablePointer<Float>, gradient: MatrixView,
        xGradient: MatrixView
    ) {
        switch kind {
        case .rms(let weight):
            rmsNormBackward(
                x, weight: parameters + weight, inverseRMS: statistics, gradient: gradient,
                xGradient: xGradient, weightGradient: gradients + weight)
        case .layer(let weight, let bias):
            layerNormBackward(
                x, weight: parameters + weight, statistics: statistics, gradient: gradient,
                xGradient: xGradient, weightGradient: gradients + weight,
                biasGradient: gradients + bias)
        }
    }
}
