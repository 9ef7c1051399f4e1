import Kernels
import Transformer

/// The constants of AdamW and of gradient clipping.
public struct AdamWConfiguration: Sendable, Hashable {
    /// Decay of the first moment.
    public var beta1 = 0.9
    /// Decay of the second moment.
    public var beta2 = 0.999
    /// Added to the root of the second moment.
    public var epsilon = 1e-8
    /// Decoupled decay, on parameters with two or more dimensions.
    public var weightDecay = 0.05
    /// Largest norm of the gradient; larger ones are scaled down to it. Infinity never clips.
    public var clipNorm = 1.0

    /// The defaults of the method.
    public init() {}
}

/// AdamW (Loshchilov & Hutter 2019) with clipping by the global norm.
public final class AdamW {
    /// The constants.
    public let configuration: AdamWConfiguration
    /// First moments, laid out as the parameters.
    public let firstMoments: ParameterBuffer
    /// Second moments, laid out as the parameters.
    public let secondMoments: ParameterBuffer
    /// Updates made so far.
    public internal(set) var step = 0

    /// An optimizer that has made no update.
    public init(parameterCount: Int, configuration: AdamWConfiguration) {
        self.configuration = configuration
        firstMoments = ParameterBuffer(count: parameterCount)
        secondMoments = ParameterBuffer(count: parameterCount)
    }

    /// Updates the model's parameters.
    ///
    /// - Returns: the gradient's norm before clipping.
    public func update(
        _ model: Decoder, gradients: ParameterBuffer, learningRate: Double
    ) -> Double {
        let norm = sumOfSquares(gradients.base, count: gradients.count).squareRoot()
        guard norm.isFinite else { return norm }
        step += 1
        // The small constant is the reference implementation's guard against division by zero.
        let clip = min(1, configuration.clipNorm / (norm + 1e-6))
        for entry in model.layout.entries {
            adamWUpdate(
                parameters: model.parameters.base + entry.offset,
                gradients: gradients.base + entry.offset,
                firstMoments: firstMoments.base + entry.offset,
                secondMoments: secondMoments.base + entry.offset, count: entry.count, step: step,
                learningRate: Float(learningRate), beta1: Float(configuration.beta1),
                beta2: Float(configuration.beta2), epsilon: Float(configuration.epsilon),
                weightDecay: entry.decays ? Float(configuration.weightDecay) : 0,
                gradientScale: Float(clip))
        }
        return norm
    }
}
