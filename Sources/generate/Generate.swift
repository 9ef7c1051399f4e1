import ArgumentParser
import Kernels
import Records
import Sampling
import SamplingTool
import StreamIO
import ToolKit

/// Continues the prompts of token records.
@main struct Generate: CommandLineTool {
    static let configuration = toolConfiguration(
        "generate",
        abstract: "Continues the prompts of token records with a model.",
        discussion: """
            Adds output (without EOS), output_ids, finish (eos or length), output_logprob (under the model \
            itself, before temperature and filters) and decoding. Several samples, or all beams, stand in \
            outputs, best or first also in output. Filters apply in this order: temperature, top-k, top-p; \
            the token that crosses p stays. A beam's score is its log-probability / length^penalty, length in \
            generated tokens, EOS included. Tokens that end an output come from generation_config.json, \
            else config.json. Same seed, same bytes, whatever --parallel, threads and shard.
            """,
        libraries: [ProductCheck.description])

    static let example =
        "generate --model cpo --decode sample --top-k 50 --max-new-tokens 128 test.jsonl.zst -o out.jsonl.zst"

    static let renamedFlags = ["batch-size": "parallel"]

    @OptionGroup var io: InputOutputOptions
    @OptionGroup var generating: GeneratingOptions
    @OptionGroup var decoding: StrategyOptions

    @Option(help: "EOS is not chosen before so many tokens.")
    var minNewTokens = 0

    @Flag(help: "Never stop at EOS and never emit it.")
    var ignoreEos = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        try require("--min-new-tokens", minNewTokens, atLeast: 0)
        guard minNewTokens <= generating.maxNewTokens else {
            throw ValidationError(
                "--min-new-tokens (got \(minNewTokens), expected at most --max-new-tokens, "
                    + "\(generating.maxNewTokens))")
        }
    }

    func execute(_ log: Log) throws {
        try io.prepare()
        try common.configureKernels()
        log.warnings(decoding.warnings)
        let model = try generating.load(log)
        let limits = model.limits(
            maxNewTokens: generating.maxNewTokens, minNewTokens: minNewTokens,
            ignoresEOS: ignoreEos)
        let conventions = GenerationRecords(
            policy: generating.prompts(for: model), limits: limits,
            text: model.tokenizer.map { tokenizer in { try tokenizer.decode($0) } })
        let generator = TextGenerator(
            decoder: model.decoder, strategy: decoding.strategy, limits: limits,
            samples: decoding.numSamples, capacity: generating.parallel, seed: common.seed)
        let description = decoding.strategy.description(limits: limits, seed: common.seed)

        var reader = try io.reader(log)
        var writer = try io.writer(
            log,
            work: {
                try generating.work().merging([
                    "decoding": try description.serializedText,
                    "samples": String(decoding.numSamples),
                    "beams": decoding.allBeams ? "all" : "best",
                ]) { $1 }
            }, reader: &reader)
        var records = RecordsInFlight(from: reader)
        var progress = Progress(unit: "records", log: log)
        var statistics = GenerationStatistics()
        try generator.run { mayWait in
            try records.next(mayWait: mayWait, pause: { try writer.passOn() }) {
                record throws(RecordError) in try conventions.request(record)
            }
        } deliver: { _, outputs in
            var (record, position) = records.done()
            try conventions.add(outputs, all: decoding.keepsAll, to: &record)
            record["decoding"] = description
            try writer.write(record, inputs: position)
            statistics.count(decoding.keepsAll ? outputs[...] : outputs.prefix(1))
            progress.update(writer.count, "\(statistics.tokens) tokens")
        }
        progress.finish()
        try writer.finish()
        records.reportDropped(leftOut: "records with over-long prompts", log)
        log.summary(
            "\(writer.count) records, \(statistics.outputs) outputs, \(statistics.tokens) tokens, "
                + "\(progress.rate(of: statistics.tokens)) tokens/s, "
                + "\(statistics.atLimit) reached the length limit")
    }
}
