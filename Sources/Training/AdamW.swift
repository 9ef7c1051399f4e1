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
    public let firstMoments: ParameterStorage
    /// Second moments, laid out as the parameters.
    public let secondMoments: ParameterStorage
    /// Updates made so far.
    public internal(set) var step = 0
    private let roundingSeed: UInt64

    /// An optimizer that has made no update.
    ///
    /// - Parameters:
    ///   - isCompact: whether moments are bfloat16, as the weights of the model then are
    ///   - roundingSeed: of stochastic rounding
    public init(
        parameterCount: Int, configuration: AdamWConfiguration, isCompact: Bool = false,
        roundingSeed: UInt64 = 0
    ) {
        self.configuration = configuration
        self.roundingSeed = roundingSeed
        firstMoments = ParameterStorage(count: parameterCount, isCompact: isCompact)
        secondMoments = ParameterStorage(count: parameterCount, isCompact: isCompact)
    }

    /// Whether single precision can hold what becomes of a gradient of this norm: itself, scaled, and
    /// the squares in the second moments. Larger ones come from runs that have diverged.
    func isUsable(norm: Double) -> Bool {
        norm <= 1e30 && min(norm, configuration.clipNorm) <= 1e18
    }

    /// The factor on gradients of this norm.
    func clip(_ norm: Double) -> Double {
        // The small constant is the reference implementation's guard against division by zero.
        min(1, configuration.clipNorm / (norm + 1e-6))
    }

    /// Updates some of a model's tensors; all updates of a step have the same ``step``.
    ///
    /// - Parameters:
    ///   - entries: the tensors
    ///   - gradients: laid out as the parameters
    ///   - clip: the factor on gradients
    func update(
        _ model: Decoder, _ entries: ArraySlice<ParameterEntry>, gradients: ParameterBuffer,
        learningRate: Double, clip: Double
    ) {
        for entry in entries {
            let decay = entry.decays ? Float(configuration.weightDecay) : 0
            let update = AdamWUpdate(
                step: step, learningRate: Float(learningRate), beta1: Float(configuration.beta1),
                beta2: Float(configuration.beta2), epsilon: Float(configuration.epsilon),
                weightDecay: decay, gradientScale: Float(clip))
            switch (model.weights, firstMoments, secondMoments) {
            case (.single(let weights), .single(let first), .single(let second)):
                update.apply(
                    parameters: weights.base + entry.offset,
                    gradients: gradients.base + entry.offset,
                    firstMoments: first.base + entry.offset,
                    secondMoments: second.base + entry.offset, count: entry.count)
            case (.compact(let weights), .compact(let first), .compact(let second)):
                update.apply(
                    parameters: weights.base + entry.offset,
                    gradients: gradients.base + entry.offset,
                    firstMoments: first.base + entry.offset,
                    secondMoments: second.base + entry.offset, count: entry.count,
                    draws: RoundingDraws(seed: roundingSeed, tensor: entry.name, step: step))
            default: preconditionFailure("moments of another type than the weights")
            }
        }
    }
}
