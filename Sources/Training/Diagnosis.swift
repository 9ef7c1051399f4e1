import Transformer

/// A step that could not be made because its numbers are not finite.
public struct FailedStep: Error {
    /// What is not finite.
    public var divergence: Divergence
    /// The step's records.
    public var batch: [Int]
}

// What is found out after a step has failed. Nothing of it is part of a step that succeeds, so it may
// take its time.
extension TrainingRun {
    /// Finds out why a step failed.
    func explain(_ failure: FailedStep) throws -> Divergence {
        var divergence = failure.divergence
        let (place, records) = try diagnose(failure)
        divergence.place = place
        divergence.records = records.map {
            recordIDs.indices.contains($0) ? recordIDs[$0] : "\($0)"
        }
        return divergence
    }

    /// Finds where a failed step's numbers first are not finite, and which of its records alone cause
    /// that.
    ///
    /// - Returns: the place, if one is found, and the records.
    private func diagnose(_ failure: FailedStep) throws -> (place: String?, records: [Int]) {
        if let entry = model.weights.firstNonFinite(model.layout) {
            return ("the weights of \(entry.name)", [])
        }
        let step = failure.divergence.step - 1
        let whole = try probe(failure.batch, step: step)
        let causes = try Set(failure.batch).sorted().filter {
            try !probe([$0], step: step).isFinite
        }
        if whole.loss.isFinite {
            return (whole.tensor.map { "the gradient of \($0)" }, causes)
        }
        let place = causes.lazy.compactMap {
            self.model.firstNonFinite(PackedBatch([self.objective.tree(of: $0)]))
        }.first
        return (place, causes)
    }

    /// Whether the run can go on from its present weights and moments: all are finite, and so is the
    /// loss of the last step's records.
    func isSound() throws -> Bool {
        guard firstNonFiniteTensor() == nil else { return false }
        guard let lastRecords else { return true }
        return try probe(lastRecords, step: max(0, optimizer.step - 1)).loss.isFinite
    }

    /// The first tensor of weights or moments that is not finite.
    func firstNonFiniteTensor() -> String? {
        if let entry = model.weights.firstNonFinite(model.layout) {
            return "the weights of \(entry.name)"
        }
        for moments in [optimizer.firstMoments, optimizer.secondMoments] {
            if let entry = moments.firstNonFinite(model.layout) {
                return "the moments of \(entry.name)"
            }
        }
        return nil
    }

    private struct Probe {
        var loss: Double
        /// The first tensor, from the end of the model, whose gradient is not finite.
        var tensor: String?
        var isFinite: Bool { loss.isFinite && tensor == nil }
    }

    /// Loss and gradient of some records, without an update.
    private func probe(_ records: [Int], step: Int) throws -> Probe {
        gradients.reset()
        let result = try objective.accumulate(
            records, step: step, model: model, gradients: gradients)
        var probe = Probe(loss: result.loss)
        let parts = ParameterParts(model.configuration, model.layout)
        let buffer = ParameterStorage.single(gradients.buffer)
        func look(_ range: Range<Int>) {
            guard probe.tensor == nil, !buffer.isFinite(range) else { return }
            probe.tensor =
                model.layout.entries.last {
                    range.contains($0.offset)
                        && !buffer.isFinite($0.offset..<$0.offset + $0.count)
                }?.name
        }
        look(parts.head)
        look(parts.finalNorm)
        if gradients.method == .deferred {
            model.backwardBlocks(gradients) {
                look($0)
                gradients.buffer.discard($0)
            }
            model.backwardEmbeddings(gradients)
        } else {
            for block in parts.blocks.reversed() { look(block) }
        }
        look(parts.embeddings)
        return probe
    }
}
