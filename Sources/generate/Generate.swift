import ArgumentParser
import Checkpoints
import Kernels
import Records
import Sampling
import StreamIO
import Tokenization
import ToolKit
import Transformer

extension OverlongPolicy: ExpressibleByArgument {}
extension EarlyStopping: ExpressibleByArgument {}

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

    enum Decoding: String, CaseIterable, ExpressibleByArgument {
        case greedy, sample, beam
    }

    @OptionGroup var io: InputOutputOptions

    @Option(help: ArgumentHelp("Checkpoint to generate with.", valueName: "dir"))
    var model: String

    @Option(help: "greedy, sample or beam; without it what the other flags ask for, else greedy.")
    var decode: Decoding?

    @Option(help: "sample: divides the logits; above 0. (default: 1)")
    var temperature: Float?

    @Option(help: "sample: keeps the K most probable tokens; 0 keeps all. (default: 0)")
    var topK: Int?

    @Option(help: "sample: keeps the most probable tokens up to this probability. (default: 1)")
    var topP: Double?

    @Option(help: "beam: number of beams. (default: 4)")
    var beams: Int?

    @Option(help: "beam: exponent of the length in the score; 0 compares sums.")
    var lengthPenalty = 1.0

    @Option(help: "beam: true stops with as many finished as beams, never when none can improve.")
    var earlyStopping = EarlyStopping.false

    @Flag(help: "beam: all beams in outputs, best first.")
    var allBeams = false

    @Option(help: "Most tokens of an output; the model's positions may end it earlier.")
    var maxNewTokens = 128

    @Option(help: "EOS is not chosen before so many tokens.")
    var minNewTokens = 0

    @Flag(help: "Never stop at EOS and never emit it.")
    var ignoreEos = false

    @Option(help: "sample: outputs for each prompt; more than one also in outputs.")
    var numSamples = 1

    @Option(help: "Sequences in flight. Changes no result.")
    var parallel = 32

    @Option(help: "Prompts longer than the model's positions: error, truncate-left or drop.")
    var onOverlong = OverlongPolicy.error

    @OptionGroup var precision: InferencePrecisionOptions

    @OptionGroup var common: CommonOptions

    /// What is asked for, by name or by the flags of a strategy.
    private var strategy: Decoding {
        if let decode { return decode }
        if beams != nil || allBeams { return .beam }
        return temperature != nil || topK != nil || topP != nil || numSamples > 1
            ? .sample : .greedy
    }

    func validate() throws {
        guard temperature ?? 1 >= SamplingFilter.leastTemperature, (temperature ?? 1).isFinite
        else {
            throw ValidationError(
                "--temperature must be above 0, at least \(SamplingFilter.leastTemperature); "
                    + "--decode greedy is its limit at 0")
        }
        guard topK ?? 0 >= 0 else { throw ValidationError("--top-k must be at least 0") }
        guard let p = Optional(topP ?? 1), p > 0, p <= 1 else {
            throw ValidationError("--top-p must be above 0 and at most 1")
        }
        guard beams ?? 1 > 0, parallel > 0, numSamples > 0, maxNewTokens > 0 else {
            throw ValidationError(
                "--beams, --parallel, --num-samples and --max-new-tokens must be at least 1")
        }
        guard minNewTokens >= 0, minNewTokens <= maxNewTokens else {
            throw ValidationError("--min-new-tokens must be in 0 ... --max-new-tokens")
        }
        guard numSamples == 1 || strategy == .sample else {
            throw ValidationError("--num-samples goes with --decode sample only")
        }
    }

    func execute(_ log: Log) throws {
        try io.prepare()
        try common.configureKernels()
        warnOfIdleFlags(log)
        let generating = try GeneratingModel(
            directory: model, precision: precision.precision)
        for warning in generating.warnings { log.warning(warning) }
        let limits = DecodingLimits(
            maxNewTokens: maxNewTokens, minNewTokens: minNewTokens, ignoresEOS: ignoreEos,
            eosTokenIDs: generating.configuration.eosTokenIDs,
            usableVocabulary: generating.usableVocabulary)
        let conventions = GenerationRecords(
            policy: PromptPolicy(
                configuration: generating.configuration, onOverlong: onOverlong),
            limits: limits,
            text: generating.tokenizer.map { tokenizer in { try tokenizer.decode($0) } })
        let decoding = decodingStrategy
        let generator = TextGenerator(
            decoder: generating.decoder, strategy: decoding, limits: limits, samples: numSamples,
            capacity: parallel, seed: common.seed)
        let description = decoding.description(limits: limits, seed: common.seed)

        var reader = try io.reader(log)
        var writer = try io.writer(
            log,
            work: {
                [
                    "model": try modelDirectoryDigest(model),
                    "precision": precision.precision.rawValue,
                    "decoding": try description.serializedText, "samples": String(numSamples),
                    "beams": allBeams ? "all" : "best", "over-long": onOverlong.rawValue,
                ]
            }, reader: &reader)
        var progress = Progress(unit: "records", log: log)
        var waiting: [(record: Record, position: Int)] = []
        var (tokens, outputs, atLimit, left) = (0, 0, 0, 0)
        try generator.run { mayWait in
            while true {
                let record: Record
                switch try reader.next(mayWait: mayWait, pause: { try writer.passOn() }) {
                case .item(let next): record = next
                case .pending: return .pending
                case .end: return .end
                }
                do throws(RecordError) {
                    guard let request = try conventions.request(record) else {
                        left += 1
                        continue
                    }
                    waiting.append((record, reader.position))
                    return .item(request)
                } catch {
                    try reader.skip(error)
                }
            }
        } deliver: { _, sequences in
            var (record, position) = waiting.removeFirst()
            try conventions.add(sequences, all: numSamples > 1 || allBeams, to: &record)
            record["decoding"] = description
            try writer.write(record, inputs: position)
            let emitted = strategy == .beam && !allBeams ? sequences.prefix(1) : sequences[...]
            outputs += emitted.count
            tokens += emitted.reduce(0) { $0 + $1.ids.count }
            atLimit += emitted.count { $0.finish == .length }
            progress.update(writer.count, "\(tokens) tokens")
        }
        progress.finish()
        try writer.finish()
        if left > 0 { log.warning("\(left) records with over-long prompts dropped") }
        if reader.skipped > 0 { log.warning("\(reader.skipped) bad records dropped") }
        log.summary(
            "\(writer.count) records, \(outputs) outputs, \(tokens) tokens, "
                + "\(Progress.short(Double(tokens) / max(1e-9, progress.seconds))) tokens/s, "
                + "\(atLimit) reached the length limit")
    }

    private var decodingStrategy: DecodingStrategy {
        switch strategy {
        case .greedy: .tokens(.greedy)
        case .sample:
            .tokens(
                .sample(
                    SamplingFilter(
                        temperature: temperature ?? 1, topK: topK ?? 0, topP: topP ?? 1)))
        case .beam:
            .beams(
                BeamOptions(
                    beams: beams ?? 4, lengthPenalty: lengthPenalty, earlyStopping: earlyStopping))
        }
    }

    private func warnOfIdleFlags(_ log: Log) {
        if strategy != .sample, temperature != nil || topK != nil || topP != nil {
            log.warning("--temperature, --top-k and --top-p say nothing under \(strategy.rawValue)")
        }
        if strategy != .beam, beams != nil || allBeams {
            log.warning("--beams and --all-beams say nothing under \(strategy.rawValue)")
        }
    }
}
