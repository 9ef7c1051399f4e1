import Kernels

extension PackedBatch {
    /// Targets of a sequence whose tokens are inputs of later rows: all but the last.
    public func inputTargets(ofSequence sequence: Int) -> Range<Int> {
        let range = targetRanges[sequence]
        return range.lowerBound..<max(range.lowerBound, range.upperBound - 1)
    }

    /// The same batch, targets included, with other tokens as inputs.
    ///
    /// - Parameter tokens: the new input of the row behind each of these targets, which are among
    ///   ``inputTargets(ofSequence:)`` of sequences that share no rows with others
    public func replacingInputs(_ tokens: [(target: Int, token: Int32)]) -> PackedBatch {
        var result = self
        for (target, token) in tokens { result.tokens[targets[target].row + 1] = token }
        return result
    }
}

extension Decoder {
    /// Hands over the logits from which some targets are predicted.
    ///
    /// - Parameters:
    ///   - targets: indices of targets of the batch
    ///   - body: gets an index into `targets` and the logits, (V), which it may overwrite; called on all
    ///     threads at once
    public func predict(
        _ targets: [Int], of batch: PackedBatch,
        _ body: (_ index: Int, _ logits: UnsafeMutablePointer<Float>) -> Void
    ) {
        guard !targets.isEmpty else { return }
        let final = forward(batch, keeping: false)
        for start in stride(from: 0, to: targets.count, by: head.rowLimit) {
            let piece = targets[start..<min(start + head.rowLimit, targets.count)]
            let hidden = hidden(piece.map { batch.targets[$0].row }, of: final)
            let logits = head.logits(piece.count, in: memory.logits)
            withWeights(parts.projection) {
                head.project(floats.base, hidden, into: logits)
            }
            Parallel.forEach(piece.count) { index in
                body(start + index, logits.base + index * logits.stride)
            }
        }
    }
}
