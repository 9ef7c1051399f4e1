import Checkpoints
import Glibc
import Records
import ToolKit
public import Training
public import Transformer

/// Reference scores for a run, and whether the reference is the model that the run starts from.
public struct ResolvedReference {
    /// log π_ref of every candidate of every example.
    public var scores: [[Double]]
    /// Whether policy and reference are the same model at the first step.
    public var isStart: Bool
}

/// Finds the reference scores: from a model given for that, from the records, or from the model that
/// training starts from.
public struct ReferenceResolver {
    private let records: [PreferenceRecord]
    private let examples: [PreferenceExample]
    private let pairs: Bool
    private let session: TrainingSession
    private let options: TrainingOptions
    private let log: Log

    /// - Parameter pairs: whether only the first two candidates count
    public init(
        records: [PreferenceRecord], examples: [PreferenceExample], pairs: Bool,
        session: TrainingSession, options: TrainingOptions, log: Log
    ) {
        self.records = records
        self.examples = examples
        self.pairs = pairs
        self.session = session
        self.options = options
        self.log = log
    }

    /// Resolves the reference.
    ///
    /// - Parameters:
    ///   - model: directory of the starting model
    ///   - reference: directory of the reference, if one was named
    public func resolve(model: String, reference: String?) throws -> ResolvedReference {
        let start = try modelHash(model)
        if let reference {
            if records.contains(where: { $0.reference != nil }) {
                log.warning("--reference is used; reference scores in the records are not")
            }
            let isStart = try modelHash(reference) == start
            if !isStart { log.warning("the reference is not the model that training starts from") }
            return ResolvedReference(
                scores: try scoresInBatches(try load(reference)), isStart: isStart)
        }
        let fields = records.compactMap(\.reference)
        guard !fields.isEmpty else {
            log.info("reference: the starting model")
            return ResolvedReference(scores: try scoresInBatches(session.model), isStart: true)
        }
        guard fields.count == records.count else {
            throw RecordError.unfit(
                location: nil,
                reason: "some records have reference scores and some have none "
                    + "(got \(fields.count) of \(records.count), expected all or none)",
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
        guard models.count == 1, let scorer = models.first else {
            throw RecordError.unfit(
                location: nil,
                reason: "reference scores of different models "
                    + "(got \(models.sorted().joined(separator: ", ")), expected one model)",
                hint: nil)
        }
        if scorer != start {
            log.warning(
                "the records' reference \(scorer) is not the model that training starts from")
        }
        return ResolvedReference(
            scores: fields.map { pairs ? Array($0.scores.prefix(2)) : $0.scores },
            isStart: scorer == start)
    }

    /// Reference scores of trees that are not trained on.
    public func scores(of trees: [TokenTree], reference: String?) throws -> [[Double]] {
        let model = try reference.map(load) ?? session.model
        return sequenceLogProbabilities(trees, model: model, rowLimit: options.microBatchTokens)
    }

    private func load(_ directory: String) throws -> Decoder {
        // The records were checked against the reference's limits when they were read.
        let checkpoint = try Checkpoint.load(
            directory: directory, isCompact: session.plan?.isCompact == true)
        return Decoder(
            configuration: checkpoint.configuration, weights: checkpoint.weights,
            precision: options.precision.precision)
    }

    private func scoresInBatches(_ model: Decoder) throws -> [[Double]] {
        var progress = Progress(unit: "reference batches", total: options.steps, log: log)
        defer { progress.finish() }
        return try referenceScores(
            of: examples, model: model, order: session.order(records: examples.count),
            steps: options.steps, rowLimit: options.microBatchTokens
        ) { progress.update($0 + 1) }
    }
}

/// Checks the loss of a first step whose policy is the reference: log K, with ranking log K!, DPO
/// log 2, as a mean over the prompts.
///
/// - Parameter candidates: K of each prompt of the step
public func checkFirstLoss(
    _ loss: Double, kind: PreferenceLossKind, candidates: [Int]
) throws(TrainingError) {
    let values = candidates.map { count in
        switch kind {
        case .cpo, .dpo: log(Double(count))
        case .rankedCPO: (1...max(1, count)).reduce(0.0) { $0 + log(Double($1)) }
        }
    }
    let expected = values.reduce(0, +) / Double(max(1, values.count))
    guard abs(loss - expected) <= 1e-3 else {
        throw .referenceIsNotStart(loss: loss, expected: expected)
    }
}
