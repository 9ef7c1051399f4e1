import StreamIO
public import Transformer

/// A loss on records that are not trained on.
public struct Evaluation {
    /// What a record adds to the loss: the mean over all records is Σ loss / Σ weight.
    public struct Term: Sendable, Hashable {
        /// The record's share of the sum of losses.
        public var loss: Double
        /// The record's share of the sum of weights.
        public var weight: Double

        /// A term.
        public init(loss: Double, weight: Double) {
            self.loss = loss
            self.weight = weight
        }
    }

    private let recordIDs: [String]
    private let terms: (Decoder) throws -> [Term]

    /// - Parameters:
    ///   - recordIDs: names of the records
    ///   - terms: one for each record; passes on what ``checkInterruption()`` throws
    public init(recordIDs: [String], terms: @escaping (Decoder) throws -> [Term]) {
        self.recordIDs = recordIDs
        self.terms = terms
    }

    /// The loss after a step.
    ///
    /// - Throws: ``Interrupted`` after a signal, ``Divergence`` if the loss is not finite.
    func loss(_ model: Decoder, step: Int) throws -> Double {
        let terms = try terms(model)
        let weight = terms.reduce(0) { $0 + $1.weight }
        let loss = terms.reduce(0) { $0 + $1.loss } / max(weight, .leastNormalMagnitude)
        guard loss.isFinite else {
            var divergence = Divergence(step: step, what: "evaluation loss", value: loss)
            divergence.records = zip(recordIDs, terms).filter { !$1.loss.isFinite }.map(\.0)
            throw TrainingError.diverged(divergence)
        }
        return loss
    }
}

/// A signal came while something was computed that need not be finished.
public struct Interrupted: Error {
    /// An interruption.
    public init() {}
}

/// Throws ``Interrupted`` if a signal came.
public func checkInterruption() throws {
    if Interruption.requested { throw Interrupted() }
}
