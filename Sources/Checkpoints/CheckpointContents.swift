public import StreamIO

extension DirectoryContents {
    /// What a checkpoint directory holds: a checkpoint, and older ones of the same run.
    public static let checkpoint: DirectoryContents = {
        var contents = single
        contents.directories.append(
            Directories(where: { OlderCheckpoint.step(ofName: $0) != nil }, holding: single))
        return contents
    }()

    /// Weights, configuration, tokenizer, the state of training.
    private static let single = DirectoryContents(
        files: [
            Files([HuggingFaceConfig.fileName], recognizes: isModelConfiguration),
            Files([CompanionFiles.generationConfig, CompanionFiles.blend]),
            Files(CompanionFiles.tokenizer),
            Files([TensorSource.singleName, TensorSource.indexName]),
            Files(where: isShard),
        ],
        directories: [
            Directories(
                where: { $0 == "training-state" },
                holding: DirectoryContents(files: [
                    Files(["optimizer.safetensors", "weights.safetensors", "state.json"])
                ]))
        ])

    /// Any program may have a `config.json`; that of a model says of which type it is.
    private static func isModelConfiguration(_ head: [UInt8]) -> Bool {
        let text = String(decoding: head, as: UTF8.self)
        return text.contains("\"model_type\"") || text.contains("\"architectures\"")
    }

    /// `model-00001-of-00002.safetensors`.
    private static func isShard(_ name: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        func isNumber(_ text: Substring) -> Bool {
            text.utf8.count >= 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard parts.count == 4, parts[0] == "model", isNumber(parts[1]), parts[2] == "of",
            parts[3].hasSuffix(".safetensors")
        else { return false }
        return isNumber(parts[3].dropLast(".safetensors".count))
    }
}

/// Names of directories that hold older checkpoints of a run: `checkpoint-STEP`.
public enum OlderCheckpoint {
    private static let prefix = "checkpoint-"

    /// The name for a step.
    public static func name(step: Int) -> String { "\(prefix)\(step)" }

    /// The step of such a name; nil for any other name.
    public static func step(ofName name: String) -> Int? {
        guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)), step >= 0,
            name == self.name(step: step)
        else { return nil }
        return step
    }
}
