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

    /// Updates the model's parameters, after the backward passes that are left to do.
    ///
    /// - Returns: the gradient's norm before clipping; if it is not ``isUsable(norm:)``, nothing is
    ///   updated, unless gradients are applied as they come.
    public func update(
        _ model: Decoder, gradients: StepGradients, learningRate: Double
    ) -> Double {
        if gradients.method == .deferred {
            return configuration.clipNorm == .infinity
                ? updateAsTheyCome(model, gradients, learningRate)
                : updateInTwoPasses(model, gradients, learningRate)
        }
        let buffer = gradients.buffer
        var norm = 0.0
        StageClock.measure(.optimizer) {
            norm = sumOfSquares(buffer.base, count: buffer.count).squareRoot()
            guard isUsable(norm: norm) else { return }
            step += 1
            update(
                model, model.layout.entries[...], gradients: buffer, learningRate: learningRate,
                clip: clip(norm))
        }
        return norm
    }

    /// Whether single precision can hold what becomes of a gradient of this norm: itself, scaled, and
    /// the squares in the second moments. Larger ones come from runs that have diverged.
    func isUsable(norm: Double) -> Bool {
        norm <= 1e30 && min(norm, configuration.clipNorm) <= 1e18
    }

    /// Whether an update that fails leaves weights and moments as they were.
    func leavesWeights(_ method: BackwardMethod) -> Bool {
        method != .deferred || configuration.clipNorm != .infinity
    }

    /// The factor on gradients of this norm.
    private func clip(_ norm: Double) -> Double {
        // The small constant is the reference implementation's guard against division by zero.
        min(1, configuration.clipNorm / (norm + 1e-6))
    }

    // MARK: Part by part

    /// Applies the gradient of each part as soon as it is complete. Parts after one whose gradient is not
    /// finite stay as they are.
    private func updateAsTheyCome(
        _ model: Decoder, _ gradients: StepGradients, _ learningRate: Double
    ) -> Double {
        let parts = PartEntries(model)
        var squares = 0.0
        step += 1
        func apply(_ range: Range<Int>) {
            StageClock.measure(.optimizer) {
                squares += sumOfSquares(
                    gradients.buffer.base + range.lowerBound, count: range.count)
                guard isUsable(norm: squares.squareRoot()) else { return }
                update(
                    model, parts[range], gradients: gradients.buffer, learningRate: learningRate,
                    clip: 1)
                gradients.buffer.discard(range)
            }
        }
        apply(parts.parts.finalNorm)
        apply(parts.parts.head)
        model.backwardBlocks(gradients, onBlock: apply)
        model.backwardEmbeddings(gradients)
        apply(parts.parts.embeddings)
        if !isUsable(norm: squares.squareRoot()) { step -= 1 }
        return squares.squareRoot()
    }

    /// Goes through the blocks once for the norm, and again for the gradients, which clipping needs the
    /// norm for. Those of embeddings, final norm and head stay in between.
    private func updateInTwoPasses(
        _ model: Decoder, _ gradients: StepGradients, _ learningRate: Double
    ) -> Double {
        let parts = PartEntries(model)
        var squares = 0.0
        func measure(_ range: Range<Int>) {
            StageClock.measure(.optimizer) {
                squares += sumOfSquares(
                    gradients.buffer.base + range.lowerBound, count: range.count)
            }
        }
        model.backwardBlocks(gradients) { range in
            measure(range)
            gradients.buffer.discard(range)
        }
        model.backwardEmbeddings(gradients)
        let ends = [parts.parts.embeddings, parts.parts.finalNorm, parts.parts.head]
        for range in ends { measure(range) }
        let norm = squares.squareRoot()
        guard isUsable(norm: norm) else { return norm }
        step += 1
        let clip = clip(norm)
        func apply(_ range: Range<Int>) {
            StageClock.measure(.optimizer) {
                update(
                    model, parts[range], gradients: gradients.buffer, learningRate: learningRate,
                    clip: clip)
                gradients.buffer.discard(range)
            }
        }
        for range in ends { apply(range) }
        model.backwardBlocks(gradients, onBlock: apply)
        return norm
    }

    // MARK: Entries

    private func update(
        _ model: Decoder, _ entries: ArraySlice<ParameterEntry>, gradients: ParameterBuffer,
        learningRate: Double, clip: Double
    ) {
        for entry in entries {
            let decay = entry.decays ? Float(configuration.weightDecay) : 0
            let update = AdamWUpdate(
                step: step, learningRate: Float(learningRate), beta1: Float(configuration.beta1),
                beta2: Float(configuration.beta2), epsilon: Float(configuration.epsilon),
                weightDecay: decay, gradientScale: Float(clip))
            switch (firstMoments, secondMoments) {
            case (.single(let first), .single(let second)):
                update.apply(
                    parameters: model.parameters.base + entry.offset,
                    gradients: gradients.base + entry.offset,
                    firstMoments: first.base + entry.offset,
                    secondMoments: second.base + entry.offset, count: entry.count)
            case (.compact(let first), .compact(let second)):
                guard let parameters = model.compactParameters else {
                    preconditionFailure("compact moments of weights that are not")
                }
                update.apply(
                    parameters: parameters.base + entry.offset,
                    gradients: gradients.base + entry.offset,
                    firstMoments: first.base + entry.offset,
                    secondMoments: second.base + entry.offset, count: entry.count,
                    draws: RoundingDraws(seed: roundingSeed, tensor: entry.name, step: step))
            default: preconditionFailure("moments of two types")
            }
        }
    }
}

/// The tensors of each part of a model.
private struct PartEntries {
    let parts: ParameterParts
    private let entries: [ParameterEntry]

    init(_ model: Decoder) {
        parts = ParameterParts(model.configuration, model.layout)
        entries = model.layout.entries
    }

    /// The tensors in a part's range; entries are in the order of their offsets.
    subscript(range: Range<Int>) -> ArraySlice<ParameterEntry> {
        let first = entries.firstIndex { $0.offset >= range.lowerBound } ?? entries.endIndex
        let end = entries.firstIndex { $0.offset >= range.upperBound } ?? entries.endIndex
        return entries[first..<end]
    }
}
