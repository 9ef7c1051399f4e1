public import Checkpoints
import StreamIO
import Transformer

/// The files of a run: the checkpoint that it starts from, what its output directory holds, its metrics.
public struct RunFiles {
    let outputs: RunOutputs
    let settings: SettingFields
    let warn: (String) -> Void
    /// The step of the checkpoint in the output directory, if it is this run's and can be read.
    private(set) var savedStep: Int?
    private let start: Checkpoint
    private let checkpoints: SavedCheckpoints
    /// Whether what is in the output directory is this run's.
    private var isOurs = false

    /// - Parameters:
    ///   - start: the checkpoint that training starts from, over the weights that are trained
    ///   - settings: what a continued run must share
    ///   - warn: told of what a user should know
    public init(
        start: Checkpoint, outputs: RunOutputs, settings: SettingFields,
        warn: @escaping (String) -> Void = { _ in }
    ) {
        self.start = start
        self.outputs = outputs
        self.settings = settings
        self.warn = warn
        checkpoints = SavedCheckpoints(directory: outputs.directory)
    }

    /// Opens the metrics for a run that has written the lines of so many steps.
    func metrics(afterStep step: Int) throws -> MetricsFile? {
        try outputs.metrics.map { try MetricsFile(path: $0, afterStep: step, warn: warn) }
    }

    /// Takes weights and moments from the newest complete state in the output directory.
    ///
    /// - Returns: the state; nil if there is none.
    /// - Throws: ``TrainingError/foreignState(path:differences:)`` if it is that of another run.
    mutating func restore(_ optimizer: AdamW, _ model: Decoder) throws -> TrainingState? {
        guard let (checkpoint, state) = try checkpoints.newestState(warn: warn) else { return nil }
        try state.check(settings, path: checkpoint)
        guard try Checkpoint.configuration(directory: checkpoint) == start.configuration else {
            throw TrainingError.badState(
                path: checkpoint, reason: "its model has another shape than --model")
        }
        try state.restore(
            from: checkpoint, optimizer: optimizer, weights: start.weights, layout: model.layout)
        isOurs = true
        savedStep = checkpoint == outputs.directory ? state.step : nil
        return state
    }

    /// Replaces what is in the output directory by the weights and the state.
    ///
    /// - Throws: among others a `CheckpointError` for weights that do not fit the type that was asked for;
    ///   they are saved in single precision then.
    mutating func save(_ state: TrainingState, _ optimizer: AdamW, _ model: Decoder) throws {
        do {
            try write(state, optimizer, model, as: outputs.weightType)
        } catch let error as CheckpointError where outputs.weightType != .float32 {
            // Nothing is lost for that.
            try write(state, optimizer, model, as: .float32)
            warn(
                "\(outputs.directory) holds the state after step \(state.step), its weights as float32"
            )
            throw error
        }
    }

    private mutating func write(
        _ state: TrainingState, _ optimizer: AdamW, _ model: Decoder, as type: WeightType
    ) throws {
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
                    into: temporary, optimizer: optimizer, masters: rounds ? start.weights : nil,
                    layout: model.layout)
            }
            guard isOurs else { return }
            let isKept = (outputs.keep ?? 1) > 1 && savedStep != state.step
            try checkpoints.carryOver(
                to: temporary, current: isKept ? savedStep : nil,
                limit: outputs.keep.map { $0 - 1 })
        }
        isOurs = true
        savedStep = state.step
    }
}
