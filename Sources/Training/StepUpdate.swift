import Kernels
import Transformer

/// The end of a step: what is left of its backward pass, the gradient's norm, clipping and the update, in the
/// order that the memory plan asks for.
struct StepUpdate {
    let model: Decoder
    let optimizer: AdamW
    let gradients: StepGradients
    let learningRate: Double

    /// Whether gradients are applied, and given up, as soon as they are complete.
    private var appliesAsTheyCome: Bool {
        gradients.method == .deferred && optimizer.configuration.clipNorm == .infinity
    }

    /// Whether an update that fails leaves weights and moments as they were.
    var leavesWeights: Bool { !appliesAsTheyCome }

    /// Updates the model.
    ///
    /// - Returns: the gradient's norm before clipping; if it is not usable, nothing is updated, unless
    ///   gradients are applied as they come.
    func perform() -> Double {
        if appliesAsTheyCome { return applyAsTheyCome() }
        return gradients.method == .deferred ? performInTwoPasses() : performAtOnce()
    }

    private func performAtOnce() -> Double {
        let whole = 0..<gradients.buffer.count
        let norm = squares(whole).squareRoot()
        guard optimizer.isUsable(norm: norm) else { return norm }
        optimizer.step += 1
        apply(model.layout.entries[...], clip: optimizer.clip(norm))
        return norm
    }

    /// Applies the gradient of each part as soon as it is complete. Parts after one whose gradient is not
    /// finite stay as they are.
    private func applyAsTheyCome() -> Double {
        let parts = PartEntries(model)
        var sum = 0.0
        optimizer.step += 1
        func take(_ range: Range<Int>) {
            sum += squares(range)
            guard optimizer.isUsable(norm: sum.squareRoot()) else { return }
            apply(parts[range], clip: 1)
            discard(range)
        }
        take(parts.parts.finalNorm)
        take(parts.parts.head)
        model.backwardBlocks(gradients, onBlock: take)
        model.backwardEmbeddings(gradients)
        take(parts.parts.embeddings)
        if !optimizer.isUsable(norm: sum.squareRoot()) { optimizer.step -= 1 }
        return sum.squareRoot()
    }

    /// Goes through the blocks once for the norm, and again for the gradients, which clipping needs the
    /// norm for. Those of embeddings, final norm and head stay in between.
    private func performInTwoPasses() -> Double {
        let parts = PartEntries(model)
        var sum = 0.0
        model.backwardBlocks(gradients) { range in
            sum += squares(range)
            discard(range)
        }
        model.backwardEmbeddings(gradients)
        let ends = [parts.parts.embeddings, parts.parts.finalNorm, parts.parts.head]
        for range in ends { sum += squares(range) }
        let norm = sum.squareRoot()
        guard optimizer.isUsable(norm: norm) else { return norm }
        optimizer.step += 1
        let clip = optimizer.clip(norm)
        func take(_ range: Range<Int>) {
            apply(parts[range], clip: clip)
            discard(range)
        }
        for range in ends { take(range) }
        model.backwardBlocks(gradients, onBlock: take)
        return norm
    }

    private func squares(_ range: Range<Int>) -> Double {
        var sum = 0.0
        StageClock.measure(.optimizer) {
            sum = sumOfSquares(gradients.buffer.base + range.lowerBound, count: range.count)
        }
        return sum
    }

    private func apply(_ entries: ArraySlice<ParameterEntry>, clip: Double) {
        StageClock.measure(.optimizer) {
            optimizer.update(
                model, entries, gradients: gradients.buffer, learningRate: learningRate, clip: clip)
        }
    }

    private func discard(_ range: Range<Int>) {
        StageClock.measure(.optimizer) { gradients.buffer.discard(range) }
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
