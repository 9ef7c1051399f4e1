import ArgumentParser
import Checkpoints
import Kernels
import Objectives
import Records
import Scoring
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
        try training.claimOutputs()
        try common.configureKernels()
        if training.learningRate > 5e-5 {
            log.warning("--learning-rate \(training.learningRate) is high for preference training")
        }
        let directory = training.model ?? ""
        let shape = try Checkpoint.configuration(directory: directory)
        var limits = SequenceLimits(shape, name: "the model \(directory)")
        if let reference {
            limits.add(
                try Checkpoint.configuration(directory: reference),
                name: "the reference \(reference)")
        }
        let loader = PreferenceLoader(limits: limits, loss: givenLoss)
        let loaded = try LoadedRecords(input, log) { try loader.load($0) }
        log.warnings(loader.warnings(loaded.examples))
        let loss = try loader.loss(of: loaded.examples)
        log.info("objective \(loss.rawValue), \(loaded.ids.count) records")
        let evaluated = try training.eval.map { path in
            try LoadedRecords(input.reading(path), log) { try loader.load($0) }
        }

        let examples = loaded.map { $0.example.suited(to: loss) }
        let evaluatedExamples = evaluated?.map { $0.example.suited(to: loss) }
        let plan = try training.memory.plan(
            shape,
            rows: StepRows(
                examples.examples.map(\.tree),
                evaluated: evaluated?.examples.map(\.example.tree) ?? [],
                batchSize: training.batchSize, rowLimit: training.microBatchTokens,
                sharesPrompts: !noSharedPrefix),
            reference: try reference.map { try Checkpoint.configuration(directory: $0) }, common,
            log)
        let identity = try ModelIdentity(directory: directory)
        let model = TrainedModel(
            try Checkpoint.load(directory: directory, isCompact: plan?.isCompact == true),
            plan: plan, precision: training.precision, log)
        let resolver = try ReferenceResolver(
            loaded, examples: examples, model: model, identity: identity, reference: reference,
            options: training, seed: common.seed, log: log)
        var settings = try training.settings(
            model, identity: identity, data: examples.source,
            objective: .preference(
                loss, beta: beta, nllWeight: nllWeight, sharesPrompts: !noSharedPrefix),
            seed: common.seed)
        settings.reference = resolver.source
        settings.evaluationData = evaluatedExamples?.source
        settings = try training.checkResume(settings)

        let preference = PreferenceObjective(
            examples.examples, reference: try resolver.scores(), loss: loss, beta: beta,
            nllWeight: nllWeight, rowLimit: training.microBatchTokens,
            sharesPrompts: !noSharedPrefix)
        var evaluation: Evaluation?
        if let evaluated, let examples = evaluatedExamples {
            evaluation = .preference(
                loss, beta: beta, of: examples.examples,
                reference: try resolver.scores(of: evaluated, examples: examples),
                recordIDs: examples.ids, rowLimit: training.microBatchTokens)
        }
        let firstBatch = training.order(
            records: examples.ids.count, seed: common.seed
        ).records(step: 0)
        let check = FirstStepCheck(
            loss: loss, precision: training.precision.precision,
            isRounded: model.start.weights.isCompact && model.start.storedType != .bfloat16
                && resolver.isOfStoredWeights)
        try training.train(
            model, preference, recordIDs: examples.ids, settings: settings,
            metadata: [
                "tool": "train-cpo, \(Version.package)", "parent": identity.weights ?? "",
                "objective": loss.rawValue, "beta": String(beta),
            ], evaluation: evaluation, log
        ) { result in
            guard resolver.isStart else { return }
            try check.check(
                result,
                candidates: firstBatch.map {
                    examples.examples[$0].tree.continuations.count
                }, hasOtherTerms: nllWeight != 0, recordIDs: examples.ids)
        }
    }

    /// The loss that the flags name; nil if the records decide.
    private var givenLoss: PreferenceLoss? {
        objective == .dpo ? .dpo : ranking.map { $0 ? .rankedCPO : .cpo }
    }
}
