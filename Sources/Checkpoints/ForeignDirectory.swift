import StreamIO

/// Directories that are no checkpoints in safetensors, but something else that people have.
enum ForeignDirectory {
    /// What a directory without `config.json` or weights in safetensors is; nil if that cannot be told.
    static func fault(_ directory: String) throws(CheckpointError) -> CheckpointError? {
        let names = try directoryEntries(directory)
        func foreign(_ what: String, _ hint: String) -> CheckpointError {
            .foreign(directory: directory, what: what, hint: hint)
        }
        func files(_ ends: String...) -> [String] {
            names.filter { name in ends.contains { name.hasSuffix($0) } }
        }
        if names.contains("adapter_config.json") {
            return foreign(
                "an adapter without its model (got adapter_config.json, expected config.json "
                    + "and model.safetensors)" + baseModel(directory),
                "merge it into its base model first: with PEFT, merge_and_unload() and "
                    + "save_pretrained()")
        }
        let shards = names.filter { $0.hasPrefix("model-") && $0.hasSuffix(".safetensors") }
        if !shards.isEmpty, names.contains(HuggingFaceConfig.fileName) {
            return foreign(
                "shards without an index (got \(CheckpointError.list(shards)), expected "
                    + "\(TensorSource.indexName) beside them)",
                "the index says which tensor is in which shard; download it too")
        }
        for (found, kind, hint) in [
            (
                files(".gguf"), "GGUF files",
                "give the file's name, not the directory's, to import-checkpoint"
            ),
            (
                files(".bin", ".pth", ".pt", ".ckpt"), "PyTorch pickles",
                "convert them: load the model with transformers and save it with "
                    + "save_pretrained(DIR, safe_serialization=True)"
            ),
            (files(".onnx"), "ONNX files", "take the model's weights in safetensors"),
            (
                files(".h5", ".msgpack"), "TensorFlow or Flax weights",
                "load the model with transformers (from_tf or from_flax) and save it with "
                    + "save_pretrained(DIR, safe_serialization=True)"
            ),
            (
                files(".safetensors"), "safetensors files of other names",
                "rename a single file to model.safetensors if it has all the weights"
            ),
        ] where !found.isEmpty {
            let others = found.filter { $0 != "training_args.bin" && $0 != "optimizer.pt" }
            if others.isEmpty { continue }
            return foreign(
                "no model.safetensors (got \(kind): \(CheckpointError.list(others)))", hint)
        }
        return nil
    }

    private static func baseModel(_ directory: String) -> String {
        guard
            let object = try? ConfigurationObject(file: joinPath(directory, "adapter_config.json")),
            let name = try? object.string("base_model_name_or_path")
        else { return "" }
        return ", of base model \(name)"
    }
}
