import ArgumentParser
import Checkpoints
import Glibc
import Kernels
import Records
import Scoring
import ToolKit
import Transformer

/// Adds log-probabilities of responses and negatives under a model.
@main struct Score: CommandLineTool {
    static let configuration = toolConfiguration(
        "score",
        abstract:
            "Adds log-probabilities of responses and negatives under a model to token records.",
        discussion: """
            Log-probabilities are sums over the continuation's tokens, in nats. The last line says mean \
            negative log-likelihood and perplexity of the responses.
            """,
        libraries: [ProductCheck.description])

    static let example =
        "score --model reference --as reference ranked.jsonl.zst -o scored.jsonl.zst"

    /// Under which name scores are stored.
    enum Role: String, CaseIterable, ExpressibleByArgument {
        case reference
    }

    static let renamedFlags = ["batch-size": "records-at-once"]

    @OptionGroup var io: InputOutputOptions

    @Option(help: ArgumentHelp("Checkpoint to score with.", valueName: "dir"))
    var model: String

    @Option(
        name: .customLong("as"),
        help: "reference: store scores and the model's hash as train-cpo wants them.")
    var role: Role?

    @Flag(help: "Also the log-probability of every token of the response.")
    var perToken = false

    @Option(
        help: ArgumentHelp(
            """
            Most rows of a micro-batch. Changes no result, but that of a record which alone has more: its \
            negatives are then scored a few at a time, the same to within rounding.
            """, valueName: "rows"))
    var microBatchTokens = 1024

    @OptionGroup var batches: RecordBatchOptions

    @OptionGroup var precision: InferencePrecisionOptions

    @OptionGroup var common: CommonOptions

    func validate() throws {
        try require("--micro-batch-tokens", microBatchTokens, atLeast: 1)
        guard role == nil || !precision.precision.isQuantized else {
            throw ValidationError("--as reference: train-cpo computes in fp32 or bf16, not in int8")
        }
    }

    func execute(_ log: Log) throws {
        try io.prepare()
        try common.configureKernels()
        let checkpoint = try Checkpoint.load(directory: model)
        log.warnings(checkpoint.warnings)
        var scorer = RecordScorer(
            model: Decoder(
                configuration: checkpoint.configuration, parameters: checkpoint.parameters,
                precision: precision.precision.products,
                isQuantized: precision.precision.isQuantized),
            rowLimit: microBatchTokens)
        scorer.perToken = perToken
        if role == .reference { scorer.referenceModel = try modelHash(model) }
        let work = {
            [
                "model": try modelDirectoryDigest(model), "as": role?.rawValue ?? "score",
                "per token": perToken ? "yes" : "no",
                "precision": precision.precision.rawValue,
            ]
        }
        let counts = try io.transform(atOnce: batches.recordsAtOnce, log, work: work) {
            try scorer.score($0)
        }
        log.summary(
            "\(counts.written) records, \(scorer.responseTokens) response tokens, "
                + "mean NLL \(Progress.fixed(scorer.meanNLL, 4)), "
                + "perplexity \(Progress.fixed(exp(scorer.meanNLL), 3))")
    }
}
