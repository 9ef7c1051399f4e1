import Checkpoints
import StreamIO
import TestSupport
import Testing
import Transformer

@Suite struct ConfigurationTests {
    static let gpt2 = """
        {"model_type":"gpt2","vocab_size":50257,"n_positions":1024,"n_embd":768,"n_layer":12,
        "n_head":12,"n_inner":null,"activation_function":"gelu_new","layer_norm_epsilon":1e-05,
        "eos_token_id":50256,"bos_token_id":50256,"task_specific_params":{"x":[1,2.5,"é"]}}
        """
    static let llama = """
        {"model_type":"llama","vocab_size":49152,"hidden_size":576,"intermediate_size":1536,
        "num_hidden_layers":30,"num_attention_heads":9,"num_key_value_heads":3,"rms_norm_eps":1e-05,
        "max_position_embeddings":8192,"rope_theta":100000,"tie_word_embeddings":true,
        "eos_token_id":[2,0],"bos_token_id":1}
        """

    private func read(_ text: String) throws -> HuggingFaceConfig {
        let directory = try TemporaryDirectory()
        return try HuggingFaceConfig(file: directory.write(text, to: "config.json"))
    }

    @Test func readsGPT2() throws {
        let c = try read(Self.gpt2).configuration
        #expect(
            c
                == DecoderConfiguration.gpt2(
                    vocabularySize: 50257, width: 768, layerCount: 12,
                    headCount: 12, keyValueHeadCount: 12, headWidth: 64, feedForwardWidth: 3072,
                    maximumPositions: 1024, normEpsilon: 1e-5, tiedHead: true,
                    eosTokenIDs: [50256], bosTokenID: 50256))
    }

    @Test func readsLlama() throws {
        let c = try read(Self.llama).configuration
        #expect(
            c
                == DecoderConfiguration.llama(
                    vocabularySize: 49152, width: 576, layerCount: 30,
                    headCount: 9, keyValueHeadCount: 3, headWidth: 64, feedForwardWidth: 1536,
                    maximumPositions: 8192, normEpsilon: 1e-5, ropeTheta: 100_000, tiedHead: true,
                    eosTokenIDs: [2, 0], bosTokenID: 1))
    }

    @Test func readsOtherSpellings() throws {
        let renamed = Self.gpt2.replacing("n_embd", with: "hidden_size")
            .replacing("n_head", with: "num_attention_heads")
            .replacing("n_layer", with: "num_hidden_layers")
            .replacing("n_positions", with: "max_position_embeddings")
        #expect(try read(renamed).configuration == read(Self.gpt2).configuration)
        let byClass = Self.llama.replacing(
            "\"model_type\":\"llama\"", with: "\"architectures\":[\"LlamaForCausalLM\"]")
        #expect(try read(byClass).configuration == read(Self.llama).configuration)
    }

    @Test(arguments: [
        ("\"rope_theta\":100000", 100_000),
        ("\"rope_theta\":1e5,\"rope_scaling\":null", 100_000),
        ("\"rope_parameters\":{\"rope_theta\":100000.0,\"rope_type\":\"default\"}", 100_000),
        // The newer spelling wins.
        ("\"rope_theta\":5,\"rope_parameters\":{\"rope_theta\":100000}", 100_000),
        ("\"rope_theta\":5,\"rope_scaling\":{\"type\":\"default\"}", 5),
        ("\"x\":0", 10_000),
    ]) func readsRotaryBase(_ keys: String, _ theta: Float) throws {
        let text = Self.llama.replacing("\"rope_theta\":100000", with: keys)
        #expect(try read(text).configuration.ropeTheta == theta)
    }

    @Test func defaultEndTokenMustBeInTheVocabulary() throws {
        let text = Self.gpt2.replacing("\"eos_token_id\":50256,\"bos_token_id\":50256,", with: "")
        #expect(try read(text).configuration.eosTokenIDs == [50256])
        let small = text.replacing("50257", with: "300")
        #expect(try read(small).configuration.eosTokenIDs == [])
        #expect(try read(small).configuration.bosTokenID == nil)
    }

    @Test(arguments: [
        (gpt2, "gelu_new", "relu"),
        (gpt2, "\"n_inner\":null", "\"scale_attn_weights\":false"),
        (gpt2, "\"n_inner\":null", "\"scale_attn_by_inverse_layer_idx\":true"),
        (gpt2, "\"n_inner\":null", "\"add_cross_attention\":true"),
        (gpt2, "\"model_type\":\"gpt2\"", "\"model_type\":\"mamba\""),
        (llama, "\"bos_token_id\":1", "\"hidden_act\":\"relu2\""),
        (llama, "\"bos_token_id\":1", "\"rope_interleaved\":true"),
        (llama, "\"bos_token_id\":1", "\"rope_scaling\":{\"rope_type\":\"dynamic\",\"factor\":8}"),
        (llama, "\"bos_token_id\":1", "\"rope_parameters\":{\"partial_rotary_factor\":0.5}"),
    ]) func refusesOtherModels(_ text: String, _ old: String, _ new: String) throws {
        let changed = text.replacing(old, with: new)
        #expect(changed != text)
        guard case .unsupported? = failure({ _ = try read(changed) }) else {
            Issue.record("\(new) was not refused as unsupported")
            return
        }
    }

    @Test(arguments: [
        (gpt2, "\"n_embd\":768,", ""),
        (gpt2, "\"n_embd\":768", "\"n_embd\":0"),
        (gpt2, "\"n_embd\":768", "\"n_embd\":-768"),
        (gpt2, "\"n_embd\":768", "\"n_embd\":\"768\""),
        (gpt2, "\"n_embd\":768", "\"n_embd\":767"),
        (gpt2, "\"n_embd\":768", "\"n_embd\":76.8"),
        (gpt2, "\"n_embd\":768", "\"n_embd\":99999999999"),
        (gpt2, "\"n_embd\":768", "\"n_embd\":2147483640"),
        (gpt2, "\"n_layer\":12", "\"n_layer\":2147483647"),
        (llama, "\"num_key_value_heads\":3", "\"head_dim\":2147483646"),
        (gpt2, "1e-05", "-1e-05"),
        (gpt2, "\"eos_token_id\":50256", "\"eos_token_id\":\"x\""),
        (gpt2, "\"model_type\":\"gpt2\",", ""),
        (gpt2, "{\"model_type\"", "[{\"model_type\""),
        (llama, "\"num_key_value_heads\":3", "\"num_key_value_heads\":2"),
        (llama, "\"num_key_value_heads\":3", "\"head_dim\":63"),
        (llama, "\"bos_token_id\":1", "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8}"),
        (llama, "\"bos_token_id\":1", "\"rope_parameters\":{\"rope_type\":\"yarn\"}"),
        (llama, "\"tie_word_embeddings\":true", "\"tie_word_embeddings\":1"),
    ]) func refusesNonsense(_ text: String, _ old: String, _ new: String) throws {
        let changed = text.replacing(old, with: new)
        #expect(changed != text)
        guard case .configuration? = failure({ _ = try read(changed) }) else {
            Issue.record("\(new) was not refused")
            return
        }
    }

    @Test func writesBothSpellingsAndKeepsUnknownKeys() throws {
        let config = try read(Self.llama.replacing("\"bos", with: "\"mine\":{\"a\":[]},\"bos"))
        let text = String(decoding: try config.serialized(type: .bfloat16), as: UTF8.self)
        #expect(text.contains("\"rope_theta\": 100000.0"))
        #expect(text.contains("\"rms_norm_eps\": 1e-05"))
        let written = try JSONValue(parsing: Array(text.utf8))
        let rope = try #require(written["rope_parameters"]?.object)
        #expect(rope["rope_type"] == .string("default"))
        #expect(rope["rope_theta"]?.number == 100_000)
        #expect(written["dtype"] == .string("bfloat16"))
        #expect(written["torch_dtype"] == .string("bfloat16"))
        #expect(written["mine"] == .object(["a": .array([])]))
        #expect(written["eos_token_id"] == .integers([2, 0]))
        #expect(try read(text).configuration == config.configuration)
    }

    @Test func writesGPT2() throws {
        let config = try read(Self.gpt2)
        let text = String(decoding: try config.serialized(type: .float32), as: UTF8.self)
        let again = try read(text)
        #expect(again.configuration == config.configuration)
        #expect(again.raw["task_specific_params"] == config.raw["task_specific_params"])
        #expect(again.raw["n_inner"] == .null)
    }

    @Test func generationDecidesWhereTextsEnd() throws {
        let base = try read(Self.llama).configuration
        #expect(base.withEnds(nil).eosTokenIDs == [2, 0])
        #expect(base.withEnds([]).eosTokenIDs == [2, 0])
        #expect(base.withEnds([7]).eosTokenIDs == [7])
        #expect(base.withEnds([7, 2, 8]).eosTokenIDs == [2, 7, 8])
    }
}
