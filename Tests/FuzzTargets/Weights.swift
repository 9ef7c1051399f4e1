import Checkpoints
import Kernels
import StreamIO
import Tokenization
import Transformer

extension FuzzTarget {
    /// A safetensors file: all tensors can be read, and the file that is made of them has the same.
    static let safetensors = FuzzTarget("safetensors") { input in
        try Scratch.withFile(input, "model.safetensors") { path in
            let file = try SafetensorsFile(path: path)
            for tensor in file.tensors where tensor.type.isFloatingPoint {
                let values = try file.floats(tensor.name)
                try require(values.count == tensor.count, "\(tensor.name) has all its elements")
            }
            let copyPath = path + ".copy"
            try SafetensorsWriter.write(
                to: copyPath, tensors: file.tensors, metadata: file.metadata
            ) { tensor, sink in
                try file.withBytes(of: tensor.name, sink)
            }
            let copy = try SafetensorsFile(path: copyPath)
            try require(Set(copy.tensors) == Set(file.tensors), "the copy has the same tensors")
            for tensor in file.tensors {
                let isEqual = try file.withBytes(of: tensor.name) { bytes in
                    try copy.withBytes(of: tensor.name) { $0.elementsEqual(bytes) }
                }
                try require(isEqual, "the copy's \(tensor.name) has the same bytes")
            }
        }
    }

    /// A directory with an index: the index, then the files that are called as they usually are.
    static let safetensorsIndex = FuzzTarget("safetensors-index") { input in
        let parts = parts(input)
        var files = [("model.safetensors.index.json", parts[0])]
        for (index, part) in parts.dropFirst().prefix(3).enumerated() {
            files.append(("model-0000\(index + 1)-of-00002.safetensors", part))
        }
        try Scratch.withFiles(files) { directory in
            let source = try TensorSource(directory: directory)
            for tensor in source.tensors where tensor.type.isFloatingPoint {
                let values = try source.floats(tensor.name)
                try require(values.count == tensor.count, "\(tensor.name) has all its elements")
            }
        }
    }

    /// A checkpoint: `config.json`, the weights, `generation_config.json`.
    static let checkpoint = FuzzTarget("checkpoint") { input in
        let names = ["config.json", "model.safetensors", "generation_config.json"]
        try Scratch.withFiles(Array(zip(names, parts(input)))) { directory in
            let checkpoint = try Checkpoint.load(directory: directory)
            let count = checkpoint.parameters.count
            try require(count == checkpoint.layout.count, "all weights are there")
            _ = try Checkpoint.load(directory: directory, isCompact: true)
            let copy = directory + "-copy"
            defer { FileTree.remove(copy) }
            try checkpoint.save(to: copy, as: .float32)
            let again = try Checkpoint.load(directory: copy)
            try require(
                again.configuration == checkpoint.configuration,
                "the copy has the same configuration")
            let isEqual = (0..<count).allSatisfy {
                again.parameters.base[$0] == checkpoint.parameters.base[$0]
            }
            try require(isEqual, "the copy has the same weights")
        }
    }

    /// `config.json` alone: sizes can be computed, and what is written means the same.
    static let config = FuzzTarget("config") { input in
        try Scratch.withFile(input, "config.json") { path in
            let config = try HuggingFaceConfig(file: path)
            let layout = ParameterLayout(config.configuration)
            try require(layout.count > 0, "there are weights")
            let (bytes, isTooLarge) = layout.count.multipliedReportingOverflow(by: 16)
            try require(bytes > 0 && !isTooLarge, "moments and gradients can be counted in bytes")
            try Scratch.withFile(config.serialized(type: .float32), "config.json") { path in
                let again = try HuggingFaceConfig(file: path)
                try require(
                    again.configuration == config.configuration,
                    "\(config.configuration) is written so that it reads the same, "
                        + "not \(again.configuration)")
                // Keys that are known may be written under their usual name.
                let lost = Set(config.raw.keys).subtracting(again.raw.keys)
                    .filter { $0.hasPrefix("unknown") }
                try require(lost.isEmpty, "no key is lost, not \(lost)")
            }
        }
    }

    /// A GGUF file: its tensors, its model, its tokenizer.
    static let gguf = FuzzTarget("gguf") { input in
        try Scratch.withFile(input, "model.gguf") { path in
            let file = try GGUFFile(path: path)
            for tensor in file.tensors {
                let values = try accepting { try file.floats(tensor.name) }
                try require(
                    values.map { $0.count == tensor.count } ?? true,
                    "\(tensor.name) has all its elements")
            }
            let parts = try accepting { try GGUFTokenizer(file) } ?? nil
            let tokenizer = try parts.flatMap { parts in
                try accepting { try Tokenizer(parts) }
            }
            if let tokenizer { try useTokenizer(tokenizer, on: ["a b", "<|end|>é\u{0}"]) }
            let model = try CheckpointImport(source: path)
            let layout = ParameterLayout(model.checkpoint.configuration)
            try require(model.checkpoint.parameters.count == layout.count, "all weights are there")
        }
    }
}

extension Tokenizer {
    fileprivate init(_ parts: GGUFTokenizer) throws {
        var gguf = GGUFTokenizerParts(
            model: parts.model, tokens: parts.tokens, tokenTypes: parts.tokenTypes)
        gguf.merges = parts.merges
        gguf.scores = parts.scores
        gguf.pre = parts.pre
        gguf.special = SpecialTokenIDs(
            beginning: parts.bos, endOfSequence: parts.eos, unknown: parts.unknown,
            padding: parts.pad)
        gguf.addsBeginning = parts.addBOS
        gguf.addsSpacePrefix = parts.addSpacePrefix
        gguf.chatTemplate = parts.chatTemplate
        try self.init(gguf)
    }
}
