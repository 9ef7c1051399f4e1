import Checkpoints
import Glibc
public import StreamIO
import Transformer

/// What a stopped run needs besides the checkpoint to go on to the bit: optimizer moments, the step
/// (which gives learning rate and data position), master weights where the checkpoint's are rounded,
/// and what the run was.
///
/// It lives in `training-state/` of a checkpoint: `optimizer.safetensors`, `weights.safetensors` if
/// there are masters, and `state.json`.
public struct TrainingState: Sendable, Hashable {
    /// Name of the directory inside a checkpoint.
    public static let directoryName = "training-state"
    /// Version of what is in `state.json`.
    private static let format = 2

    /// Steps made.
    public var step: Int
    /// Steps of the whole run.
    public var totalSteps: Int
    /// What a continued run must share.
    public var settings: SettingFields
    /// Lowest evaluation loss so far, and its step.
    public var best: Best?
    /// The metrics of the last step if its evaluation was interrupted and is still due.
    public var pending: JSONObject?

    /// The best evaluation so far.
    public struct Best: Sendable, Hashable {
        /// The loss.
        public var loss: Double
        /// The step after which it was computed.
        public var step: Int

        /// A loss after a step.
        public init(loss: Double, step: Int) {
            self.loss = loss
            self.step = step
        }
    }

    /// The state of a run.
    public init(step: Int, totalSteps: Int, settings: SettingFields) {
        self.step = step
        self.totalSteps = totalSteps
        self.settings = settings
    }

    /// Whether the run came to its end.
    public var isFinished: Bool { step >= totalSteps && pending == nil }

    /// Whether the checkpoint at `checkpoint` has a state.
    public static func exists(in checkpoint: String) -> Bool {
        FileTree.exists("\(checkpoint)/\(directoryName)/state.json")
    }

    // MARK: Writing

    /// Writes the state into a checkpoint directory that is being made.
    ///
    /// - Parameter masters: the weights, if those of the checkpoint are rounded
    func write(
        into checkpoint: String, optimizer: AdamW, masters: ParameterStorage?,
        layout: ParameterLayout
    ) throws {
        let directory = "\(checkpoint)/\(Self.directoryName)"
        guard mkdir(directory.systemPath, 0o777) == 0 || errno == EEXIST else {
            throw StreamError.cannotCreate(
                path: directory, reason: String(cString: strerror(errno)))
        }
        try Self.write(Self.moments(optimizer), layout, to: "\(directory)/optimizer.safetensors")
        if let masters {
            try Self.write([("", masters)], layout, to: "\(directory)/weights.safetensors")
        }
        let text = try json(hasMasters: masters != nil).serialized() + [0x0a]
        try AtomicFile.write(to: "\(directory)/state.json") { try $0.write(text) }
    }

    private static func write(
        _ kinds: [(prefix: String, storage: ParameterStorage)], _ layout: ParameterLayout,
        to path: String
    ) throws {
        var places: [String: (ParameterStorage, ParameterEntry)] = [:]
        var tensors: [TensorDescription] = []
        for (prefix, storage) in kinds {
            for entry in layout.entries {
                places[prefix + entry.name] = (storage, entry)
                tensors.append(
                    TensorDescription(
                        name: prefix + entry.name, type: storage.isCompact ? .bf16 : .f32,
                        shape: entry.shape))
            }
        }
        try SafetensorsWriter.write(to: path, tensors: tensors) { tensor, sink in
            guard let (storage, entry) = places[tensor.name] else { return }
            switch storage {
            case .single(let buffer):
                try sink(UnsafeRawBufferPointer(buffer.elements(of: entry)))
            case .compact(let compact): try sink(compact.bytes(of: entry))
            }
        }
    }

    private func json(hasMasters: Bool) -> JSONValue {
        var fields: JSONObject = [
            "format": .integer(Int64(Self.format)), "step": .integer(Int64(step)),
            "total_steps": .integer(Int64(totalSteps)), "finished": .bool(isFinished),
            "master_weights": .bool(hasMasters),
            "settings": .object(
                settings.mapValues { setting in
                    switch setting {
                    case .value(let text): .string(text)
                    case .source(let source):
                        .object(["name": .string(source.name), "sha256": .string(source.digest)])
                    }
                }),
        ]
        if let best {
            fields["best"] = .object([
                "loss": .number(best.loss), "step": .integer(Int64(best.step)),
            ])
        }
        if let pending { fields["pending_evaluation"] = .object(pending) }
        return .object(fields)
    }

    // MARK: Reading

    /// What `state.json` of a checkpoint says.
    ///
    /// - Throws: ``TrainingError/badState(path:reason:)`` if it cannot be understood.
    public static func load(from checkpoint: String) throws -> TrainingState {
        try parse(checkpoint).state
    }

    /// Refuses a run that is not the saved one.
    ///
    /// - Throws: ``TrainingError/foreignState(path:differences:)`` with all that differs.
    public func check(_ given: SettingFields, path: String) throws(TrainingError) {
        let differences = SettingDifference.between(saved: settings, given: given)
        guard differences.isEmpty else {
            throw .foreignState(path: path, differences: differences)
        }
    }

    /// Reads the moments and the weights of a checkpoint with a state into those of a run.
    func restore(
        from checkpoint: String, optimizer: AdamW, weights: ParameterStorage,
        layout: ParameterLayout
    ) throws {
        let directory = "\(checkpoint)/\(Self.directoryName)"
        try Self.read(Self.moments(optimizer), layout, from: "\(directory)/optimizer.safetensors")
        // In place: there may not be room for the weights twice.
        if try Self.parse(checkpoint).hasMasters {
            try Self.read([("", weights)], layout, from: "\(directory)/weights.safetensors")
        } else {
            try Checkpoint.readWeights(directory: checkpoint, into: weights)
        }
        optimizer.step = step
    }

    private static func read(
        _ kinds: [(prefix: String, storage: ParameterStorage)], _ layout: ParameterLayout,
        from path: String
    ) throws {
        let file = try SafetensorsFile(path: path)
        for (prefix, storage) in kinds {
            for entry in layout.entries {
                let name = prefix + entry.name
                guard let tensor = file[name], tensor.shape == entry.shape,
                    tensor.type == (storage.isCompact ? .bf16 : .f32)
                else {
                    throw TrainingError.badState(
                        path: path, reason: "tensor \(name) is absent or of another shape or type")
                }
                try storage.fill(entry) { values throws(CheckpointError) in
                    try file.floats(name, into: values)
                }
                guard storage.isFinite(entry.offset..<entry.offset + entry.count) else {
                    throw TrainingError.badState(path: path, reason: "\(name) is not finite")
                }
            }
        }
    }

    private static func moments(
        _ optimizer: AdamW
    ) -> [(prefix: String, storage: ParameterStorage)] {
        [("first.", optimizer.firstMoments), ("second.", optimizer.secondMoments)]
    }

    private static func parse(
        _ checkpoint: String
    ) throws -> (state: TrainingState, hasMasters: Bool) {
        let path = "\(checkpoint)/\(directoryName)/state.json"
        var file = LineReader(try InputFile(path: path))
        guard let fields = (try? JSONValue(parsing: try file.next() ?? []))?.object else {
            throw TrainingError.badState(path: path, reason: "not a training state")
        }
        guard fields["format"]?.integer == format else {
            throw TrainingError.badState(
                path: path,
                reason: "a training state of another version of this tool, which does not say all "
                    + "that a continued run must share")
        }
        guard let step = fields["step"]?.integer, step >= 0,
            let total = fields["total_steps"]?.integer,
            let hasMasters = fields["master_weights"]?.bool,
            let settings = fields["settings"]?.object
        else { throw TrainingError.badState(path: path, reason: "not a training state") }
        var state = TrainingState(
            step: step, totalSteps: total, settings: settings.compactMapValues(setting))
        if let best = fields["best"], let step = best["step"]?.integer,
            let loss = best["loss"]?.number
        {
            state.best = Best(loss: loss, step: step)
        }
        state.pending = fields["pending_evaluation"]?.object
        return (state, hasMasters)
    }

    private static func setting(_ value: JSONValue) -> SavedSetting? {
        if let text = value.string { return .value(text) }
        guard let name = value["name"]?.string, let digest = value["sha256"]?.string else {
            return nil
        }
        return .source(RunSettings.Source(name: name, digest: digest))
    }
}
