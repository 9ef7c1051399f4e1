import Kernels
public import Objectives
public import Training

/// The check of a first step whose policy is the reference: all margins are zero, so that the loss is
/// known, as a mean over the prompts.
public struct FirstStepCheck: Sendable {
    private let loss: PreferenceLoss
    private let tolerance: Double
    private let isRounded: Bool

    /// - Parameters:
    ///   - precision: what the factors of matrix products are rounded to
    ///   - isRounded: whether training starts from weights rounded to bfloat16, and the reference scores
    ///     are of those before
    public init(loss: PreferenceLoss, precision: MatrixPrecision, isRounded: Bool) {
        self.loss = loss
        self.isRounded = isRounded
        // For each token: what another order of sums, or roundings of 2⁻⁹, make of a log-probability.
        // Another model is further away whatever β is; its effect on the loss shrinks with β.
        tolerance = isRounded ? 0.1 : precision == .float32 ? 1e-3 : 2e-2
    }

    /// Checks the result of the first step before its update.
    ///
    /// - Parameters:
    ///   - candidates: K of each prompt of the step
    ///   - hasOtherTerms: whether the loss has terms besides the preference loss
    ///   - recordIDs: names of the run's records
    /// - Throws: ``TrainingError/foreignScores(_:record:isRounded:)``,
    ///   ``TrainingError/referenceIsNotStart(loss:expected:)``
    public func check(
        _ result: StepResult, candidates: [Int], hasOtherTerms: Bool, recordIDs: [String]
    ) throws(TrainingError) {
        if let gap = result.referenceGap, gap.perToken > tolerance {
            throw .foreignScores(gap, record: recordIDs[gap.record], isRounded: isRounded)
        }
        guard !hasOtherTerms, !isRounded else { return }
        let values = candidates.map(loss.valueAtReference)
        let expected = values.reduce(0, +) / Double(max(1, values.count))
        guard abs(result.loss - expected) <= 1e-3 else {
            throw .referenceIsNotStart(loss: result.loss, expected: expected)
        }
    }
}
