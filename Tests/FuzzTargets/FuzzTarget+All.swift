extension FuzzTarget {
    /// All targets, by name.
    public static let all: [FuzzTarget] = [
        json, records, zstd,
        safetensors, safetensorsIndex, checkpoint, config, gguf,
        tokenizerJSON, vocabularyAndMerges, sentencePiece,
        chatTemplate, promptTemplate,
        embedder,
        chatReply, replyCache, verdict,
        trainingState, toolConfig, run, arguments,
    ]

    /// A target with one fault of each kind, by which the machinery is shown to find them.
    public static let canary = FuzzTarget("canary") { input in
        if input.starts(with: "property".utf8) { throw Finding("the canary's property") }
        if input.starts(with: "memory".utf8) {
            let large = [UInt8](repeating: 1, count: memoryLimit(inputBytes: input.count) + 1)
            try require(large.allSatisfy { $0 == 1 }, "memory is there")
        }
        if input.starts(with: "hang".utf8) {
            while true { try require(input.count > 0, "the input is there") }
        }
        if input.starts(with: "trap".utf8) {
            let index = input.count
            try require(input[index] == 0, "an element beyond the end")
        }
    }

    /// The target with this name.
    public init?(named name: String) {
        guard let target = (Self.all + [.canary]).first(where: { $0.name == name }) else {
            return nil
        }
        self = target
    }
}
