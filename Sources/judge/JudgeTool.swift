import ArgumentParser
import Checkpoints
import Evaluation
import Kernels
import Records
import StreamIO
import ToolKit

/// Compares answers and says who wins.
@main struct JudgeTool: CommandLineTool {
    static let configuration = toolConfiguration(
        "judge",
        abstract: "Compares answers: verdicts, one a line, and the win rate of a.",
        discussion: """
            Without --b, each output of a is compared with the record's own response; with --b, the \
            outputs of two files with the same ids are compared. Judges: endpoint (an OpenAI-compatible \
            server), model (a local checkpoint answers the template with A or B), likelihood (mean \
            log-probability per token under a local checkpoint), embedding (cosine similarity to the \
            response; without --b, to the prompt). The last two see no order and no template, and are \
            proxies: name them when you report them. In a verdict, `answer` A is what was shown first, \
            `p_a` the probability given to side a wherever it stood.
            """,
        libraries: [BLAS.description])

    static let example = """
        judge --a outputs.jsonl.zst --template dolly --judge model --model SmolLM2 -o verdicts.jsonl.zst
        judge --a cpo.jsonl.zst --b mle.jsonl.zst --judge embedding --model all-MiniLM-L6-v2
        """

    /// Who judges.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case endpoint, model, embedding, likelihood
    }

    @Option(help: ArgumentHelp("Records with the outputs to judge.", valueName: "file"))
    var a: String

    @Option(
        help: ArgumentHelp("Records to compare with; else a's own responses.", valueName: "file"))
    var b: String?

    @Option(help: "Field of a's answers; else output (with --b also response, text).")
    var aField: String?

    @Option(help: "Field of b's answers; else as for a, or response without --b.")
    var bField: String?

    @Option(help: "Field of the query; else instruction with context, or prompt.")
    var queryField: String?

    @Option(help: ArgumentHelp("Who judges.", valueName: "judge"))
    var judge: Kind

    @Option(help: "dolly, wiki (appendix A.3 of the paper), or a file with {query}, {a} and {b}.")
    var template = "dolly"

    @Option(help: "both: each pair in both orders, disagreement is a tie; fixed: a first.")
    var order: PresentationOrder = .both

    @Option(help: ArgumentHelp("Checkpoint or embedder that judges.", valueName: "dir"))
    var model: String?

    @Option(help: ArgumentHelp("Endpoint, including /v1.", valueName: "url"))
    var baseURL: String?

    @Option(help: "Model that the endpoint is asked for.")
    var judgeModel: String?

    @Option(help: ArgumentHelp("Environment variable with the endpoint's key.", valueName: "name"))
    var apiKeyEnv: String?

    @Option(
        help: ArgumentHelp(
            "Verdicts of another system on the same records, for a paired bootstrap.",
            valueName: "file"))
    var compare: String?

    @Option(help: ArgumentHelp("Where to write the summary (JSON).", valueName: "file"))
    var summary: String?

    @Option(help: "Share of failed comparisons above which the tool fails.")
    var maxErrorRate = 0.1

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the verdicts go; else stdout.", valueName: "file"))
    var output: String?

    @Flag(help: "Write plain JSONL instead of zstd.")
    var plain = false

    @Flag(help: "Input without records is no error.")
    var allowEmpty = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (0...1).contains(maxErrorRate) else {
            throw ValidationError("--max-error-rate (got \(maxErrorRate), expected 0 to 1)")
        }
        guard judge != .endpoint else {
            throw ValidationError("--judge endpoint comes with a later version")
        }
        guard baseURL == nil, judgeModel == nil, apiKeyEnv == nil else {
            throw ValidationError(
                "--base-url, --judge-model and --api-key-env belong to --judge endpoint")
        }
        guard model != nil else { throw ValidationError("--judge \(judge.rawValue) needs --model") }
    }

    func execute(_ log: Log) throws {
        guard let model, let local = LocalJudge(rawValue: judge.rawValue) else { return }
        Parallel.configure(threads: common.threadCount)
        let template = try JudgeInput.template(template)
        let other = try compare.map(JudgeInput.verdicts)
        let comparisons = try JudgeInput.comparisons(
            a: a, b: b, fields: ComparisonFields(a: aField, b: bField, query: queryField),
            allowEmpty: allowEmpty)
        var writer = try RecordWriter(path: output, plain: plain)
        var progress = Progress(unit: "comparisons", total: comparisons.count, log: log)
        var verdicts: [Verdict] = []
        let work = try local.run(
            on: comparisons, modelDirectory: model, template: template, order: order
        ) { batch in
            for verdict in batch {
                try writer.write(Record(id: verdict.id, fields: verdict.json))
            }
            verdicts += batch
            progress.update(verdicts.count)
        }
        progress.finish()
        try writer.finish()
        if work.truncated > 0 {
            log.warning("\(work.truncated) comparisons have a text that the embedder cut")
        }
        try conclude(verdicts, other, template, local, model, log)
    }

    private func conclude(
        _ verdicts: [Verdict], _ other: [Verdict]?, _ template: JudgeTemplate, _ local: LocalJudge,
        _ model: String, _ log: Log
    ) throws {
        let result = WinRateSummary(verdicts)
        var fields = result.json
        fields["judge"] = .string(local.rawValue)
        fields["judge_model_sha256"] = .string(try modelHash(model))
        fields["against"] = .string(b == nil ? "response" : "b")
        if local == .model {
            fields["template"] = .string(template.name)
            fields["template_sha256"] = .string(template.sha256)
            fields["order"] = .string(order.rawValue)
        }
        if let other {
            let difference = try PairedBootstrap(verdicts, other, seed: common.seed)
            fields["compared"] = .object(difference.json)
            log.summary(difference.line)
        }
        if let summary {
            let text = try JSONValue.object(fields).serialized() + [0x0A]
            try AtomicFile.write(to: summary) { try $0.write(text) }
        }
        log.summary(result.line)
        if result.all.errorRate > maxErrorRate {
            log.error(
                "\(result.all.errors) of \(verdicts.count) comparisons failed "
                    + "(expected a share of at most \(maxErrorRate))")
            throw ExitCode(ExitStatus.internalFailure.rawValue)
        }
    }
}

extension PresentationOrder: ExpressibleByArgument {}
