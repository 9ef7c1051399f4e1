import StreamIO

/// What a name in `tokenizer.ggml.pre` stands for.
///
/// Text is taken as it is: where a family's own `tokenizer.json` composes characters first, llama.cpp
/// does not, and such files are made for it.
struct GGUFPreTokenization {
    /// The steps before bytes are looked at, as a `tokenizer.json` describes them.
    private var steps: [JSONValue] = []
    /// Whether GPT-2's pattern is the last step.
    private var usesPattern = false
    /// Whether a chunk that is a token as a whole is that token.
    private(set) var ignoresMerges = false
    /// Whether a text begins with a token where the file does not say.
    private(set) var addsBeginning = false

    /// - Parameter name: as llama.cpp has it; nil, as in old files, means `default`.
    /// - Throws: ``TokenizationError/unsupported(source:what:)`` for another name, since a guess would
    ///   give wrong ids silently.
    init(_ name: String?, source: String) throws(TokenizationError) {
        switch name ?? "default" {
        case "gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais", "exaone4", "granite-docling",
            "trillion":
            usesPattern = true
        case "smollm", "refact", "starcoder", "command-r", "codeshell", "exaone", "minerva-7b":
            steps = [TokenizerPipeline.digits(individual: true)]
            usesPattern = true
        case "llama-bpe", "llama3", "llama-v3", "falcon3", "lfm2", "pixtral":
            steps = Self.splits([Self.cl100k])
            ignoresMerges = true
            addsBeginning = true
        case "dbrx", "smaug-bpe", "smollm3", "glm4", "chatglm-bpe":
            steps = Self.splits([Self.cl100k])
        case "qwen2", "deepseek-r1-qwen", "megrez", "hunyuan":
            steps = Self.splits([Self.qwen2])
        case "qwen35":
            steps = Self.splits([Self.qwen35])
        case "gpt-4o", "llama4": steps = Self.splits([Self.o200k])
        case "tekken":
            steps = Self.splits([Self.tekken])
            ignoresMerges = true
            addsBeginning = true
        case "falcon": steps = Self.splits([#"[\p{P}\$\+<=>\^~\|`]+"#, Self.gpt2, "[0-9]{3}"])
        case "default":
            steps = Self.splits([
                #"[\p{P}\$\+<=>\^~\|]+"#, Self.gpt2, #"\p{N}+"#, "[0-9]{3}",
            ])
        case let name:
            throw .unsupported(
                source: source,
                what: "tokenizer.ggml.pre '\(name)' (expected gpt-2, smollm, llama-bpe, qwen2, "
                    + "gpt-4o, tekken, dbrx, refact or another of the known families)")
        }
    }

    /// The description for a `tokenizer.json`.
    func pipeline(source: String) -> TokenizerPipeline {
        TokenizerPipeline(byteLevelBehind: steps, usesPattern: usesPattern, source: source)
    }

    private static func splits(_ expressions: [String]) -> [JSONValue] {
        expressions.map { TokenizerPipeline.split($0) }
    }

    // MARK: Patterns

    static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let space = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let cl100k =
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + space
    static let qwen2 =
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + space
    static let qwen35 =
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
        + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"# + space
    static let o200k =
        casedWords(contractions + "?") + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + space
    static let tekken =
        casedWords("") + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + space

    private static func casedWords(_ end: String) -> String {
        let prefix = #"[^\r\n\p{L}\p{N}]?"#
        let head = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let tail = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        return prefix + head + "*" + tail + "+" + end + "|" + prefix + head + "+" + tail + "*" + end
    }
}
