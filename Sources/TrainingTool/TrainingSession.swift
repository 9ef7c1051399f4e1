import ArgumentParser
public import Checkpoints
import Kernels
public import Records
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

    /// Reads all records of the input, made into what the objective needs.
    ///
    /// - Parameter convert: throws a `RecordError` for records that cannot be trained on
    public static func read<Example>(
        _ io: InputRecordOptions, _ log: Log, convert: (Record) throws -> Example
    ) throws -> [Example] {
        var reader = try io.reader(log)
        var examples: [Example] = []
        while let record = try reader.next() {
            do {
                examples.append(try convert(record))
            } catch let error as RecordError {
                try reader.skip(error)
            }
        }
        if reader.skipped > 0 { log.warning("\(reader.skipped) bad records dropped") }
        guard !examples.isEmpty else { throw TrainingError.noRecords }
        return examples
    }

    /// The order in which the run takes its records.
    public func order(records: Int) -> BatchOrder {
        BatchOrder(
            recordCount: records, batchSize: options.batchSize,
            seed: options.noShuffle ? nil : seed)
    }

    /// Trains and writes the checkpoint.
    ///
    /// - Parameters:
    ///   - settings: what a continued run must share beside the flags of all training
    ///   - metadata: provenance for the weight file
    ///   - evaluation: the loss on records that are not trained on
    ///   - firstStep: checks the first step's result before its update
    public func run(
        _ objective: any TrainingObjective, settings: [String: String],
        metadata: [String: String], evaluation: ((Decoder) throws -> Double)?,
        firstStep: (StepResult) throws -> Void = { _ in }
    ) throws {
        let trainer = Trainer(
            model: model, objective: objective,
            configuration: options.trainerConfiguration(seed: seed, plan: plan))
        var allSettings = options.settings(
            seed: seed, records: objective.recordCount, plan: plan)
        allSettings.merge(settings) { $1 }
        var run = TrainingRun(
            start: start, trainer: trainer,
            outputs: options.outputs(metadata: metadata, plan: plan), settings: allSettings,
            evaluation: evaluation)
        if options.resume {
            if TrainingState.exists(in: options.out) {
                log.info("resumed after step \(try run.resume())")
            } else {
                log.info("nothing to resume in \(options.out): starting at step 1")
            }
        } else if Checkpoint.exists(in: options.out) {
            log.warning(
                "\(options.out) holds a checkpoint, which this run replaces, even if it is stopped early"
            )
        }
        log.info("matrix products in \(options.precision.precision.implementation)")
        if options.profileStages { StageClock.start() }
        Interruption.beginPolling()
        var totals = RunTotals()
        var progress = Progress(unit: "steps", total: options.steps, log: log)
        let isComplete = try run.run(firstStep: firstStep) { report, evaluationLoss in
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
        log.summary(totals.summary(steps: trainer.optimizer.step, out: options.out))
        if !isComplete, let signal = Interruption.signal {
            log.warning("stopped by a signal; --resume goes on from here")
            throw ExitCode(128 + signal)
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
