public import Kernels
public import Objectives

/// What the results of a run depend on: a run that is continued must share it with the saved one.
///
/// What may differ is left out: threads, where metrics go, when checkpoints are saved and in which type,
/// and, with a constant learning rate, the number of steps.
public struct RunSettings: Sendable, Hashable {
    /// Something that was read, by name and content.
    public struct Source: Sendable, Hashable {
        /// As the user named it.
        public var name: String
        /// SHA-256 of what the run sees of it, in hexadecimal digits.
        public var digest: String

        /// A source.
        public init(name: String, digest: String) {
            self.name = name
            self.digest = digest
        }
    }

    /// What is minimized.
    public enum Objective: Sendable, Hashable {
        /// ``MLEObjective``.
        case mle
        /// ``ScheduledSamplingObjective``.
        case scheduledSampling(probability: Double, passes: Int)
        /// ``PreferenceObjective``.
        case preference(
            PreferenceLoss, beta: Double, nllWeight: Double, sharesPrompts: Bool)
    }

    /// The model that training starts from: weights and configuration.
    public var model: Source
    /// The tokenizer that goes into the checkpoint.
    public var tokenizer: Source?
    /// What preference training compares with.
    public var reference: Source?
    /// The records, in their order.
    public var data: Source
    /// The records that are evaluated on.
    public var evaluationData: Source?
    /// Steps between evaluations; nil evaluates at the end only.
    public var evaluateEvery: Int?
    /// What is minimized.
    public var objective: Objective
    /// Batches, learning rate, optimizer, memory plan.
    public var configuration: TrainingConfiguration
    /// Most rows of a micro-batch, on which the order of sums depends.
    public var microBatchRows: Int
    /// What the factors of matrix products are rounded to.
    public var precision: MatrixPrecision
    /// Seed of everything random.
    public var seed: UInt64

    /// The settings of a run.
    public init(
        model: Source, data: Source, objective: Objective, configuration: TrainingConfiguration,
        microBatchRows: Int, precision: MatrixPrecision, seed: UInt64
    ) {
        self.model = model
        self.data = data
        self.objective = objective
        self.configuration = configuration
        self.microBatchRows = microBatchRows
        self.precision = precision
        self.seed = seed
    }

    /// All settings by name, named after their flags.
    public var fields: SettingFields {
        let plan = configuration.plan ?? .full
        let schedule = configuration.schedule
        var fields: SettingFields = [
            "model": .source(model), "data": .source(data),
            "batch-size": .value(String(configuration.batchSize)),
            "order": .value(configuration.shuffleSeed == nil ? "that of the file" : "shuffled"),
            "micro-batch-tokens": .value(String(microBatchRows)),
            "learning-rate": .value(String(schedule.peak)),
            "warmup-steps": .value(String(schedule.warmupSteps)),
            "schedule": .value(
                schedule.shape == .constant
                    ? schedule.shape.rawValue
                    : "\(schedule.shape.rawValue) over \(schedule.totalSteps) steps"),
            "weight-decay": .value(String(configuration.optimizer.weightDecay)),
            "clip-norm": .value(String(configuration.optimizer.clipNorm)),
            "precision": .value(precision.rawValue), "memory-plan": .value(plan.resultClass),
        ]
        fields["tokenizer"] = tokenizer.map { .source($0) }
        fields["reference"] = reference.map { .source($0) }
        if let evaluationData {
            fields["eval"] = .source(evaluationData)
            fields["eval-every"] = .value(evaluateEvery.map { String($0) } ?? "at the end")
        }
        fields.merge(objective.fields) { $1 }
        if configuration.shuffleSeed != nil || plan.isCompact || objective.isRandom {
            fields["seed"] = .value(String(seed))
        }
        return fields
    }
}

extension RunSettings.Objective {
    fileprivate var isRandom: Bool {
        if case .scheduledSampling = self { true } else { false }
    }

    fileprivate var fields: SettingFields {
        switch self {
        case .mle: ["objective": .value("mle")]
        case .scheduledSampling(let probability, let passes):
            [
                "objective": .value("scheduled sampling"),
                "scheduled-sampling": .value(String(probability)),
                "passes": .value(String(passes)),
            ]
        case .preference(let loss, let beta, let nllWeight, let sharesPrompts):
            [
                "objective": .value(loss.rawValue), "beta": .value(String(beta)),
                "nll-weight": .value(String(nllWeight)),
                "shared-prefix": .value(sharesPrompts ? "yes" : "no"),
            ]
        }
    }
}

/// Settings as a saved state has them, by name.
public typealias SettingFields = [String: SavedSetting]

/// The value of a setting in a saved state.
public enum SavedSetting: Sendable, Hashable {
    /// A flag's value, as text that reads back as the same value.
    case value(String)
    /// Something that was read.
    case source(RunSettings.Source)

    /// Whether results are the same under both: names of sources do not matter.
    func agrees(with other: SavedSetting) -> Bool {
        switch (self, other) {
        case (.value(let a), .value(let b)): a == b
        case (.source(let a), .source(let b)): a.digest == b.digest
        default: false
        }
    }
}

extension SavedSetting: CustomStringConvertible {
    /// The value, or the source's name and the beginning of its digest.
    public var description: String {
        switch self {
        case .value(let text): text
        case .source(let source): "\(source.name) (sha256 \(source.digest.prefix(12))…)"
        }
    }
}

/// A setting that a saved run and one that would continue it do not share.
public struct SettingDifference: Sendable, Hashable {
    /// The setting's name.
    public var name: String
    /// Its value in the saved state, if it has one there.
    public var saved: String
    /// Its value now, if it has one.
    public var given: String

    /// All differences between a saved state and a run, by name.
    public static func between(saved: SettingFields, given: SettingFields) -> [SettingDifference] {
        Set(saved.keys).union(given.keys).sorted().compactMap { name in
            let (old, new) = (saved[name], given[name])
            if let old, let new, old.agrees(with: new) { return nil }
            return SettingDifference(
                name: name, saved: old?.description ?? "nothing",
                given: new?.description ?? "nothing")
        }
    }
}

extension MemoryPlan {
    /// Plans of the same class give the same bits, so that one can go on where another stopped.
    var resultClass: String {
        switch self {
        case .full, .recompute: "full or recompute"
        case .layerwise: "layerwise"
        case .compact: "compact"
        }
    }
}
