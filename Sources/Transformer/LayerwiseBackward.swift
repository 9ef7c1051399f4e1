import Kernels

extension Decoder {
    /// Adds the gradient of the objective to `gradients`, or, with ``BackwardMethod/deferred``, those of
    /// the final norm and the head, and leaves the rest for ``backwardBlocks(_:onBlock:)``.
    ///
    /// - Parameters:
    ///   - batch: whole trees
    ///   - objective: the loss's derivative with respect to each sequence's log-probability
    /// - Returns: the log-probability of each target, before any update.
    public func accumulateGradients(
        _ batch: PackedBatch, into gradients: StepGradients, objective: SequenceObjective
    ) -> [Float] {
        guard gradients.method != .kept else {
            return accumulateGradients(batch, into: gradients.buffer, objective: objective)
        }
        precondition(!isQuantized, "rounded weights have no gradient")
        guard batch.targetCount > 0 else { return [] }
        let pending = gradients.append(batch, configuration)
        let final = forward(batch, keeping: false) { copy($1, into: pending.input($0)) }
        let result = differentiateEnd(
            batch, final: final, gradients: gradients.buffer.base,
            residual: pending.outputGradient, objective: objective)
        if gradients.method == .recomputed {
            let residual = pending.outputGradient
            for layer in blocks.indices.reversed() {
                withWeights(parts.blocks[layer]) {
                    recomputeAndBackwardBlock(
                        layer, batch, input: pending.input(layer), residual: residual,
                        gradients: gradients.buffer.base)
                }
            }
            backwardEmbeddings(batch, residual: residual, gradients: gradients.buffer.base)
            gradients.removeLast()
        }
        return result
    }

    /// Runs the backward pass through the blocks for all micro-batches that are left to do, from the last
    /// block to the first. May be called again for the same gradients.
    ///
    /// - Parameter onBlock: called when the gradients of a block, elements of the given range, are
    ///   complete; the block's weights are not needed any more
    public func backwardBlocks(_ gradients: StepGradients, onBlock: (Range<Int>) -> Void) {
        for pending in gradients.pending {
            let gradient = pending.outputGradient
            copy(
                gradient,
                into: pending.residual.matrix(rows: gradient.rows, columns: gradient.columns))
        }
        for layer in blocks.indices.reversed() {
            withWeights(parts.blocks[layer]) {
                for pending in gradients.pending {
                    recomputeAndBackwardBlock(
                        layer, pending.batch, input: pending.input(layer),
                        residual: pending.residual.matrix(
                            rows: pending.batch.rowCount, columns: configuration.width),
                        gradients: gradients.buffer.base)
                }
            }
            onBlock(parts.blocks[layer])
        }
    }

    /// After ``backwardBlocks(_:onBlock:)``: adds the gradients of the embeddings.
    public func backwardEmbeddings(_ gradients: StepGradients) {
        for pending in gradients.pending {
            backwardEmbeddings(
                pending.batch,
                residual: pending.residual.matrix(
                    rows: pending.batch.rowCount, columns: configuration.width),
                gradients: gradients.buffer.base)
        }
    }
}
