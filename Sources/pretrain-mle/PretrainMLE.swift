import ArgumentParser
import Checkpoints
import Kernels
import Records
import Tokenization
import ToolKit
import Training
import TrainingTool
import Transformer

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
        guard (0...1).contains(scheduledSampling) else {
            throw ValidationError(
                "--scheduled-sampling (got \(scheduledSampling), expected 0 ... 1)")
        }
        guard passes >= 1 else {
            throw ValidationError("--passes (got \(passes), expected at least 1)")
        }
        if (training.model == nil) == (initialConfig == nil) {
            throw ValidationError("give --model DIR or --init CONFIG.json, one of them")
        }
        if tokenizer != nil, initialConfig == nil {
            throw ValidationError("--tokenizer goes with --init")
        }
    }

    func execute(_ log: Log) throws {
        try common.configureKernels()
        let shape = try startingShape()
        let limits = SequenceLimits(shape)
        let examples = try TrainingSession.read(input, log) { try $0.responseTree(limits) }
        let rowLimit = training.microBatchTokens
        let evaluated = try training.eval.map { path in
            try TrainingSession.read(input.reading(path), log) { try $0.responseTree(limits) }
        }
        let plan = try training.memory.plan(
            shape,
            rows: StepRows(
                examples, evaluated: evaluated ?? [], batchSize: training.batchSize,
                rowLimit: rowLimit), common, log)
        var evaluation: ((Decoder) -> Double)?
        if let trees = evaluated {
            evaluation = { model in
                let tokens = tokenLogProbabilities(trees, model: model, rowLimit: rowLimit)
                    .flatMap { $0[0] }
                return -tokens.reduce(0.0) { $0 + Double($1) } / Double(max(1, tokens.count))
            }
        }
        let session = TrainingSession(
            start: try startingCheckpoint(isCompact: plan?.isCompact == true), options: training,
            plan: plan, common: common, log: log)
        let objective: any TrainingObjective =
            scheduledSampling == 0
            ? MLEObjective(examples, rowLimit: rowLimit)
            : ScheduledSamplingObjective(
                examples, probability: scheduledSampling, passes: passes, seed: common.seed,
                rowLimit: rowLimit)
        try session.run(
            objective, settings: settings, metadata: try provenance(), evaluation: evaluation)
    }

    /// What a continued run must share.
    private var settings: [String: String] {
        guard scheduledSampling > 0 else { return ["objective": "mle"] }
        return [
            "objective": "scheduled sampling", "probability": String(scheduledSampling),
            "passes": String(passes),
        ]
    }

    /// The shape of the model, whose weights are not made before it is known how to hold them.
    private func startingShape() throws -> DecoderConfiguration {
        if let model = training.model { return try Checkpoint.configuration(directory: model) }
        let shape = try initialShape().configuration
        if let tokenizer, let initialConfig {
            try requireFit(shape, try Tokenizer.load(directory: tokenizer), initialConfig)
        }
        return shape
    }

    private func initialShape() throws -> HuggingFaceConfig {
        guard let initialConfig else { throw ValidationError("give --model or --init") }
        return try HuggingFaceConfig(file: initialConfig)
    }

    private func startingCheckpoint(isCompact: Bool) throws -> Checkpoint {
        if let model = training.model {
            return try Checkpoint.load(directory: model, isCompact: isCompact)
        }
        let config = try initialShape()
        let weights = ParameterStorage(
            count: ParameterLayout(config.configuration).count, isCompact: isCompact)
        weights.initialize(config.configuration, seed: common.seed)
        var checkpoint = Checkpoint(config: config, weights: weights)
        checkpoint.directory = tokenizer
        return checkpoint
    }

    /// A model whose end of text is not the tokenizer's would never stop.
    private func requireFit(
        _ configuration: DecoderConfiguration, _ tokenizer: Tokenizer, _ file: String
    ) throws(CheckpointError) {
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw .configuration(
                file: file,
                what: "vocab_size is below the tokenizer's (got \(configuration.vocabularySize), "
                    + "expected at least \(tokenizer.vocabularySize))")
        }
        if let end = tokenizer.endOfSequenceID, !configuration.eosTokenIDs.contains(end) {
            let got = configuration.eosTokenIDs.map(String.init).joined(separator: ", ")
            throw .configuration(
                file: file,
                what: "eos_token_id is not the tokenizer's (got \(got), expected \(end))")
        }
    }

    private func provenance() throws -> [String: String] {
        var metadata = ["tool": "pretrain-mle, \(Version.package)"]
        if let model = training.model { metadata["parent"] = try modelHash(model) }
        return metadata
    }
}
