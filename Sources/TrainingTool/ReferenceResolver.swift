import Checkpoints
import Kernels
import Records
import Scoring
import ToolKit
public import Training
import Transformer

/// Finds the reference: a model given for that, the scores in the records, or the model that training
/// starts from.
public struct ReferenceResolver {
    /// Where scores come from.
    private enum Origin {
        case model(String)
        case records(scorer: String)
        case start
    }

    private let loaded: LoadedRecords<PreferenceRecord>
    private let examples: LoadedRecords<PreferenceExample>
    private let model: TrainedModel
    private let options: TrainingOptions
    private let seed: UInt64
    private let log: Log
    private let origin: Origin
    /// The reference as a setting of the run.
    public let source: RunSettings.Source
    /// Whether policy and reference are the same model at the first step.
    public let isStart: Bool

    /// Finds out what the reference is; scores nothing yet.
    ///
    /// - Parameters:
    ///   - loaded: the records
    ///   - examples: what is trained on of each
    ///   - model: what is trained
    ///   - identity: which model training starts from
    ///   - reference: directory of the reference, if one was named
    public init(
        _ loaded: LoadedRecords<PreferenceRecord>, examples: LoadedRecords<PreferenceExample>,
        model: TrainedModel, identity: ModelIdentity, reference: String?,
        options: TrainingOptions, seed: UInt64, log: Log
    ) throws {
        self.loaded = loaded
        self.examples = examples
        self.model = model
        self.options = options
        self.seed = seed
        self.log = log
        if let reference {
            if loaded.examples.contains(where: { $0.reference != nil }) {
                log.warning("--reference is used; reference scores in the records are not")
            }
            let named = try ModelIdentity(directory: reference)
            isStart = named == identity
            if !isStart { log.warning("the reference is not the model that training starts from") }
            origin = .model(reference)
            source = named.source
        } else if let scorer = try Self.scorer(loaded, options) {
            isStart = scorer == identity.weights
            if !isStart {
                log.warning(
                    "the records' reference \(scorer) is not the model that training starts from")
            }
            origin = .records(scorer: scorer)
            var digest = DataDigest()
            for (record, example) in zip(loaded.examples, examples.examples) {
                let count = example.tree.continuations.count
                digest.add(
                    TokenTree(prompt: [], continuations: []),
                    scores: record.reference.map { Array($0.scores.prefix(count)) })
            }
            source = RunSettings.Source(
                name: "scores in the records, of \(scorer)", digest: digest.hex)
        } else {
            log.info("reference: the starting model")
            isStart = true
            origin = .start
            source = identity.source
        }
    }

    /// The model that scored all of the records; nil if none carries scores.
    private static func scorer(
        _ loaded: LoadedRecords<PreferenceRecord>, _ options: TrainingOptions
    ) throws -> String? {
        let fields = loaded.examples.compactMap(\.reference)
        guard !fields.isEmpty else { return nil }
        guard fields.count == loaded.examples.count else {
            throw RecordError.unfit(
                location: nil,
                reason: "\(loaded.name): some records have reference scores and some have none "
                    + "(got \(fields.count) of \(loaded.examples.count), expected all or none)",
                hint: "run score --as reference on all of them")
        }
        let wanted = options.precision.precision
        let precisions = Set(fields.map(\.precision))
        guard precisions == [wanted] else {
            throw RecordError.unfit(
                location: nil,
                reason: "reference scores in another precision than training "
                    + "(got \(precisions.map(\.rawValue).sorted().joined(separator: ", ")), "
                    + "expected \(wanted.rawValue))",
                hint: "run score --as reference --precision \(wanted.rawValue)")
        }
        let models = Set(fields.map(\.model))
        guard models.count == 1 else {
            throw RecordError.unfit(
                location: nil,
                reason: "reference scores of different models "
                    + "(got \(models.sorted().joined(separator: ", ")), expected one model)",
                hint: nil)
        }
        return models.first
    }

    /// Whether the scores are of the weights as they are stored: those of a run that holds them in
    /// bfloat16 may be rounded ones.
    public var isOfStoredWeights: Bool {
        if case .records = origin { true } else { false }
    }

    // MARK: Scores

    /// log π_ref of every candidate of every example that the run uses.
    public func scores() throws -> [[Double]] {
        switch origin {
        case .records:
            zip(loaded.examples, examples.examples).map { record, example in
                Array((record.reference?.scores ?? []).prefix(example.tree.continuations.count))
            }
        case .model(let directory): try scoresInBatches(try load(directory))
        case .start: try scoresInBatches(model.decoder)
        }
    }

    /// log π_ref of every candidate of records that are not trained on.
    public func scores(
        of evaluated: LoadedRecords<PreferenceRecord>, examples: LoadedRecords<PreferenceExample>
    ) throws -> [[Double]] {
        let scoring: Decoder
        switch origin {
        case .model(let directory): scoring = try load(directory)
        case .start: scoring = model.decoder
        case .records(let scorer):
            if try Self.scorer(evaluated, options) == scorer {
                return zip(evaluated.examples, examples.examples).map { record, example in
                    Array((record.reference?.scores ?? []).prefix(example.tree.continuations.count))
                }
            }
            guard isStart else {
                throw RecordError.unfit(
                    location: nil,
                    reason: "\(evaluated.name): no reference scores of the model that scored the "
                        + "training records (got none, expected those of \(scorer))",
                    hint: "run score --as reference on the records of --eval too")
            }
            scoring = model.decoder
        }
        return try checked(
            sequenceLogProbabilities(
                examples.examples.map(\.tree), model: scoring, rowLimit: options.microBatchTokens),
            examples.ids)
    }

    private func load(_ directory: String) throws -> Decoder {
        // The records were checked against the reference's limits when they were read.
        let checkpoint = try Checkpoint.load(
            directory: directory, isCompact: model.plan?.isCompact == true)
        log.warnings(checkpoint.warnings)
        return Decoder(
            configuration: checkpoint.configuration, weights: checkpoint.weights,
            precision: options.precision.precision)
    }

    private func scoresInBatches(_ model: Decoder) throws -> [[Double]] {
        var progress = Progress(unit: "reference batches", total: options.steps, log: log)
        defer { progress.finish() }
        let scores = referenceScores(
            of: examples.examples, model: model,
            order: options.order(records: examples.examples.count, seed: seed),
            steps: options.steps,
            rowLimit: options.microBatchTokens
        ) { progress.update($0 + 1) }
        return try checked(scores, examples.ids)
    }

    private func checked(_ scores: [[Double]], _ ids: [String]) throws -> [[Double]] {
        for (record, candidates) in scores.enumerated() {
            if let candidate = candidates.firstIndex(where: { !$0.isFinite }) {
                throw TrainingError.badScore(
                    record: ids[record], candidate: candidate, value: candidates[candidate])
            }
        }
        return scores
    }
}
