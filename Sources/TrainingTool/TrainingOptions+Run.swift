import ArgumentParser
import Checkpoints
import Glibc
import Kernels
import StreamIO
public import ToolKit
public import Training

// What the tools that train do alike once they know what is minimized: settings, the run, what is said of it.
extension TrainingOptions {
    /// The order in which the run takes its records.
    public func order(records: Int, seed: UInt64) -> BatchOrder {
        BatchOrder(recordCount: records, batchSize: batchSize, seed: noShuffle ? nil : seed)
    }

    /// What the run is.
    ///
    /// - Parameters:
    ///   - identity: which model training starts from
    ///   - data: the records that are trained on
    ///   - objective: what is minimized
    public func settings(
        _ model: TrainedModel, identity: ModelIdentity, data: RunSettings.Source,
        objective: RunSettings.Objective, seed: UInt64
    ) throws -> RunSettings {
        var settings = RunSettings(
            model: identity.source, data: data, objective: objective,
            configuration: configuration(seed: seed, plan: model.plan),
            microBatchRows: microBatchTokens, precision: precision.precision, seed: seed)
        settings.evaluateEvery = evalEvery
        settings.tokenizer = try model.start.directory.flatMap {
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
        guard resume else { return settings }
        var settings = settings
        guard let (checkpoint, state) = try SavedCheckpoints(directory: out).newestState()
        else { return settings }
        if isInPlace, case .source(let source)? = state.settings["model"] {
            settings.model = source
        }
        try state.check(settings.fields, path: checkpoint)
        return settings
    }

    /// Whether the model that training starts from is where its checkpoints go.
    private var isInPlace: Bool {
        guard let model else { return false }
        var (first, second) = (stat(), stat())
        return stat(model, &first) == 0 && stat(out, &second) == 0 && first.st_ino == second.st_ino
            && first.st_dev == second.st_dev
    }

    /// Trains, writes the checkpoint, and says what was done.
    ///
    /// - Parameters:
    ///   - objective: what is minimized
    ///   - recordIDs: names of the objective's records
    ///   - settings: what the run is
    ///   - metadata: provenance for the weight file
    ///   - evaluation: the loss on records that are not trained on
    ///   - firstStep: checks the first step's result before its update
    public func train(
        _ model: TrainedModel, _ objective: any TrainingObjective, recordIDs: [String],
        settings: RunSettings, metadata: [String: String], evaluation: Evaluation?, _ log: Log,
        firstStep: (StepResult) throws -> Void = { _ in }
    ) throws {
        var metadata = metadata
        if resume, isInPlace, TrainingState.exists(in: out) {
            // What the model was before is written in its weights only.
            metadata["parent"] = try TensorSource(directory: out).files.first?.metadata["parent"]
        }
        let run = TrainingRun(
            model: model.decoder, objective: objective, configuration: settings.configuration,
            files: RunFiles(
                start: model.start, outputs: outputs(metadata: metadata, plan: model.plan),
                settings: settings.fields, warn: { log.warning($0) }),
            recordIDs: recordIDs, evaluation: evaluation)
        if !resume {
            warnOfReplacement(log)
        } else if let step = try run.resume() {
            log.info("resumed after step \(step)")
        } else {
            log.info("nothing to resume in \(out): starting at step 1")
        }
        log.info("matrix products in \(precision.precision.implementation)")
        if profileStages { StageClock.start() }
        // Up to here there is nothing to save, and a signal ends the tool at once.
        Interruption.beginPolling()
        var reporter = RunReporter(steps: steps, log: log)
        let ending = try run.run(firstStep: firstStep) { report, evaluationLoss in
            reporter.add(report, evaluationLoss: evaluationLoss)
        }
        reporter.finish()
        if profileStages { log.summary(reporter.profile(precision.precision)) }
        if ending != .interruptedUnsaved {
            log.summary(reporter.summary(steps: run.optimizer.step, out: out))
        }
        guard ending != .finished, let signal = Interruption.signal else { return }
        log.warning(
            "stopped by a signal after step \(run.optimizer.step) of \(steps)" + remedy(ending))
        throw ExitCode(128 + signal)
    }

    /// What can be done after a run that did not come to its end.
    private func remedy(_ ending: TrainingRun.Ending) -> String {
        if ending == .interruptedUnsaved { return "; no step was made, nothing is written" }
        return noTrainingState
            ? "; \(out) holds weights alone, from which no run can go on (--no-training-state)"
            : "; --resume goes on from here"
    }

    /// Says what a run that does not go on from what is there replaces.
    private func warnOfReplacement(_ log: Log) {
        let saved = SavedCheckpoints(directory: out)
        if let (_, state) = try? saved.newestState(), !state.isFinished {
            log.warning(
                "\(out) holds a run that was stopped after step \(state.step) of "
                    + "\(state.totalSteps), which this run replaces; --resume would go on from there"
            )
        } else if Checkpoint.exists(in: out) {
            log.warning(
                "\(out) holds a checkpoint, which this run replaces, even if it is stopped early")
        }
    }
}
