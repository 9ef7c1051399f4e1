import ArgumentParser
public import Checkpoints
import Glibc
import Kernels
import StreamIO
public import ToolKit
public import Training
public import Transformer

/// What `pretrain-mle` and `train-cpo` do alike: read records, run, report.
public struct TrainingSession {
    /// The checkpoint that training starts from.
    public let start: Checkpoint
    /// The model over its weights.
    public let model: Decoder
    /// How memory is used, if that was asked for.
    let plan: MemoryPlan?
    private let options: TrainingOptions
    private let seed: UInt64
    private let log: Log

    /// A session that trains `start`, whose weights are held as `plan` has it.
    public init(
        start: Checkpoint, options: TrainingOptions, plan: MemoryPlan?, common: CommonOptions,
        log: Log
    ) {
        self.start = start
        self.plan = plan
        self.options = options
        self.log = log
        seed = common.seed
        model = Decoder(
            configuration: start.configuration, weights: start.weights,
            precision: options.precision.precision)
        for warning in start.warnings { log.warning(warning) }
    }

    /// The order in which the run takes its records.
    public func order(records: Int) -> BatchOrder {
        BatchOrder(
            recordCount: records, batchSize: options.batchSize,
            seed: options.noShuffle ? nil : seed)
    }

    /// What the run is.
    ///
    /// - Parameters:
    ///   - model: what training starts from
    ///   - data: the records that are trained on
    ///   - objective: what is minimized
    public func settings(
        model: ModelIdentity, data: RunSettings.Source, objective: RunSettings.Objective
    ) throws -> RunSettings {
        var settings = RunSettings(
            model: model.source, data: data, objective: objective,
            configuration: options.trainerConfiguration(seed: seed, plan: plan),
            microBatchRows: options.microBatchTokens, precision: options.precision.precision,
            seed: seed)
        settings.evaluateEvery = options.evalEvery
        settings.tokenizer = try start.directory.flatMap {
            try RunSettings.Source(tokenizerIn: $0)
        }
        return settings
    }

    /// With `--resume`, refuses a run that is not the saved one before anything long is begun.
    ///
    /// A model that is trained in place, `--model` being `--out`, is not there any more to be compared.
    ///
    /// - Returns: the settings, with the saved one's model if it was trained in place.
    public func checkResume(_ settings: RunSettings) throws -> RunSettings {
        guard options.resume else { return settings }
        var settings = settings
        guard
            let (checkpoint, state) = try SavedCheckpoints(directory: options.out).newestState()
        else { return settings }
        if isInPlace, case .source(let source)? = state.settings["model"] {
            settings.model = source
        }
        try state.check(settings.fields, path: checkpoint)
        return settings
    }

    /// Whether the model that training starts from is where its checkpoints go.
    private var isInPlace: Bool {
        options.model.map { Self.isSame($0, options.out) } ?? false
    }

    static func isFile(_ path: String) -> Bool { access(path, R_OK) == 0 }

    private static func isSame(_ a: String, _ b: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_ino == second.st_ino
            && first.st_dev == second.st_dev
    }

    /// Trains and writes the checkpoint.
    ///
    /// - Parameters:
    ///   - recordIDs: names of the objective's records
    ///   - settings: what the run is
    ///   - metadata: provenance for the weight file
    ///   - evaluation: the loss on records that are not trained on
    ///   - firstStep: checks the first step's result before its update
    public func run(
        _ objective: any TrainingObjective, recordIDs: [String], settings: RunSettings,
        metadata: [String: String], evaluation: Evaluation?,
        firstStep: (StepResult) throws -> Void = { _ in }
    ) throws {
        let trainer = Trainer(
            model: model, objective: objective, configuration: settings.configuration)
        var metadata = metadata
        if options.resume, isInPlace, TrainingState.exists(in: options.out) {
            // What the model was before is written in its weights only.
            metadata["parent"] =
                try TensorSource(directory: options.out).files.first?.metadata["parent"]
        }
        var run = TrainingRun(
            start: start, trainer: trainer,
            outputs: options.outputs(metadata: metadata, plan: plan), settings: settings.fields,
            recordIDs: recordIDs, evaluation: evaluation, warn: { log.warning($0) })
        if !options.resume {
            warnOfReplacement()
        } else if let step = try run.resume() {
            log.info("resumed after step \(step)")
        } else {
            log.info("nothing to resume in \(options.out): starting at step 1")
        }
        log.info("matrix products in \(options.precision.precision.implementation)")
        if options.profileStages { StageClock.start() }
        // Up to here there is nothing to save, and a signal ends the tool at once.
        Interruption.beginPolling()
        var totals = RunTotals()
        var progress = Progress(unit: "steps", total: options.steps, log: log)
        let ending = try run.run(firstStep: firstStep) { report, evaluationLoss in
            totals.add(report)
            progress.update(report.step, "loss \(Progress.fixed(report.result.loss, 4))")
            log.debug(line(report))
            if let evaluationLoss {
                log.info("step \(report.step): evaluation loss \(evaluationLoss)")
            }
        }
        progress.finish()
        if options.profileStages {
            log.summary(
                totals.profile(roof: options.precision.precision.measuredRoof()))
        }
        if ending != .interruptedUnsaved {
            log.summary(totals.summary(steps: trainer.optimizer.step, out: options.out))
        }
        guard ending != .finished, let signal = Interruption.signal else { return }
        let place = "after step \(trainer.optimizer.step) of \(options.steps)"
        switch ending {
        case .interruptedUnsaved:
            log.warning("stopped by a signal \(place); no step was made, nothing is written")
        case _ where options.noTrainingState:
            log.warning(
                "stopped by a signal \(place); \(options.out) holds weights alone, from which no run "
                    + "can go on (--no-training-state)")
        default:
            log.warning("stopped by a signal \(place); --resume goes on from here")
        }
        throw ExitCode(128 + signal)
    }

    /// Says what a run that does not go on from what is there replaces.
    private func warnOfReplacement() {
        let saved = SavedCheckpoints(directory: options.out)
        if let (_, state) = try? saved.newestState(), !state.isFinished {
            log.warning(
                "\(options.out) holds a run that was stopped after step \(state.step) of "
                    + "\(state.totalSteps), which this run replaces; --resume would go on from there"
            )
        } else if Checkpoint.exists(in: options.out) {
            log.warning(
                "\(options.out) holds a checkpoint, which this run replaces, even if it is stopped early"
            )
        }
    }

    private func line(_ report: StepReport) -> String {
        var text =
            "step \(report.step): loss \(Progress.fixed(report.result.loss, 4)), "
            + "gradient norm \(Progress.fixed(report.gradientNorm, 3)), "
            + "\(Progress.short(Double(report.result.tokens) / report.seconds)) tokens/s"
        if let preference = report.result.preference {
            text +=
                ", margin \(Progress.fixed(preference.rewardMargin, 4))"
                + ", accuracy \(Progress.fixed(preference.rewardAccuracy, 2))"
        }
        return text
    }
}

/// Sums over the steps of a run, for its last line.
private struct RunTotals {
    private var first: StepResult?
    private var last: StepResult?
    private var tokens = 0
    private var rows = 0
    private var seconds = 0.0
    private var stages = StageTimes()

    mutating func add(_ report: StepReport) {
        first = first ?? report.result
        last = report.result
        tokens += report.result.tokens
        rows += report.result.rows
        seconds += report.seconds
        if let times = report.stages { stages.add(times) }
    }

    /// Where the time went, and how near the products came to the roof.
    func profile(roof: Double) -> String {
        func part(_ name: String, _ time: Double) -> String {
            "\(name) \(Progress.fixed(100 * time / max(seconds, 1e-9), 1)) %"
        }
        func rate(_ operations: Double, _ seconds: Double) -> String {
            let rate = operations / max(seconds, 1e-9)
            return "\(Progress.fixed(rate / 1e9, 1)) GFLOP/s "
                + "(\(Progress.fixed(100 * rate / roof, 0)) %)"
        }
        let known = Stage.allCases.compactMap { stage in
            stages.seconds[stage].map { time in
                part(stage.rawValue, time)
                    + (stages.operations[stage].map { " at \(rate($0, time))" } ?? "")
            }
        }
        let rest = seconds - stages.seconds.values.reduce(0, +)
        return "time: \((known + [part("rest", rest)]).joined(separator: ", ")); "
            + "all products \(rate(stages.productOperations, stages.productSeconds)), the whole step "
            + "\(rate(stages.productOperations, seconds)) of this machine's roof of "
            + "\(Progress.fixed(roof / 1e9, 1)) GFLOP/s"
    }

    func summary(steps: Int, out: String) -> String {
        guard let first, let last else { return "no steps to make; \(out) written" }
        var text =
            "\(steps) steps, loss \(Progress.fixed(first.loss, 4)) → \(Progress.fixed(last.loss, 4))"
        if let start = first.preference, let end = last.preference {
            text +=
                ", accuracy \(Progress.fixed(start.rewardAccuracy, 2)) → "
                + "\(Progress.fixed(end.rewardAccuracy, 2))"
        }
        return text
            + ", \(tokens) tokens (\(rows) rows) in \(Progress.fixed(seconds, 1)) s, "
            + "\(Progress.short(Double(tokens) / seconds)) tokens/s; \(out) written"
    }
}
