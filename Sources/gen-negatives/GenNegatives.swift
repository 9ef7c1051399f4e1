import ArgumentParser
import Checkpoints
import EndpointTool
import Kernels
import Records
import Sampling
import SamplingTool
import StreamIO
import ToolKit

/// Adds negative continuations to token records.
@main struct GenNegatives: CommandLineTool {
    static let configuration = toolConfiguration(
        "gen-negatives",
        abstract: "Adds negative continuations to token records, for contrastive training.",
        discussion: """
            Kinds: an, sampled from the model; bn, responses of other records of the batch; mn, the response \
            with 15 % of its tokens drawn anew, each from the model's prediction along the original \
            response; tn, the response cut at random, EOS behind the cut; given, the record's own rejected; \
            unhelpful, an answer of a server that is asked for such a one. --max-new-tokens limits an and \
            unhelpful. \
            A negative equal to the response or to another of the record is drawn again, eight times at most. \
            Every negative holds kind, ids, text, finish, logprob (under the model, unfiltered) and seed; \
            negatives that a record had are replaced, and its ranking and reference scores, which belong to \
            them, dropped. an, mn and tn depend on seed, model and record alone, \
            unhelpful on the server, bn also on the batch: --bn-batch consecutive records of the input or shard.
            """,
        libraries: [ProductCheck.description])

    static let example = """
        gen-negatives --model reference --kinds bn:2,mn:2,tn:1 train.jsonl.zst -o negatives.jsonl.zst
        gen-negatives --model reference --kinds unhelpful:1 --endpoint-model gpt-4o-mini -o dpo.jsonl.zst
        """

    static let renamedFlags = ["batch-size": "bn-batch"]

    @OptionGroup var io: InputOutputOptions
    @OptionGroup var generating: GeneratingOptions

    @Option(help: "What each record gets, e.g. an:4 or bn:2,mn:2,tn:1 or given.")
    var kinds: String

    @Option(help: "an: keeps the K most probable tokens; 0 keeps all.")
    var topK = 50

    @Option(help: "an: keeps the most probable tokens up to this probability.")
    var topP = 1.0

    @Option(help: "an: divides the logits; above 0. unhelpful: the server's temperature.")
    var temperature: Float = 1

    @Option(help: "bn: consecutive records whose responses are each other's negatives.")
    var bnBatch = 32

    @OptionGroup var errorRate: ErrorRateOptions
    @OptionGroup(title: "Endpoint") var endpoint: EndpointOptions
    @OptionGroup var common: CommonOptions

    private var filter: SamplingFilter {
        SamplingFilter(temperature: temperature, topK: topK, topP: topP)
    }

    func validate() throws {
        try filter.validate()
        try require("--bn-batch", bnBatch, atLeast: 1)
        if kinds.contains(NegativeKind.unhelpful.rawValue) {
            try endpoint.check(modelFlag: "--endpoint-model")
        } else if let flag = endpoint.firstGiven {
            throw ValidationError("\(flag) belongs to --kinds unhelpful")
        }
    }

    func execute(_ log: Log) throws {
        let mix = try NegativeMix(parsing: kinds)
        try io.checkInput()
        // A dry run writes nothing but its estimate.
        try OutputClaim.file(endpoint.dryRun ? nil : io.output)
        if mix[.unhelpful] > 0 { try endpoint.checkCache(output: io.output) }
        try common.configureKernels()
        let model = try generating.load(log)
        let options = NegativeGenerator.Options(
            mix: mix, filter: filter,
            limits: model.limits(maxNewTokens: generating.maxNewTokens), bnBatch: bnBatch,
            capacity: generating.parallel, seed: common.seed)
        let tokenizer = model.tokenizer
        var conventions = NegativeRecords(
            policy: generating.prompts(for: model), options: options,
            modelHash: try modelHash(generating.model),
            tokenize: tokenizer.map { tokenizer in { tokenizer.encode($0) } },
            text: tokenizer.map { tokenizer in { try tokenizer.decode($0) } })
        var unhelpful =
            mix[.unhelpful] == 0
            ? nil
            : try UnhelpfulAnswers(
                count: mix[.unhelpful], for: model, maxNewTokens: generating.maxNewTokens,
                temperature: temperature, seed: common.seed, endpoint: endpoint,
                output: io.output, log)
        if let unhelpful { conventions.note(endpoint: try unhelpful.provenance(endpoint)) }

        var reader = try io.reader(log)
        if endpoint.dryRun, let unhelpful {
            var records = RecordsInFlight(from: reader)
            let estimate = try unhelpful.estimate(of: &records) { record throws(RecordError) in
                try conventions.source(record)
            }
            return try endpoint.report(estimate, log)
        }
        var writer = try io.writer(
            log,
            work: {
                try generating.work().merging([
                    "negatives": try conventions.provenance.serializedText,
                    "bn batch": mix[.bn] > 0 ? String(bnBatch) : "any",
                ]) { $1 }
            }, alignment: mix[.bn] > 0 ? bnBatch : 1, reader: &reader)
        var records = RecordsInFlight(from: reader)
        var progress = Progress(unit: "records", log: log)
        var replaced = 0
        let generator = NegativeGenerator(decoder: model.decoder, options: options)
        let statistics = try generator.run { mayWait in
            let source = { (record: Record) throws(RecordError) -> NegativeSource? in
                try conventions.source(record)
            }
            let pause = { try writer.passOn() }
            return if unhelpful == nil {
                try records.next(mayWait: mayWait, pause: pause, work: source)
            } else {
                try unhelpful?.next(from: &records, mayWait: mayWait, pause: pause, source: source)
                    ?? .end
            }
        } deliver: { source, negatives in
            var (record, position) = records.done()
            if record["negatives"] != nil { replaced += 1 }
            try conventions.add(negatives, of: source, to: &record)
            try writer.write(record, inputs: position)
            progress.update(writer.count)
        }
        progress.finish()
        try unhelpful?.conclude(endpoint, errorRate, log)
        try writer.finish()
        records.reportDropped(leftOut: "over-long records", log)
        if replaced > 0 { log.warning("the negatives of \(replaced) records were replaced") }
        var summary = "\(writer.count) records; \(statistics.description(mix))"
        if mix[.an] > 0 {
            let tokens = statistics.sampledTokens
            summary += "; \(tokens) tokens sampled, \(progress.rate(of: tokens)) tokens/s"
        }
        log.summary(summary)
    }
}
