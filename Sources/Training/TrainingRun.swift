import Checkpoints
import Kernels
import StreamIO
public import Transformer

/// A training run: batches, gradients, updates, and around them evaluations, metrics, checkpoints, resume. What is
/// minimized is the objective's business.
public final class TrainingRun {
    /// How a run ended.
    public enum Ending: Sendable, Hashable {
        /// All steps were made, and the checkpoint is saved.
        case finished
        /// A signal came; what was done is saved.
        case interrupted
        /// A signal came before there was anything to save.
        case interruptedUnsaved
    }

    /// The model that is being trained.
    public let model: Decoder
    /// The constants of the run.
    public let configuration: TrainingConfiguration
    /// The optimizer and its moments.
    public let optimizer: AdamW
    /// Which records a step takes.
    public let order: BatchOrder
    let objective: any TrainingObjective
    let gradients: StepGradients
    /// Names of the objective's records, for messages.
    let recordIDs: [String]
    private let evaluation: Evaluation?
    private var files: RunFiles?
    /// What the next save writes, apart from the step.
    private var state: TrainingState
    /// The records of the last step that was made, if one was made here.
    private(set) var lastRecords: [Int]?
    /// Whether there is anything that the saved checkpoint does not have.
    private var hasUnsaved = true

    /// A run that is at its beginning.
    ///
    /// - Parameters:
    ///   - model: with compact weights if and only if the configuration's plan says so
    ///   - files: nil for a run that leaves nothing behind but the model's weights
    ///   - recordIDs: names of the objective's records, for messages
    ///   - evaluation: the loss on records that are not trained on
    public init(
        model: Decoder, objective: any TrainingObjective, configuration: TrainingConfiguration,
        files: RunFiles? = nil, recordIDs: [String] = [], evaluation: Evaluation? = nil
    ) {
        let plan = configuration.plan ?? .full
        precondition(model.weights.isCompact == plan.isCompact, "weights of another plan")
        self.model = model
        self.objective = objective
        self.configuration = configuration
        self.files = files
        self.recordIDs = recordIDs
        self.evaluation = evaluation
        optimizer = AdamW(
            parameterCount: model.layout.count, configuration: configuration.optimizer,
            isCompact: plan.isCompact, roundingSeed: configuration.roundingSeed)
        gradients = StepGradients(count: model.layout.count, method: plan.backward)
        order = BatchOrder(
            recordCount: objective.recordCount, batchSize: configuration.batchSize,
            seed: configuration.shuffleSeed)
        state = TrainingState(
            step: 0, totalSteps: configuration.steps, settings: files?.settings ?? [:])
    }

    /// Continues from the newest complete state in the output directory: weights, moments and step.
    ///
    /// - Returns: the number of steps that were made before; nil if there is no state.
    /// - Throws: ``TrainingError/foreignState(path:differences:)`` if it is that of another run.
    public func resume() throws -> Int? {
        guard let saved = try files?.restore(optimizer, model) else { return nil }
        state.best = saved.best
        state.pending = saved.pending
        return saved.step
    }

    /// Makes the steps that are left and saves the checkpoint; stops in order after a signal.
    ///
    /// - Parameters:
    ///   - firstStep: called with the first step's result before its update, unless resumed
    ///   - onStep: called after each step with its report and, if it was evaluated, the loss
    public func run(
        firstStep: (StepResult) throws -> Void = { _ in },
        onStep: (StepReport, Double?) throws -> Void
    ) throws -> Ending {
        let before = optimizer.step - (state.pending == nil ? 0 : 1)
        let metrics = try files?.metrics(afterStep: before)
        do {
            do {
                try makeSteps(metrics, firstStep, onStep)
            } catch is Interrupted {
                // What was computed need not be finished: the step before it is.
            }
            let isFinished = optimizer.step >= configuration.steps && state.pending == nil
            guard isFinished || lastRecords != nil else { return .interruptedUnsaved }
            if hasUnsaved { try save(metrics) }
            return isFinished ? .finished : .interrupted
        } catch let failure as FailedStep {
            throw TrainingError.diverged(try conclude(explain(failure), metrics))
        } catch TrainingError.diverged(let divergence) {
            throw TrainingError.diverged(try conclude(divergence, metrics))
        } catch {
            // Not because of the numbers: the disk that metrics go to is full, say.
            if lastRecords != nil, hasUnsaved { try? save(nil) }
            throw error
        }
    }

    private func makeSteps(
        _ metrics: MetricsFile?, _ firstStep: (StepResult) throws -> Void,
        _ onStep: (StepReport, Double?) throws -> Void
    ) throws {
        try finishPending(metrics)
        while optimizer.step < configuration.steps, !Interruption.requested {
            let isFirst = optimizer.step == 0
            let report = try makeStep { if isFirst { try firstStep($0) } }
            state.pending = report.metrics
            let loss = try finishPending(metrics)
            try onStep(report, loss)
            if let every = files?.outputs.saveEvery, report.step % every == 0,
                report.step < configuration.steps
            {
                try save(metrics)
            }
        }
    }

    /// Makes the next step.
    ///
    /// - Parameter check: called with the loss before the update, which it can prevent by throwing
    /// - Throws: ``FailedStep`` when loss or gradient are not finite
    public func makeStep(check: (StepResult) throws -> Void = { _ in }) throws -> StepReport {
        let clock = ContinuousClock()
        let start = clock.now
        let index = optimizer.step
        let records = order.records(step: index)
        StageClock.measure(.optimizer) { gradients.reset() }
        let result = try objective.accumulate(
            records, step: index, model: model, gradients: gradients)
        guard result.loss.isFinite else {
            throw FailedStep(
                divergence: Divergence(step: index + 1, what: "loss", value: result.loss),
                batch: records)
        }
        try check(result)
        let learningRate = configuration.schedule.rate(step: index)
        let update = StepUpdate(
            model: model, optimizer: optimizer, gradients: gradients, learningRate: learningRate)
        let norm = update.perform()
        guard optimizer.isUsable(norm: norm) else {
            var divergence = Divergence(step: index + 1, what: "gradient norm", value: norm)
            divergence.leavesWeights = update.leavesWeights
            throw FailedStep(divergence: divergence, batch: records)
        }
        lastRecords = records
        hasUnsaved = true
        return StepReport(
            step: index + 1, result: result, gradientNorm: norm, learningRate: learningRate,
            seconds: (clock.now - start) / .seconds(1), precision: model.precision,
            plan: configuration.plan, stages: StageClock.take())
    }

    /// Evaluates after the last step if that is due, and writes its line.
    ///
    /// - Returns: the evaluation loss.
    @discardableResult
    private func finishPending(_ metrics: MetricsFile?) throws -> Double? {
        guard var fields = state.pending else { return nil }
        let (step, steps) = (optimizer.step, configuration.steps)
        var loss: Double?
        if let evaluation, step % (files?.outputs.evaluateEvery ?? steps) == 0 || step == steps {
            let value = try evaluation.loss(model, step: step)
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

    private func save(_ metrics: MetricsFile?) throws {
        if let tensor = firstNonFiniteTensor() {
            var divergence = Divergence(
                step: optimizer.step, what: "a value after its update", value: nil, place: tensor)
            divergence.leavesWeights = false
            throw TrainingError.diverged(divergence)
        }
        try metrics?.synchronize()
        state.step = optimizer.step
        defer { hasUnsaved = files.map { $0.savedStep != state.step } ?? false }
        try files?.save(state, optimizer, model)
    }

    /// Keeps the last good state: that before the bad step, if it is whole and sound, else what is saved.
    private func conclude(
        _ divergence: Divergence, _ metrics: MetricsFile?
    ) throws -> Divergence {
        var divergence = divergence
        let isSound = try divergence.leavesWeights && isSound()
        guard let directory = files?.outputs.directory else { return divergence }
        if isSound, lastRecords != nil, hasUnsaved {
            try save(metrics)
            divergence.outcome = "\(directory) holds the state after step \(optimizer.step)"
        } else if let savedStep = files?.savedStep {
            let reason =
                isSound
                ? ""
                : divergence.leavesWeights
                    ? " (later weights are no good)" : " (later weights are half updated)"
            divergence.outcome =
                "\(directory) holds the last good state, that after step \(savedStep)\(reason)"
        } else {
            divergence.outcome = "nothing was saved"
        }
        return divergence
    }
}
