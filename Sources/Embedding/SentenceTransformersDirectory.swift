import StreamIO

/// What the files of a sentence-transformers directory say about texts and pooling.
struct SentenceTransformersDirectory {
    /// The directory of the transformer itself.
    var transformer: String
    /// nil if no module pools.
    var pooling: Pooling?
    /// The pooling module's input width, if it names one.
    var pooledWidth: Int?
    /// Longest text in tokens, special ones included, if a file sets a limit: that of the transformer's
    /// settings, or else, as newer versions of sentence-transformers save it, the tokenizer's.
    var maximumTokens: Int?
    /// Whether texts are lowercased before they are tokenized.
    var lowercases = false

    /// Reads `modules.json` and what it leads to; without it `1_Pooling`, if that exists.
    init(_ directory: String) throws(EmbeddingError) {
        transformer = directory
        var poolingFile = try ConfigurationFile.optional(path(directory, "1_Pooling/config.json"))
        if let modules = try ConfigurationFile.optional(path(directory, "modules.json")) {
            poolingFile = nil
            for (index, module) in try Self.modules(modules).enumerated() {
                switch (index, module.type) {
                case (0, "Transformer"): transformer = path(directory, module.path)
                case (1, "Pooling"):
                    poolingFile = try ConfigurationFile(
                        path(path(directory, module.path), "config.json"))
                case (2, "Normalize"):
                    // All vectors get unit length here.
                    continue
                default:
                    throw .unsupported(
                        file: modules.path,
                        what: "module \(index) of type \(module.type) "
                            + "(expected Transformer, Pooling, Normalize)")
                }
            }
        }
        if let poolingFile {
            pooling = try Pooling(poolingFile)
            pooledWidth = try poolingFile.count("word_embedding_dimension")
        }
        for name in Self.settings {
            guard let file = try ConfigurationFile.optional(path(transformer, name)) else {
                continue
            }
            maximumTokens = try file.limit("max_seq_length")
            // What the tokenizer is made with wins over its own file.
            for key in ["processor_kwargs", "tokenizer_args"] where maximumTokens == nil {
                guard let settings = try file.object(key) else { continue }
                maximumTokens = try settings.limit("model_max_length")
            }
            lowercases = try file.flag("do_lower_case", default: false)
            break
        }
        if maximumTokens == nil,
            let file = try ConfigurationFile.optional(path(transformer, "tokenizer_config.json"))
        {
            maximumTokens = try file.limit("model_max_length")
            if maximumTokens == nil { maximumTokens = try file.limit("max_len") }
        }
    }

    /// The names that the transformer's settings have gone by.
    private static let settings = [
        "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
    ].map { "sentence_\($0)_config.json" }

    private static func modules(
        _ file: ConfigurationFile
    ) throws(EmbeddingError) -> [(type: String, path: String)] {
        guard case .array(let entries) = file.root, !entries.isEmpty else {
            throw .malformed(file: file.path, what: "not a list of modules")
        }
        var modules: [(type: String, path: String)] = []
        for entry in entries {
            guard let type = entry["type"]?.string, let path = entry["path"]?.string else {
                throw .malformed(file: file.path, what: "a module without type or path")
            }
            // Python's full name of the class.
            modules.append((type.split(separator: ".").last.map(String.init) ?? type, path))
        }
        return modules
    }
}
