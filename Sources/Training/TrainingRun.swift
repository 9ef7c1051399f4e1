public import Checkpoints
import StreamIO
public import Transformer

/// Where a run's results go.
public struct RunOutputs: Sendable {
    /// The checkpoint directory.
    public var directory: String
    /// Type of the weights in the checkpoint.
    public var weightType = WeightType.float32
    /// The metrics file.
    public var metrics: String?
    /// Steps between saved checkpoints; nil saves at the end only.
    public var saveEvery: Int?
    /// Whether checkpoints carry what a resumed run needs.
    public var keepsState = true
    /// Steps between evaluations.
    public var evaluateEvery: Int?
    /// Provenance for the weight files' `__metadata__`.
    public var metadata: [String: String] = [:]

    /// Outputs that go to a directory.
    public init(directory: String) {
        self.directory = directory
    }
}

/// A whole run: steps, evaluations, metrics, checkpoints, resume.
public struct TrainingRun {
    private let start: Checkpoint
    private let trainer: Trainer
    private let outputs: RunOutputs
    private let settings: [String: String]
    private let evaluation: ((Decoder) throws -> Double)?
    private var best: TrainingState.Best?

    /// - Parameters:
    ///   - start: the checkpoint that training starts from; its weights are trained in place
    ///   - trainer: over the start's weights
    ///   - settings: what a continued run must share
    ///   - evaluation: the loss on records that are not trained on
    public init(
        start: Checkpoint, trainer: Trainer, outputs: RunOutputs, settings: [String: String],
        evaluation: ((Decoder) throws -> Double)? = nil
    ) {
        self.start = start
        self.trainer = trainer
        self.outputs = outputs
        self.settings = settings
        self.evaluation = evaluation
    }

    /// Continues from the checkpoint in the output directory: weights, moments and step.
    ///
    /// - Returns: the number of steps that were made before.
    public mutating func resume() throws -> Int {
        let saved = try Checkpoint.configuration(directory: outputs.directory)
        guard saved == start.configuration else {
            throw TrainingError.badState(
                path: outputs.directory, reason: "its model has another shape than --model")
        }
        let state = try TrainingState.read(
            from: outputs.directory, into: trainer.optimizer, layout: trainer.model.layout,
            settings: settings)
        // In place: there may not be room for the weights twice.
        try Checkpoint.readWeights(directory: outputs.directory, into: start.weights)
        best = state.best
        return state.step
    }

    /// Makes the steps that are left and saves the checkpoint; stops in order after a signal.
    ///
    /// - Parameters:
    ///   - firstStep: called with the first step's result before its update, unless resumed
    ///   - onStep: called after each step with its report and, if it was evaluated, the loss
    /// - Returns: whether all steps were made; false after a signal.
    public mutating func run(
        firstStep: (StepResult) throws -> Void = { _ in },
        onStep: (StepReport, Double?) throws -> Void
    ) throws -> Bool {
        let metrics = try outputs.metrics.map {
            try MetricsFile(path: $0, afterStep: trainer.optimizer.step)
        }
        var unsaved = true
        let steps = trainer.configuration.steps
        while trainer.optimizer.step < steps, !Interruption.requested {
            let isFirst = trainer.optimizer.step == 0
            let report = try trainer.makeStep { if isFirst { try firstStep($0) } }
            unsaved = true
            var fields = report.metrics
            var loss: Double?
            if let evaluation,
                report.step % (outputs.evaluateEvery ?? steps) == 0
                    || report.step == steps
            {
                let value = try evaluation(trainer.model)
                loss = value
                fields["eval_loss"] = .number(value)
                if value < best?.loss ?? .infinity {
                    best = TrainingState.Best(loss: value, step: report.step)
                }
            }
            try metrics?.write(fields)
            try onStep(report, loss)
            if let every = outputs.saveEvery, report.step % every == 0, report.step < steps {
                try save()
                unsaved = false
            }
        }
        if unsaved { try save() }
        return trainer.optimizer.step >= steps
    }

    private func save() throws {
        var metadata = outputs.metadata
        metadata["steps"] = String(trainer.optimizer.step)
        let state = TrainingState(step: trainer.optimizer.step, settings: settings, best: best)
        try start.save(
            to: outputs.directory, as: outputs.weightType,
            copyingTokenizerFrom: start.directory, metadata: metadata
        ) { temporary in
            guard outputs.keepsState else { return }
            try state.write(
                into: temporary, optimizer: trainer.optimizer, layout: trainer.model.layout)
        }
    }
}
