import ArgumentParser
import Checkpoints
import Embedding
import EndpointTool
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

            What a server writes is read by rules: reasoning (<think>…</think> and its kin) is taken out; \
            lines that are only a label decide (A, **(B)**, Answer: A, Response B, {"winner": "A"}, A > B), \
            and so do [[A]], \\boxed{A} and "Verdict: A, …" anywhere; without one, sentences that state a \
            preference (I prefer A; B is better; A over B; Response B gives more detail). Different \
            letters, a tie, reasoning without an end and an answer cut at the length limit are no verdict.
            """,
        libraries: [ProductCheck.description])

    static let example = """
        judge --a outputs.jsonl.zst --template dolly --judge model --model SmolLM2 -o verdicts.jsonl.zst
        judge --a cpo.jsonl.zst --b mle.jsonl.zst --judge embedding --model all-MiniLM-L6-v2
        judge --a outputs.jsonl.zst --judge endpoint --judge-model gpt-4o-mini -o verdicts.jsonl.zst
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

    @Option(
        help:
            "both: each pair in both orders, disagreement is a tie; random: in one; fixed: a first."
    )
    var order: PresentationOrder = .both

    @Option(help: ArgumentHelp("Checkpoint or embedder that judges.", valueName: "dir"))
    var model: String?

    @Option(
        help: "endpoint: text reads the letter, logprobs compares the probabilities of both.")
    var verdict = VerdictSource.text

    @Option(help: "endpoint: 0 for the most probable answer.")
    var temperature = 0.0

    @OptionGroup(title: "Endpoint") var endpoint: EndpointOptions

    @Option(
        help: ArgumentHelp(
            "Verdicts of another system on the same records, for a paired bootstrap.",
            valueName: "file"))
    var compare: String?

    @Option(help: ArgumentHelp("Where to write the summary (JSON).", valueName: "file"))
    var summary: String?

    @OptionGroup var errorRate: ErrorRateOptions
    @OptionGroup var destination: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try require("--temperature", temperature, in: 0...2)
        if judge == .endpoint {
            guard model == nil else {
                throw ValidationError("--model is for the other judges; name it with --judge-model")
            }
            try endpoint.check(modelFlag: "--judge-model")
        } else {
            if let flag = endpoint.firstGiven {
                throw ValidationError("\(flag) belongs to --judge endpoint")
            }
            guard model != nil else {
                throw ValidationError("--judge \(judge.rawValue) needs --model")
            }
        }
    }

    func execute(_ log: Log) throws {
        try OutputClaim.file(endpoint.dryRun ? nil : destination.output)
        if let summary { try OutputClaim.file(summary) }
        if judge == .endpoint { try endpoint.checkCache(output: destination.output) }
        try common.configureKernels()
        let template = try JudgeInput.template(template)
        let other = try compare.map(JudgeInput.verdicts)
        let comparisons = try JudgeInput.comparisons(
            a: a, b: b, fields: ComparisonFields(a: aField, b: bField, query: queryField),
            allowEmpty: destination.allowEmpty)
        let judged: Judged? =
            if let model, let local = LocalJudge(rawValue: judge.rawValue) {
                try askLocally(local, model, comparisons, template, log)
            } else {
                try askEndpoint(comparisons, template, log)
            }
        if let judged { try conclude(judged.verdicts, judged.provenance, other, log) }
    }

    private typealias Judged = (verdicts: [Verdict], provenance: JSONObject)

    private func askLocally(
        _ local: LocalJudge, _ model: String, _ comparisons: [Comparison],
        _ template: JudgeTemplate, _ log: Log
    ) throws -> Judged {
        var writer = try destination.writer()
        var progress = Progress(unit: "comparisons", total: comparisons.count, log: log)
        var verdicts: [Verdict] = []
        let truncated = try local.run(
            on: comparisons, modelDirectory: model, template: template, order: order,
            seed: common.seed, warn: { log.warning($0) }
        ) { batch in
            for verdict in batch { try writer.write(Record(verdict)) }
            verdicts += batch
            progress.update(verdicts.count)
        }
        progress.finish()
        try writer.finish()
        if truncated > 0 {
            log.warning("\(truncated) comparisons have a text that the embedder cut")
        }
        let provenance: JSONObject = ["judge_model_sha256": .string(try modelHash(model))]
        guard local == .model else { return (verdicts, provenance) }
        return (verdicts, provenance.merging(template.provenance(order)) { $1 })
    }

    /// - Returns: nil for a dry run.
    private func askEndpoint(
        _ comparisons: [Comparison], _ template: JudgeTemplate, _ log: Log
    ) throws -> Judged? {
        let judge = EndpointJudge(
            model: endpoint.endpointModel ?? "", source: verdict, maxTokens: endpoint.maxTokens,
            temperature: temperature, template: template, order: order, seed: common.seed)
        let session = try endpoint.session(output: destination.output, log)
        guard !endpoint.dryRun else {
            try endpoint.report(try session.estimate(judge.requests(comparisons)), log)
            return nil
        }
        var writer = try destination.writer()
        var progress: Progress?
        let verdicts = try judge.verdicts(on: comparisons, session) { done, total in
            if progress == nil { progress = Progress(unit: "questions", total: total, log: log) }
            progress?.update(done)
        }
        progress?.finish()
        for verdict in verdicts { try writer.write(Record(verdict)) }
        try writer.finish()
        endpoint.report(session.statistics, log)
        return (verdicts, try judge.provenance(session, endpoint))
    }

    private func conclude(
        _ verdicts: [Verdict], _ provenance: JSONObject, _ other: [Verdict]?, _ log: Log
    ) throws {
        let result = WinRateSummary(verdicts)
        var fields = result.json.merging(provenance) { $1 }
        fields["judge"] = .string(judge.rawValue)
        fields["against"] = .string(b == nil ? "response" : "b")
        if let other {
            let difference = try PairedBootstrap(verdicts, other, seed: common.seed)
            fields["compared"] = .object(difference.json)
            log.summary(difference.line)
        }
        if let summary {
            let text = try JSONValue.object(fields).serialized() + [0x0A]
            try AtomicFile.write(to: summary) { try $0.write(text) }
        }
        for failure in result.failures.prefix(3) {
            log.warning("\(failure.count) questions without answer: \(failure.reason)")
        }
        log.summary(result.line)
        try errorRate.check(result.all.errors, of: verdicts.count, "comparisons", log)
    }
}

extension PresentationOrder: ExpressibleByArgument {}
