import ArgumentParser
import Checkpoints
import StreamIO
import Tokenization
import ToolKit

/// Makes a clean checkpoint of a GGUF file or a foreign directory.
@main
struct ImportCheckpoint: CommandLineTool {
    static let example = """
        import-checkpoint SmolLM2-135M-Instruct.Q4_1.gguf --out models/smollm2
        import-checkpoint ~/downloads/gpt2 --out models/gpt2 --dtype float32
        """

    static let configuration = toolConfiguration(
        "import-checkpoint",
        abstract:
            "Write a clean checkpoint directory from a GGUF file or a Hugging Face directory.",
        discussion: """
            GGUF, versions 2 and 3; of one in several files the first is named. Types F64, F32, F16, BF16, \
            Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K, IQ4_NL and IQ4_XS. Quantised weights are \
            dequantised, which does not bring back what quantising lost. The tokenizer in the file \
            becomes tokenizer.json. Families, in GGUF and in directories: GPT-2, Llama, Qwen 2 and 3, \
            Gemma 3 (text), Mistral, SmolLM 3, Granite, OLMo 2 and Phi-3. Directories hold \
            safetensors, in one file or shards, with any spelling of names and keys that \
            transformers has used. Everything is checked, NaN and infinity included.
            """)

    @Argument(help: ArgumentHelp("GGUF file or directory.", valueName: "source"))
    var source: String

    @Option(help: ArgumentHelp("Checkpoint directory to write.", valueName: "dir"))
    var out: String

    @Option(
        help: """
            float32, bfloat16 or float16; without it float32 for a GGUF file and the source's \
            own type for a directory.
            """)
    var dtype: WeightType?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Bring the rows of query and key matrices back from the order that llama.cpp's \
            converter gives them. Without it for GGUF files of other converters that keep the \
            original order.
            """)
    var unpermute = true

    @Option(
        help: ArgumentHelp(
            """
            Base of the rotary frequencies, for a source that does not say it; llama.cpp takes \
            10000 then. One that says another is refused.
            """, valueName: "x"))
    var ropeTheta: Float?

    @Flag(help: "Leave the tokenizer behind, as for one of a kind that is not understood.")
    var weightsOnly = false

    @Option(
        help: ArgumentHelp(
            "Largest weight file, e.g. 500MB or 2GiB, in bytes without a unit.", valueName: "size"),
        transform: WeightFiles.size(parsing:))
    var maxShardSize = WeightFiles.defaultShardSize

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let ropeTheta, !(ropeTheta > 0 && ropeTheta.isFinite) {
            throw ValidationError("--rope-theta: got \(ropeTheta), expected a positive number")
        }
    }

    mutating func execute(_ log: Log) throws {
        try OutputClaim.directory(out, .checkpoint)
        common.configureThreads()
        let model = try CheckpointImport(
            source: source, unpermuting: unpermute, ropeTheta: ropeTheta,
            takesTokenizer: !weightsOnly)
        log.warnings(model.checkpoint.warnings)
        let tokenizer = try model.tokenizer.map(makeTokenizer)
        try model.write(
            to: out, as: dtype, maximumShardSize: maxShardSize,
            tool: "import-checkpoint, \(Version.package)"
        ) { temporary in
            try tokenizer?.writeTokenizerJSON(toDirectory: temporary)
        }
        let tokens = model.tokenizer.map { ", \($0.tokens.count) tokens" } ?? ""
        log.summary(
            "\(model.checkpoint.parameterCount) parameters\(tokens) "
                + "(\(model.metadata["source_types"] ?? "")) imported into \(out) "
                + "as \((dtype ?? model.defaultType).rawValue)")
    }

    private func makeTokenizer(_ parts: GGUFTokenizer) throws -> Tokenizer {
        do {
            return try Tokenizer(GGUFTokenizerParts(parts))
        } catch TokenizationError.unsupported(_, let what) {
            throw CheckpointError.unsupported(
                file: source, what: what + "; --weights-only leaves the tokenizer behind")
        }
    }
}

extension GGUFTokenizerParts {
    /// The parts that a file has.
    fileprivate init(_ parts: GGUFTokenizer) {
        self.init(model: parts.model, tokens: parts.tokens, tokenTypes: parts.tokenTypes)
        merges = parts.merges
        scores = parts.scores
        pre = parts.pre
        special = SpecialTokenIDs(
            beginning: parts.bos, endOfSequence: parts.eos, unknown: parts.unknown,
            padding: parts.pad)
        addsBeginning = parts.addBOS
        addsEnd = parts.addEOS ?? false
        addsSpacePrefix = parts.addSpacePrefix
        chatTemplate = parts.chatTemplate
    }
}

extension WeightType: ExpressibleByArgument {}
