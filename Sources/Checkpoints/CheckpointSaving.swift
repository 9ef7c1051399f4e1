import Kernels
import StreamIO
import Transformer

extension Checkpoint {
    /// Writes a checkpoint directory, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - path: the directory; an older checkpoint of that name is replaced
    ///   - type: the type of the weights in the file
    ///   - tokenizerDirectory: a directory whose tokenizer files are copied as they are; nil for none
    ///   - metadata: provenance, goes to `__metadata__` of the weights
    ///   - maximumShardSize: the largest weight file in bytes, before a tensor is put into the next
    ///   - additional: called with the temporary directory before it is renamed, to add files
    /// - Throws: ``CheckpointError``, `StreamError`, and what `additional` throws.
    public func save(
        to path: String, as type: WeightType = .float32,
        copyingTokenizerFrom tokenizerDirectory: String? = nil, metadata: [String: String] = [:],
        maximumShardSize: Int = WeightFiles.defaultShardSize,
        additional: (String) throws -> Void = { _ in }
    ) throws {
        let layout = layout
        precondition(weights.count >= layout.count, "parameters do not fit the configuration")
        try AtomicDirectory.write(to: path, holding: .checkpoint) { temporary in
            var config = config
            config.configuration = configuration
            try CompanionFiles.write(
                config.serialized(type: type),
                to: joinPath(temporary, HuggingFaceConfig.fileName))
            if let generationConfig {
                try CompanionFiles.write(
                    generationConfig, to: joinPath(temporary, CompanionFiles.generationConfig))
            }
            if let tokenizerDirectory {
                try CompanionFiles.copy(
                    CompanionFiles.tokenizer, from: tokenizerDirectory, to: temporary)
            }
            let tensors = layout.entries.map {
                TensorDescription(name: $0.name, type: type.tensorType, shape: $0.shape)
            }
            try WeightFiles.write(
                to: temporary, tensors: tensors, metadata: metadata,
                maximumShardSize: maximumShardSize
            ) { tensor, sink in
                guard let entry = layout[tensor.name] else { return }
                try encode(entry, as: type, to: sink)
            }
            try additional(temporary)
        }
    }

    private func encode(
        _ entry: ParameterEntry, as type: WeightType, to sink: SafetensorsWriter.Sink
    ) throws {
        switch weights {
        case .single(let buffer):
            try Checkpoints.encode(
                UnsafeBufferPointer(buffer.elements(of: entry)), as: type, tensor: entry.name,
                to: sink)
        case .compact(let compact) where type == .bfloat16:
            try sink(compact.bytes(of: entry))
        case .compact(let compact):
            let block = 1 << 20
            var values = [Float](repeating: 0, count: min(block, entry.count))
            for start in stride(from: 0, to: entry.count, by: block) {
                let count = min(block, entry.count - start)
                try values.withUnsafeMutableBufferPointer { values in
                    guard let target = values.baseAddress else { return }
                    widen(compact.base + entry.offset + start, into: target, count: count)
                    try Checkpoints.encode(
                        UnsafeBufferPointer(start: target, count: count), as: type,
                        tensor: entry.name, to: sink)
                }
            }
        }
    }
}
