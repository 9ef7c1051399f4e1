import Checkpoints
import Glibc
import StreamIO
import Transformer

/// What a stopped run needs besides the weights to go on to the bit: optimizer moments, the step
/// (which gives learning rate and data position), and what the run was.
///
/// It lives in `training-state/` of a checkpoint: `optimizer.safetensors` and `state.json`.
public struct TrainingState: Sendable, Hashable {
    /// Name of the directory inside a checkpoint.
    public static let directoryName = "training-state"

    /// Steps made.
    public var step: Int
    /// The settings that a continued run must share, by name.
    public var settings: [String: String]
    /// Lowest evaluation loss so far, and its step.
    public var best: Best?

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
    public init(step: Int, settings: [String: String], best: Best?) {
        self.step = step
        self.settings = settings
        self.best = best
    }

    /// Whether the checkpoint at `checkpoint` has a state.
    public static func exists(in checkpoint: String) -> Bool {
        access("\(checkpoint)/\(directoryName)/state.json", R_OK) == 0
    }

    /// Writes the state into a checkpoint directory that is being made.
    public func write(into checkpoint: String, optimizer: AdamW, layout: ParameterLayout) throws {
        let directory = "\(checkpoint)/\(Self.directoryName)"
        guard mkdir(directory, 0o777) == 0 || errno == EEXIST else {
            throw TrainingError.badState(
                path: directory, reason: "cannot be created: \(String(cString: strerror(errno)))")
        }
        let tensors = Self.moments(optimizer).flatMap { kind, _ in
            layout.entries.map {
                TensorDescription(
                    name: "\(kind).\($0.name)",
                    type: optimizer.firstMoments.isCompact ? .bf16 : .f32, shape: $0.shape)
            }
        }
        let moments = Dictionary(uniqueKeysWithValues: Self.moments(optimizer))
        try SafetensorsWriter.write(to: "\(directory)/optimizer.safetensors", tensors: tensors) {
            tensor, sink in
            let parts = tensor.name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let entry = layout[String(parts[1])],
                let storage = moments[String(parts[0])]
            else { return }
            switch storage {
            case .single(let buffer):
                try sink(UnsafeRawBufferPointer(buffer.elements(of: entry)))
            case .compact(let compact): try sink(compact.bytes(of: entry))
            }
        }
        var fields: JSONObject = [
            "step": .integer(Int64(step)),
            "settings": .object(settings.mapValues { .string($0) }),
        ]
        if let best {
            fields["best"] = .object([
                "loss": .number(best.loss), "step": .integer(Int64(best.step)),
            ])
        }
        let text = try JSONValue.object(fields).serialized() + [0x0a]
        try AtomicFile.write(to: "\(directory)/state.json") { try $0.write(text) }
    }

    /// Reads the state of a checkpoint, and the moments into the optimizer.
    ///
    /// - Throws: ``TrainingError/foreignState(path:what:got:expected:)`` when the run was another.
    public static func read(
        from checkpoint: String, into optimizer: AdamW, layout: ParameterLayout,
        settings: [String: String]
    ) throws -> TrainingState {
        let directory = "\(checkpoint)/\(directoryName)"
        let state = try parse("\(directory)/state.json")
        for name in Set(settings.keys).union(state.settings.keys).sorted() {
            let (got, expected) = (state.settings[name] ?? "nothing", settings[name] ?? "nothing")
            guard got == expected else {
                throw TrainingError.foreignState(
                    path: directory, what: name, got: got, expected: expected)
            }
        }
        let file = try SafetensorsFile(path: "\(directory)/optimizer.safetensors")
        for (kind, storage) in moments(optimizer) {
            for entry in layout.entries {
                let name = "\(kind).\(entry.name)"
                guard file[name]?.shape == entry.shape else {
                    throw TrainingError.badState(
                        path: file.path, reason: "tensor \(name) is absent or of another shape")
                }
                try storage.fill(entry) { values throws(CheckpointError) in
                    try file.floats(name, into: values)
                }
            }
        }
        optimizer.step = state.step
        return state
    }

    private static func moments(_ optimizer: AdamW) -> [(String, ParameterStorage)] {
        [("first", optimizer.firstMoments), ("second", optimizer.secondMoments)]
    }

    private static func parse(_ path: String) throws -> TrainingState {
        var file = LineReader(try InputFile(path: path))
        let text = try file.next() ?? []
        guard case .object(let fields) = try JSONValue(parsing: text),
            case .integer(let step)? = fields["step"],
            case .object(let settings)? = fields["settings"]
        else { throw TrainingError.badState(path: path, reason: "not a training state") }
        var best: Best?
        if case .object(let values)? = fields["best"], case .integer(let step)? = values["step"] {
            switch values["loss"] {
            case .number(let loss)?: best = Best(loss: loss, step: Int(step))
            case .integer(let loss)?: best = Best(loss: Double(loss), step: Int(step))
            default: break
            }
        }
        let known = settings.compactMapValues { value -> String? in
            if case .string(let text) = value { return text }
            return nil
        }
        return TrainingState(step: Int(step), settings: known, best: best)
    }
}
