import ArgumentParser
import Checkpoints
import Kernels
import Records
import ToolKit
import Training
import TrainingTool
import Transformer

/// Trains a model to prefer true continuations over negatives, against a frozen reference.
@main struct TrainCPO: CommandLineTool {
    static let configuration = toolConfiguration(
        "train-cpo",
        abstract: "Trains a language model by contrastive preference optimization (or DPO).",
        discussion: """
            The method is that of Feng et al., Findings of NAACL 2025 (arXiv 2502.16433): listwise, \
            against a reference model, with synthetic negatives. It is not the CPO of Xu et al. 2024 \
            (arXiv 2401.08417), which is pairwise and has no reference.

            Reference scores come from --reference, else from the field `reference` of the records \
            (score --as reference), else from the starting model. With the starting model as \
            reference every margin of the first step is zero and the loss is log K, with ranking \
            log K!; a run that misses that stops.

            Log-probabilities are sums over tokens. Both logprob_chosen and logprob_rejected may fall \
            while the margin rises; --nll-weight holds the former up.
            """,
        libraries: [ProductCheck.description])

    static let example = """
        gen-negatives --model reference --kinds an:4 train.jsonl.zst \\
            | rank-by-embedding --embedder minilm \\
            | train-cpo --model reference --out cpo --steps 40 --beta 0.1 --metrics cpo.jsonl
        """

    /// Which objective is minimized.
    enum Objective: String, CaseIterable, ExpressibleByArgument {
        case cpo, dpo
    }

    @OptionGroup var input: InputRecordOptions
    @OptionGroup var training: TrainingOptions

    @Option(help: ArgumentHelp("Reference model.", valueName: "dir"))
    var reference: String?

    @Option(help: "β, how strongly the policy is held to the reference.")
    var beta = 0.1

    @Flag(
        inversion: .prefixedNo,
        help:
            "Learn the whole ranking (eq. 2), or the ground truth against all negatives (eq. 1). Without either flag: the ranking if the records have one."
    )
    var ranking: Bool?

    @Option(help: "cpo, or dpo: the ground truth against the first negative only.")
    var objective = Objective.cpo

    @Option(help: "Weight of the ground truth's mean negative log-likelihood in the loss.")
    var nllWeight = 0.0

    @Flag(
        help: """
            Compute the prompt once for each candidate instead of once for all: the same results, slower, \
            to measure the difference.
            """)
    var noSharedPrefix = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard training.model != nil else { throw ValidationError("--model is missing") }
        guard beta > 0, beta.isFinite else {
            throw ValidationError("--beta (got \(beta), expected a number above 0)")
        }
        guard nllWeight >= 0, nllWeight.isFinite else {
            throw ValidationError("--nll-weight (got \(nllWeight), expected at least 0)")
        }
        if objective == .dpo, ranking == true {
            throw ValidationError("--ranking goes with --objective cpo")
        }
    }

    func execute(_ log: Log) throws {
        try common.configureKernels()
        if training.learningRate > 5e-5 {
            log.warning("--learning-rate \(training.learningRate) is high for preference training")
        }
        let directory = training.model ?? ""
        let shape = try Checkpoint.configuration(directory: directory)
        let limits = SequenceLimits(shape)
        let loader = PreferenceLoader(limits: limits, usesRanking: usesRanking)
        let loaded = try TrainingSession.read(input, log) { try loader.load($0) }
        let kind = try loader.kind(loaded, objective == .dpo ? .dpo : nil)
        log.info("objective \(kind.rawValue), \(loaded.count) records")

        let examples = loaded.map { objective == .dpo ? $0.pair : $0.example }
        let evaluated = try training.eval.map { path in
            try TrainingSession.read(input.reading(path), log) { try loader.load($0) }
        }
        let plan = try training.memory.plan(
            shape,
            rows: StepRows(
                examples.map(\.tree), evaluated: evaluated?.map(\.example.tree) ?? [],
                batchSize: training.batchSize, rowLimit: training.microBatchTokens,
                sharesPrompts: !noSharedPrefix),
            reference: try reference.map { try Checkpoint.configuration(directory: $0) }, common,
            log)
        let session = TrainingSession(
            start: try Checkpoint.load(
                directory: directory, isCompact: plan?.isCompact == true),
            options: training, plan: plan, common: common, log: log)
        let resolver = ReferenceResolver(
            records: loaded, examples: examples, pairs: objective == .dpo, session: session,
            options: training, log: log)
        let resolved = try resolver.resolve(model: directory, reference: reference)
        let preference = PreferenceObjective(
            examples, reference: resolved.scores, kind: kind, beta: beta, nllWeight: nllWeight,
            rowLimit: training.microBatchTokens, sharesPrompts: !noSharedPrefix)
        let firstBatch = session.order(records: examples.count).records(step: 0)
        let metadata = [
            "tool": "train-cpo, \(Version.package)", "parent": try modelHash(directory),
            "objective": kind.rawValue, "beta": String(beta),
        ]
        try session.run(
            preference,
            settings: [
                "objective": kind.rawValue, "beta": String(beta), "nll weight": String(nllWeight),
            ], metadata: metadata, evaluation: try evaluation(evaluated, kind, resolver)
        ) { result in
            guard resolved.isStart, nllWeight == 0 else { return }
            try checkFirstLoss(
                result.loss, kind: kind,
                candidates: firstBatch.map { examples[$0].tree.continuations.count })
        }
    }

    private var usesRanking: Bool? { objective == .dpo ? false : ranking }

    /// The loss on the records of `--eval`, whose reference scores are computed before training.
    private func evaluation(
        _ loaded: [PreferenceRecord]?, _ kind: PreferenceLossKind, _ resolver: ReferenceResolver
    ) throws -> ((Decoder) throws -> Double)? {
        guard let loaded else { return nil }
        let examples = loaded.map { objective == .dpo ? $0.pair : $0.example }
        let trees = examples.map(\.tree)
        let reference = try resolver.scores(of: trees, reference: reference)
        let rowLimit = training.microBatchTokens
        return { model in
            let policy = sequenceLogProbabilities(trees, model: model, rowLimit: rowLimit)
            let losses = examples.indices.map {
                kind.loss(
                    policy: policy[$0], reference: reference[$0], beta: beta,
                    ranking: examples[$0].ranking
                ).value
            }
            return losses.reduce(0, +) / Double(losses.count)
        }
    }
}
