import StreamIO

/// The small files of a checkpoint directory that are copied as they are.
public enum CompanionFiles {
    /// How `transformers` generates by default.
    public static let generationConfig = "generation_config.json"

    /// What a blend was made of.
    static let blend = "blend.json"

    /// Everything that belongs to the tokenizer.
    public static let tokenizer = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "tokenizer.model", "vocab.txt", "chat_template.jinja",
        "chat_template.json",
    ]

    /// Of those, the ones that decide which id a text gets.
    static let vocabulary = [
        "tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "added_tokens.json",
        "vocab.txt",
    ]

    /// Copies those of `names` that are in `source` into `target`.
    ///
    /// - Returns: the names copied.
    @discardableResult
    public static func copy(
        _ names: [String], from source: String, to target: String
    ) throws -> [String] {
        var copied: [String] = []
        for name in names where fileExists(joinPath(source, name)) {
            let file = try MappedFile(joinPath(source, name))
            try AtomicFile.write(to: joinPath(target, name)) { writer in
                try writer.write(file.bytes)
                try file.requireWhole()
            }
            copied.append(name)
        }
        return copied
    }

    /// Writes a small file.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        try AtomicFile.write(to: path) { try $0.write(bytes) }
    }
}
