import ArgumentParser
import ChatEndpoint
import Checkpoints
import EndpointTool
import Kernels
import Records
import Sampling
import StreamIO
import Tokenization
import ToolKit
import Transformer

extension OverlongPolicy: ExpressibleByArgument {}

/// Adds negative continuations to token records.
@main struct GenNegatives: CommandLineTool {
    static let configuration = toolConfiguration(
        "gen-negatives",
        abstract: "Adds negative continuations to token records, for contrastive training.",
        discussion: """
            Kinds: an, sampled from the model; bn, responses of other records of the batch; mn, the response \
            with 15 % of its tokens drawn anew, each from the model's prediction along the original \
            response; tn, the response cut at random, EOS behind the cut; given, the record's own rejected. \
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

    @Option(help: ArgumentHelp("Checkpoint to generate with.", valueName: "dir"))
    var model: String

    @Option(help: "What each record gets, e.g. an:4 or bn:2,mn:2,tn:1 or given.")
    var kinds: String

    @Option(
        help: "an, unhelpful: most tokens of a negative; the model's positions may end it earlier.")
    var maxNewTokens = 128

    @Option(help: "an: keeps the K most probable tokens; 0 keeps all.")
    var topK = 50

    @Option(help: "an: keeps the most probable tokens up to this probability.")
    var topP = 1.0

    @Option(help: "an: divides the logits; above 0. unhelpful: the server's temperature.")
    var temperature: Float = 1

    @Option(help: "bn: consecutive records whose responses are each other's negatives.")
    var bnBatch = 32

    @Option(help: "Sequences in flight. Changes no result.")
    var parallel = 32

    @Option(
        help: "Prompt and response longer than the model's positions: error, truncate-left or drop."
    )
    var onOverlong = OverlongPolicy.error

    @OptionGroup var precision: InferencePrecisionOptions

    @Option(help: "unhelpful: share of failed answers above which the tool fails.")
    var maxErrorRate = 0.1

    @OptionGroup(title: "Endpoint") var endpoint: EndpointOptions

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard temperature >= SamplingFilter.leastTemperature, temperature.isFinite else {
            throw ValidationError(
                "--temperature (got \(temperature), expected at least "
                    + "\(SamplingFilter.leastTemperature))")
        }
        guard topK >= 0 else { throw ValidationError("--top-k must be at least 0") }
        guard topP > 0, topP <= 1 else {
            throw ValidationError("--top-p must be above 0 and at most 1")
        }
        guard bnBatch > 0, parallel > 0, maxNewTokens > 0 else {
            throw ValidationError(
                "--bn-batch, --parallel and --max-new-tokens must be at least 1")
        }
        guard (0...1).contains(maxErrorRate) else {
            throw ValidationError("--max-error-rate (got \(maxErrorRate), expected 0 to 1)")
        }
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
        let generating = try GeneratingModel(
            directory: model, precision: precision.precision)
        for warning in generating.warnings { log.warning(warning) }
        let limits = DecodingLimits(
            maxNewTokens: maxNewTokens, eosTokenIDs: generating.configuration.eosTokenIDs,
            usableVocabulary: generating.usableVocabulary)
        let options = NegativeGenerator.Options(
            mix: mix,
            filter: SamplingFilter(temperature: temperature, topK: topK, topP: topP),
            limits: limits, bnBatch: bnBatch, capacity: parallel, seed: common.seed)
        let tokenizer = generating.tokenizer
        var conventions = NegativeRecords(
            policy: PromptPolicy(
                configuration: generating.configuration, onOverlong: onOverlong),
            options: options, modelHash: try modelHash(model),
            tokenize: tokenizer.map { tokenizer in { tokenizer.encode($0) } },
            text: tokenizer.map { tokenizer in { try tokenizer.decode($0) } })
        var unhelpful =
            mix[.unhelpful] == 0
            ? nil
            : try UnhelpfulAnswers(
                count: mix[.unhelpful], generating: generating, maxNewTokens: maxNewTokens,
                temperature: temperature, seed: common.seed, endpoint: endpoint, output: io.output,
                log)
        if let unhelpful { conventions.note(endpoint: try unhelpful.provenance(endpoint)) }

        var reader = try io.reader(log)
        var left = 0
        func nextItem(
            mayWait: Bool = true, pause: () throws -> Void = {}
        ) throws -> Arrival<PendingRecord> {
            while true {
                let record: Record
                switch try reader.next(mayWait: mayWait, pause: pause) {
                case .item(let next): record = next
                case .pending: return .pending
                case .end: return .end
                }
                do throws(RecordError) {
                    guard let source = try conventions.source(record) else {
                        left += 1
                        continue
                    }
                    return .item(
                        PendingRecord(
                            record: record, source: source, position: reader.position,
                            requests: try unhelpful?.requests(record) ?? []))
                } catch {
                    try reader.skip(error)
                }
            }
        }
        if endpoint.dryRun, let unhelpful {
            var requests: [ChatRequest] = []
            while case .item(let item) = try nextItem() { requests += item.requests }
            try endpoint.report(try unhelpful.session.estimate(requests), log)
            return
        }

        var writer = try io.writer(
            log,
            work: {
                [
                    "model": try modelDirectoryDigest(model),
                    "precision": precision.precision.rawValue,
                    "negatives": try conventions.provenance.serializedText,
                    "bn batch": mix[.bn] > 0 ? String(bnBatch) : "any",
                    "over-long": onOverlong.rawValue,
                ]
            }, alignment: mix[.bn] > 0 ? bnBatch : 1, reader: &reader)
        var progress = Progress(unit: "records", log: log)
        var upcoming: [PendingRecord] = []
        var waiting: [PendingRecord] = []
        var replaced = 0
        let generator = NegativeGenerator(decoder: generating.decoder, options: options)
        let size = unhelpful == nil ? 1 : UnhelpfulAnswers.recordsAtOnce
        let statistics = try generator.run { mayWait in
            if upcoming.isEmpty {
                var arrival = try nextItem(mayWait: mayWait) { try writer.passOn() }
                while case .item(let item) = arrival {
                    upcoming.append(item)
                    if upcoming.count == size { break }
                    arrival = try nextItem(mayWait: false)
                }
                guard !upcoming.isEmpty else { return arrival.map(\.source) }
                try unhelpful?.add(to: &upcoming)
                upcoming.reverse()
            }
            return Arrival(upcoming.popLast()).map { item in
                waiting.append(item)
                return item.source
            }
        } deliver: { source, negatives in
            let item = waiting.removeFirst()
            var record = item.record
            if record["negatives"] != nil { replaced += 1 }
            try conventions.add(negatives, of: source, to: &record)
            try writer.write(record, inputs: item.position)
            progress.update(writer.count)
        }
        progress.finish()
        try unhelpful?.conclude(endpoint: endpoint, maxErrorRate: maxErrorRate, log)
        try writer.finish()
        if left > 0 { log.warning("\(left) over-long records dropped") }
        if replaced > 0 { log.warning("the negatives of \(replaced) records were replaced") }
        if reader.skipped > 0 { log.warning("\(reader.skipped) bad records dropped") }
        let rate = Double(statistics.sampledTokens) / max(1e-9, progress.seconds)
        log.summary(
            "\(writer.count) records; \(statistics.description(mix))"
                + (mix[.an] > 0
                    ? "; \(statistics.sampledTokens) tokens sampled, \(Progress.short(rate)) tokens/s"
                    : ""))
    }
}
