import ArgumentParser
import Kernels
import Scoring
import ToolKit
import Training
import TrainingTool

/// Trains a model by maximum likelihood of responses given their prompts.
@main struct PretrainMLE: CommandLineTool {
    static let configuration = toolConfiguration(
        "pretrain-mle",
        abstract:
            "Trains a language model by maximum likelihood on token records, or by scheduled sampling.",
        discussion: """
            The loss is the mean negative log-likelihood over all response tokens of a step, however \
            the step is cut into micro-batches. Prompts are not trained on.
            """,
        libraries: [ProductCheck.description])

    static let example = """
        tokenize --model base dolly.jsonl | pretrain-mle --model base --out reference \\
            --steps 60 --batch-size 8 --learning-rate 2e-5 --metrics mle.jsonl
        """

    @OptionGroup var input: InputRecordOptions
    @OptionGroup var training: TrainingOptions

    @Option(
        name: .customLong("init"),
        help: ArgumentHelp("Start from random weights of this shape.", valueName: "config.json"))
    var initialConfig: String?

    @Option(help: ArgumentHelp("Where the tokenizer comes from, with --init.", valueName: "dir"))
    var tokenizer: String?

    @Option(
        help: """
            Parallel scheduled sampling: the probability with which an input token of a response is replaced \
            by one of the model's own. 0: maximum likelihood.
            """)
    var scheduledSampling = 0.0

    @Option(
        help: "Scheduled sampling: passes in which inputs are replaced; the last is trained on.")
    var passes = 1

    @OptionGroup var common: CommonOptions

    func validate() throws {
        try require("--scheduled-sampling", scheduledSampling, in: 0...1)
        try require("--passes", passes, atLeast: 1)
        if (training.model == nil) == (initialConfig == nil) {
            throw ValidationError("give --model DIR or --init CONFIG.json, one of them")
        }
        if tokenizer != nil, initialConfig == nil {
            throw ValidationError("--tokenizer goes with --init")
        }
    }

    func execute(_ log: Log) throws {
        try training.claimOutputs()
        try common.configureKernels()
        let start = startingModel
        let shape = try start.shape()
        let limits = SequenceLimits(shape)
        let records = try LoadedRecords(input, log) { try $0.responseTree(limits) }
        let rowLimit = training.microBatchTokens
        let evaluated = try training.eval.map { path in
            try LoadedRecords(input.reading(path), log) { try $0.responseTree(limits) }
        }
        let plan = try training.memory.plan(
            shape,
            rows: StepRows(
                records.examples, evaluated: evaluated?.examples ?? [],
                batchSize: training.batchSize, rowLimit: rowLimit), common, log)
        let identity = try start.identity()
        let model = TrainedModel(
            try start.load(isCompact: plan?.isCompact == true), plan: plan,
            precision: training.precision, log)
        var settings = try training.settings(
            model, identity: identity, data: records.source,
            objective: scheduledSampling == 0
                ? .mle : .scheduledSampling(probability: scheduledSampling, passes: passes),
            seed: common.seed)
        settings.evaluationData = evaluated?.source
        settings = try training.checkResume(settings)
        let objective: any TrainingObjective =
            scheduledSampling == 0
            ? MLEObjective(records.examples, rowLimit: rowLimit)
            : ScheduledSamplingObjective(
                records.examples, probability: scheduledSampling, passes: passes,
                seed: common.seed, rowLimit: rowLimit,
                vocabularySize: model.start.usedVocabulary(log))
        var metadata = ["tool": "pretrain-mle, \(Version.package)"]
        metadata["parent"] = identity.weights
        try training.train(
            model, objective, recordIDs: records.ids, settings: settings, metadata: metadata,
            evaluation: evaluated.map {
                .likelihood(of: $0.examples, recordIDs: $0.ids, rowLimit: rowLimit)
            }, log)
    }

    private var startingModel: StartingModel {
        initialConfig.map {
            .random(configuration: $0, tokenizer: tokenizer, seed: common.seed)
        } ?? .checkpoint(training.model ?? "")
    }
}
