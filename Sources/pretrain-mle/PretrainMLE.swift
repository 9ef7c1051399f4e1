import ArgumentParser
import Checkpoints
import Kernels
import Records
import Scoring
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
        let shape = try startingShape()
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
        let identity = try startingIdentity()
        let model = TrainedModel(
            try startingCheckpoint(isCompact: plan?.isCompact == true), plan: plan,
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
                vocabularySize: usedVocabulary(model.start, log))
        try training.train(
            model, objective, recordIDs: records.ids, settings: settings,
            metadata: provenance(identity),
            evaluation: evaluated.map { evaluation($0, rowLimit: rowLimit) }, log)
    }

    /// The mean negative log-likelihood over all response tokens.
    private func evaluation(_ records: LoadedRecords<TokenTree>, rowLimit: Int) -> Evaluation {
        Evaluation(recordIDs: records.ids) { model in
            try tokenLogProbabilities(
                records.examples, model: model, rowLimit: rowLimit, onBatch: checkInterruption
            ).map { continuations in
                Evaluation.Term(
                    loss: -continuations[0].reduce(0.0) { $0 + Double($1) },
                    weight: Double(continuations[0].count))
            }
        }
    }

    /// Number of tokens that the tokenizer has, if there is one: a model's table is often padded beyond.
    private func usedVocabulary(_ start: Checkpoint, _ log: Log) -> Int? {
        guard let directory = start.directory else { return nil }
        do {
            return try Tokenizer.load(directory: directory).vocabularySize
        } catch TokenizationError.noTokenizer {
            return nil
        } catch {
            log.warning("all rows of the model's table may be drawn: \(error)")
            return nil
        }
    }

    private func startingIdentity() throws -> ModelIdentity {
        if let initialConfig {
            return try ModelIdentity(configuration: initialConfig, seed: common.seed)
        }
        return try ModelIdentity(directory: training.model ?? "")
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

    private func provenance(_ identity: ModelIdentity) -> [String: String] {
        var metadata = ["tool": "pretrain-mle, \(Version.package)"]
        metadata["parent"] = identity.weights
        return metadata
    }
}
