public import Checkpoints
import StreamIO
import Transformer

/// A whole run: steps, evaluations, metrics, checkpoints, resume.
public struct TrainingRun {
    /// How a run ended.
    public enum Ending: Sendable, Hashable {
        /// All steps were made, and the checkpoint is saved.
        case finished
        /// A signal came; what was done is saved.
        case interrupted
        /// A signal came before there was anything to save.
        case interruptedUnsaved
    }

    private let start: Checkpoint
    private let trainer: Trainer
    private let outputs: RunOutputs
    private let settings: SettingFields
    private let evaluation: Evaluation?
    private let recordIDs: [String]
    private let warn: (String) -> Void
    private let saved: SavedCheckpoints
    /// What the next save writes, apart from the step.
    private var state: TrainingState
    /// Whether what is in the output directory is this run's.
    private var isOurs = false
    /// The step of the checkpoint in the output directory, if it is this run's and can be read.
    private var savedStep: Int?
    /// Whether there is anything that the saved checkpoint does not have.
    private var hasUnsaved = true

    /// - Parameters:
    ///   - start: the checkpoint that training starts from; its weights are trained in place
    ///   - trainer: over the start's weights
    ///   - settings: what a continued run must share
    ///   - recordIDs: names of the objective's records, for messages
    ///   - evaluation: the loss on records that are not trained on
    ///   - warn: told of what a user should know
    public init(
        start: Checkpoint, trainer: Trainer, outputs: RunOutputs, settings: SettingFields,
        recordIDs: [String] = [], evaluation: Evaluation? = nil,
        warn: @escaping (String) -> Void = { _ in }
    ) {
        self.start = start
        self.trainer = trainer
        self.outputs = outputs
        self.settings = settings
        self.recordIDs = recordIDs
        self.evaluation = evaluation
        self.warn = warn
        saved = SavedCheckpoints(directory: outputs.directory)
        state = TrainingState(step: 0, totalSteps: trainer.configuration.steps, settings: settings)
    }

    /// Continues from the newest complete state in the output directory: weights, moments and step.
    ///
    /// - Returns: the number of steps that were made before; nil if there is no state.
    /// - Throws: ``TrainingError/foreignState(path:differences:)`` if it is that of another run.
    public mutating func resume() throws -> Int? {
        guard let (checkpoint, state) = try saved.newestState(warn: warn) else { return nil }
        try state.check(settings, path: checkpoint)
        guard try Checkpoint.configuration(directory: checkpoint) == start.configuration else {
            throw TrainingError.badState(
                path: checkpoint, reason: "its model has another shape than --model")
        }
        try state.restore(
            from: checkpoint, optimizer: trainer.optimizer, weights: start.weights,
            layout: trainer.model.layout)
        self.state.best = state.best
        self.state.pending = state.pending
        isOurs = true
        savedStep = checkpoint == outputs.directory ? state.step : nil
        return state.step
    }

    /// Makes the steps that are left and saves the checkpoint; stops in order after a signal.
    ///
    /// - Parameters:
    ///   - firstStep: called with the first step's result before its update, unless resumed
    ///   - onStep: called after each step with its report and, if it was evaluated, the loss
    public mutating func run(
        firstStep: (StepResult) throws -> Void = { _ in },
        onStep: (StepReport, Double?) throws -> Void
    ) throws -> Ending {
        let before = trainer.optimizer.step - (state.pending == nil ? 0 : 1)
        let metrics = try outputs.metrics.map {
            try MetricsFile(path: $0, afterStep: before, warn: warn)
        }
        do {
            do {
                try makeSteps(metrics, firstStep, onStep)
            } catch is Interrupted {
                // What was computed need not be finished: the step before it is.
            }
            let isFinished =
                trainer.optimizer.step >= trainer.configuration.steps && state.pending == nil
            guard isFinished || trainer.lastRecords != nil else { return .interruptedUnsaved }
            if hasUnsaved { try save(metrics) }
            return isFinished ? .finished : .interrupted
        } catch let failure as FailedStep {
            throw TrainingError.diverged(try conclude(explain(failure), metrics))
        } catch TrainingError.diverged(let divergence) {
            throw TrainingError.diverged(try conclude(divergence, metrics))
        } catch {
            // Not because of the numbers: the disk that metrics go to is full, say.
            if trainer.lastRecords != nil, hasUnsaved { try? save(nil) }
            throw error
        }
    }

    private mutating func makeSteps(
        _ metrics: MetricsFile?, _ firstStep: (StepResult) throws -> Void,
        _ onStep: (StepReport, Double?) throws -> Void
    ) throws {
        try finishPending(metrics)
        let steps = trainer.configuration.steps
        while trainer.optimizer.step < steps, !Interruption.requested {
            let isFirst = trainer.optimizer.step == 0
            let report = try trainer.makeStep { if isFirst { try firstStep($0) } }
            hasUnsaved = true
            state.pending = report.metrics
            let loss = try finishPending(metrics)
            try onStep(report, loss)
            if let every = outputs.saveEvery, report.step % every == 0, report.step < steps {
                try save(metrics)
            }
        }
    }

    /// Evaluates after the last step if that is due, and writes its line.
    ///
    /// - Returns: the evaluation loss.
    @discardableResult
    private mutating func finishPending(_ metrics: MetricsFile?) throws -> Double? {
        guard var fields = state.pending else { return nil }
        let step = trainer.optimizer.step
        let steps = trainer.configuration.steps
        var loss: Double?
        if let evaluation, step % (outputs.evaluateEvery ?? steps) == 0 || step == steps {
            let value = try evaluation.loss(trainer.model, step: step)
            loss = value
            fields["eval_loss"] = .number(value)
            if value < state.best?.loss ?? .infinity {
                state.best = TrainingState.Best(loss: value, step: step)
            }
        }
        try metrics?.write(fields)
        state.pending = nil
        return loss
    }

    // MARK: Divergence

    /// Finds out why a step failed.
    private func explain(_ failure: FailedStep) throws -> Divergence {
        var divergence = failure.divergence
        let (place, records) = try trainer.diagnose(failure)
        divergence.place = place
        divergence.records = records.map {
            recordIDs.indices.contains($0) ? recordIDs[$0] : "\($0)"
        }
        return divergence
    }

    /// Keeps the last good state: that before the bad step, if it is whole and sound, else what is saved.
    private mutating func conclude(
        _ divergence: Divergence, _ metrics: MetricsFile?
    ) throws -> Divergence {
        var divergence = divergence
        let step = trainer.optimizer.step
        let isSound = try divergence.leavesWeights && trainer.isSound()
        if isSound, trainer.lastRecords != nil, hasUnsaved {
            try save(metrics)
            divergence.outcome = "\(outputs.directory) holds the state after step \(step)"
        } else if let savedStep {
            let reason =
                isSound
                ? ""
                : divergence.leavesWeights
                    ? " (later weights are no good)"
                    : " (later weights are half updated)"
            divergence.outcome =
                "\(outputs.directory) holds the last good state, that after step \(savedStep)\(reason)"
        } else {
            divergence.outcome = "nothing was saved"
        }
        return divergence
    }

    // MARK: Saving

    private mutating func save(_ metrics: MetricsFile?) throws {
        if let tensor = trainer.firstNonFiniteTensor() {
            var divergence = Divergence(
                step: trainer.optimizer.step, what: "a value after its update", value: nil,
                place: tensor)
            divergence.leavesWeights = false
            throw TrainingError.diverged(divergence)
        }
        try metrics?.synchronize()
        state.step = trainer.optimizer.step
        do {
            try save(as: outputs.weightType)
        } catch let error as CheckpointError where outputs.weightType != .float32 {
            // Weights that do not fit the type: nothing is lost for that.
            try save(as: .float32)
            warn(
                "\(outputs.directory) holds the state after step \(state.step), its weights as float32"
            )
            hasUnsaved = false
            throw error
        }
        isOurs = true
        savedStep = state.step
        hasUnsaved = false
    }

    private func save(as type: WeightType) throws {
        var metadata = outputs.metadata
        metadata["steps"] = String(state.step)
        if !state.isFinished {
            metadata[Checkpoint.unfinishedKey] =
                "stopped after step \(state.step) of \(state.totalSteps)"
        }
        let rounds = start.weights.isCompact ? type == .float16 : type != .float32
        try start.save(
            to: outputs.directory, as: type, copyingTokenizerFrom: start.directory,
            metadata: metadata
        ) { temporary in
            if outputs.keepsState {
                try state.write(
                    into: temporary, optimizer: trainer.optimizer,
                    masters: rounds ? start.weights : nil, layout: trainer.model.layout)
            }
            guard isOurs else { return }
            let isKept = (outputs.keep ?? 1) > 1 && savedStep != state.step
            try saved.carryOver(
                to: temporary, current: isKept ? savedStep : nil,
                limit: outputs.keep.map { $0 - 1 })
        }
    }
}
