import Checkpoints
import Foundation
import TestSupport
import Testing
import Transformer

/// Checkpoints of other models and other programs: read rightly, or refused by name.
@Suite struct ForeignModelTests {
    private func read(_ text: String) throws -> HuggingFaceConfig {
        let directory = try TemporaryDirectory()
        return try HuggingFaceConfig(file: directory.write(text, to: "config.json"))
    }

    private func llama(_ keys: String) -> String {
        ConfigurationTests.llama.replacing("\"bos_token_id\":1", with: "\"bos_token_id\":1,\(keys)")
    }

    // MARK: Rotary positions

    @Test(arguments: [
        ("\"rope_scaling\":null", 1), ("\"rope_scaling\":{\"rope_type\":\"default\"}", 1),
        ("\"rope_scaling\":{\"type\":\"linear\",\"factor\":1.0}", 1),
        ("\"rope_scaling\":{\"type\":\"linear\",\"factor\":4}", 4),
        ("\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":2.5}", 2.5),
        ("\"rope_parameters\":{\"rope_type\":\"linear\",\"factor\":2.0,\"rope_theta\":7}", 2),
        ("\"rope_scaling\":{\"factor\":1.0}", 1),
    ]) func linearScalingIsReadAndWritten(_ keys: String, _ scale: Float) throws {
        let config = try read(llama(keys))
        #expect(config.configuration.ropeScale == scale)
        let text = String(decoding: try config.serialized(type: .float32), as: UTF8.self)
        #expect(try read(text).configuration == config.configuration)
    }

    @Test(arguments: [
        ("\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}", "dynamic"),
        ("\"rope_scaling\":{\"factor\":4}", "factor (got 4.0"),
        ("\"rope_scaling\":{\"rope_type\":\"default\",\"factor\":4}", "factor (got 4.0"),
        ("\"rope_scaling\":{\"type\":\"linear\",\"factor\":4,\"mscale\":0.7}", "mscale"),
        ("\"partial_rotary_factor\":0.5", "partial_rotary_factor"),
        ("\"sliding_window\":4096", "sliding_window"),
        ("\"layer_types\":[\"sliding_attention\",\"full_attention\"]", "layer_types"),
        ("\"final_logit_softcapping\":30.0", "final_logit_softcapping"),
        ("\"attn_logit_softcapping\":50", "attn_logit_softcapping"),
        ("\"embedding_multiplier\":12.0", "embedding_multiplier"),
        ("\"logits_scaling\":8", "logits_scaling"),
        ("\"residual_multiplier\":0.22", "residual_multiplier"),
        ("\"attention_multiplier\":0.015625", "attention_multiplier"),
        ("\"query_pre_attn_scalar\":256", "query_pre_attn_scalar"),
        ("\"num_local_experts\":8", "num_local_experts"),
        ("\"use_qk_norm\":true", "use_qk_norm"),
        ("\"no_rope_layers\":[1,1,0]", "no_rope_layers"),
        ("\"clip_qkv\":8", "clip_qkv"), ("\"logit_scale\":0.0625", "logit_scale"),
        ("\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4}", "gptq"),
    ]) func whatIsNotComputedIsRefusedByName(_ keys: String, _ named: String) throws {
        let error = failure { _ = try read(llama(keys)) }
        guard case .unsupported(let file, let what)? = error else {
            Issue.record("\(keys): got \(String(describing: error))")
            return
        }
        #expect(file.hasSuffix("config.json"))
        #expect(what.contains(named), "\(what)")
    }

    @Test func contradictingScalingsAreRefused() throws {
        let keys = """
            "rope_scaling":{"type":"linear","factor":2},"rope_parameters":{"rope_type":"default"}
            """
        #expect(failure { _ = try read(llama(keys)) }?.description.contains("contradict") == true)
    }

    @Test(arguments: [
        "\"sliding_window\":null", "\"sliding_window\":8192",
        "\"sliding_window\":1024,\"use_sliding_window\":false", "\"attention_dropout\":0.1",
        "\"attention_multiplier\":0.125", "\"query_pre_attn_scalar\":64", "\"logit_scale\":1.0",
        "\"num_experts\":0", "\"layer_types\":[\"full_attention\",\"full_attention\"]",
        "\"pretraining_tp\":2", "\"partial_rotary_factor\":1.0", "\"quantization_config\":null",
    ]) func whatChangesNothingIsAccepted(_ keys: String) throws {
        #expect(try read(llama(keys)).configuration == read(ConfigurationTests.llama).configuration)
    }

    @Test func gpt2AcceptsWhatOnlyChangesPrecision() throws {
        let text = ConfigurationTests.gpt2.replacing(
            "\"n_inner\":null", with: "\"reorder_and_upcast_attn\":true,\"n_ctx\":1024")
        #expect(try read(text).configuration == read(ConfigurationTests.gpt2).configuration)
    }

    // MARK: Classes

    @Test(arguments: [
        ("LlamaForSequenceClassification", "a classifier of texts"),
        ("LlamaForTokenClassification", "a classifier of tokens"),
        ("LlamaForQuestionAnswering", "answers"), ("MyModel", "MyModel"),
        ("GPT2LMHeadModel", "GPT2LMHeadModel"),
    ]) func otherClassesAreNamed(_ name: String, _ kind: String) throws {
        let error = failure { _ = try read(llama("\"architectures\":[\"\(name)\"]")) }
        #expect(error?.exitStatus == .badData)
        #expect(error?.description.contains("architectures (got \(name)") == true)
        #expect(error?.description.contains(kind) == true)
        #expect(error?.hint != nil)
    }

    @Test(arguments: ["[]", "null", "[\"LlamaForCausalLM\"]", "[\"LLaMAForCausalLM\"]"])
    func ownClassesAreAccepted(_ list: String) throws {
        #expect(failure { _ = try read(llama("\"architectures\":\(list)")) } == nil)
    }

    @Test func anEncoderIsNoDecoder() throws {
        let error = failure {
            _ = try read("{\"model_type\":\"bert\",\"architectures\":[\"BertModel\"]}")
        }
        #expect(error?.description.contains("bert, an encoder") == true)
        #expect(error?.hint?.contains("--embedder") == true)
    }

    // MARK: Directories

    @Test(arguments: [
        (["adapter_config.json", "adapter_model.safetensors"], "an adapter"),
        (["config.json", "pytorch_model.bin"], "PyTorch pickles: pytorch_model.bin"),
        (["config.json", "consolidated.00.pth"], "PyTorch pickles"),
        (["config.json", "model.onnx"], "ONNX"), (["config.json", "tf_model.h5"], "TensorFlow"),
        (["config.json", "model-00001-of-00002.safetensors"], "without an index"),
        (["x.gguf"], "GGUF"),
    ]) func otherDirectoriesAreNamed(_ names: [String], _ kind: String) throws {
        let directory = try TemporaryDirectory()
        for name in names {
            try directory.write(
                name == "config.json" ? ConfigurationTests.llama : "{}", to: "m/" + name)
        }
        let error = failure { _ = try Checkpoint.load(directory: directory.file("m")) }
        #expect(error?.exitStatus == .missingInput)
        #expect(error?.description.contains(kind) == true, "\(String(describing: error))")
        #expect(error?.hint != nil)
    }

    // MARK: Special ids

    @Test func specialIDsThatNoTokenHasAreIgnoredWithAWarning() throws {
        let text = ConfigurationTests.llama
            .replacing("\"bos_token_id\":1", with: "\"bos_token_id\":-1,\"pad_token_id\":49152")
            .replacing("[2,0]", with: "[2,60000]")
        let config = try read(text)
        #expect(config.configuration.eosTokenIDs == [2])
        #expect(config.configuration.bosTokenID == nil)
        #expect(config.warnings.count == 3)
        for (warning, part) in zip(
            config.warnings,
            ["bos_token_id ignored (got -1", "eos_token_id ignored (got 60000", "pad_token_id"])
        {
            #expect(warning.contains("config.json: ") && warning.contains(part), "\(warning)")
        }
        let written = String(decoding: try config.serialized(type: .float32), as: UTF8.self)
        #expect(try read(written).warnings.isEmpty)
    }

    @Test func anEndOfTextOfMinusOneIsNone() throws {
        let config = try read(
            ConfigurationTests.gpt2.replacing("\"eos_token_id\":50256", with: "\"eos_token_id\":-1")
        )
        #expect(config.configuration.eosTokenIDs == [])
        #expect(config.warnings.count == 1)
    }

    // MARK: Names of tensors

    static let tiny = DecoderConfiguration.llama(
        vocabularySize: 11, width: 8, layerCount: 2, headCount: 2,
        keyValueHeadCount: 1, headWidth: 4, feedForwardWidth: 6, maximumPositions: 16,
        normEpsilon: 1e-5, tiedHead: false, eosTokenIDs: [])

    private func write(
        _ configuration: DecoderConfiguration, to directory: TemporaryDirectory,
        rename: (String) -> String
    ) throws -> String {
        let config = HuggingFaceConfig(configuration)
        try directory.write(config.serialized(type: .float32), to: "m/config.json")
        let tensors = ParameterLayout(configuration).entries.map { (rename($0.name), $0.shape) }
        try writeTensors(tensors, to: directory.file("m/model.safetensors")) { name, i in
            Float(i)
        }
        return directory.file("m")
    }

    @Test(arguments: [
        "_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module.", "base_model.model.",
        "model.", "policy.", "model._orig_mod.",
    ]) func prefixesOfWrappersAreTakenAway(_ prefix: String) throws {
        let gpt2 = DecoderConfiguration.gpt2(
            vocabularySize: 11, width: 8, layerCount: 2, headCount: 2, keyValueHeadCount: 2,
            headWidth: 4, feedForwardWidth: 32, maximumPositions: 16, normEpsilon: 1e-5,
            tiedHead: true, eosTokenIDs: [])
        for configuration in [Self.tiny, gpt2] {
            let directory = try TemporaryDirectory()
            let path = try write(configuration, to: directory) { prefix + $0 }
            let checkpoint = try Checkpoint.load(directory: path)
            let plain = try Checkpoint.load(
                directory: write(configuration, to: directory) { $0 })
            #expect(
                UnsafeBufferPointer(
                    checkpoint.parameters.elements(of: checkpoint.layout.entries[1])
                )
                .elementsEqual(
                    UnsafeBufferPointer(
                        plain.parameters.elements(of: plain.layout.entries[1]))))
            let out = directory.file("out")
            try checkpoint.save(to: out)
            #expect(
                try Set(TensorSource(directory: out).names)
                    == Set(checkpoint.layout.entries.map(\.name)))
        }
    }

    @Test func wrappersInsideNamesAreTakenAway() throws {
        let directory = try TemporaryDirectory()
        let path = try write(Self.tiny, to: directory) {
            $0.replacing("layers.1.", with: "layers.1._fsdp_wrapped_module.")
                .replacing("layers.0.", with: "layers.0._checkpoint_wrapped_module.")
        }
        #expect(failure { _ = try Checkpoint.load(directory: path) } == nil)
    }

    @Test func namesOfAnotherModelAreNamed() throws {
        let directory = try TemporaryDirectory()
        let path = try write(Self.tiny, to: directory) {
            "encoder.x" + $0.replacing(".", with: "_")
        }
        let error = failure { _ = try Checkpoint.load(directory: path) }
        #expect(error?.exitStatus == .badData)
        #expect(error?.description.contains("got encoder.x") == true)
        #expect(error?.description.contains("expected model.embed_tokens.weight") == true)
    }

    @Test func aClassifierIsNamedByItsTensors() throws {
        let directory = try TemporaryDirectory()
        let path = try write(Self.tiny, to: directory) {
            $0 == "lm_head.weight" ? "score.weight" : $0
        }
        let error = failure { _ = try Checkpoint.load(directory: path) }
        #expect(error?.description.contains("score.weight") == true)
        #expect(error?.description.contains("classifier") == true)
    }

    // MARK: Sizes

    /// What a configuration promises is compared with the files before memory is asked for.
    @Test(arguments: [
        "\"num_hidden_layers\":1000000000", "\"vocab_size\":1000000000000",
        "\"num_attention_heads\":1000000000", "\"hidden_size\":0", "\"vocab_size\":16777216",
        "\"num_hidden_layers\":1024,\"hidden_size\":16777216,\"intermediate_size\":16777216",
        "\"rope_theta\":1e999", "\"rms_norm_eps\":0", "\"max_position_embeddings\":1e30",
    ]) func absurdSizesAreRefused(_ keys: String) throws {
        var text = ConfigurationTests.llama
        for key in keys.split(separator: ",") {
            let name = key.split(separator: ":")[0]
            guard let range = text.firstRange(of: try Regex(name + ":[0-9.e-]+")) else {
                Issue.record("no \(name)")
                continue
            }
            text.replaceSubrange(range, with: key)
        }
        let directory = try TemporaryDirectory()
        try directory.write(text, to: "m/config.json")
        try writeTensors(
            [("model.embed_tokens.weight", [2, 2])], to: directory.file("m/model.safetensors")
        ) { _, _ in 0 }
        let error = failure { _ = try Checkpoint.load(directory: directory.file("m")) }
        #expect(error?.exitStatus == .badData, "\(String(describing: error))")
    }
}
