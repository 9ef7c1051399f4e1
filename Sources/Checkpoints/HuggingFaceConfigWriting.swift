public import StreamIO
import Transformer

extension HuggingFaceConfig {
    /// The object to write: ``raw`` with the model's values on top, those whose spelling changed
    /// between versions of `transformers` in both spellings.
    public func object(type: WeightType) -> JSONObject {
        var members = raw
        let c = configuration
        func set(_ key: String, _ value: Int) { members[key] = .integer(Int64(value)) }
        set("vocab_size", c.vocabularySize)
        members["tie_word_embeddings"] = .bool(c.tiedHead)
        members["initializer_range"] = JSONValue(shortest: c.initializerRange)
        members["dtype"] = .string(type.rawValue)
        members["torch_dtype"] = .string(type.rawValue)
        // What `generation_config.json` says about the end of a text is not for this file.
        if members["eos_token_id"] == nil {
            members["eos_token_id"] = JSONValue(tokens: c.eosTokenIDs)
        }
        if members["bos_token_id"] == nil {
            members["bos_token_id"] = JSONValue(tokens: [c.bosTokenID].compactMap { $0 })
        }
        switch c.architecture {
        case .gpt2:
            members["model_type"] = .string("gpt2")
            members["architectures"] = .array([.string("GPT2LMHeadModel")])
            for key in [
                "hidden_size", "num_attention_heads", "num_hidden_layers",
                "max_position_embeddings", "intermediate_size",
            ] {
                members[key] = nil
            }
            set("n_embd", c.width)
            set("n_head", c.headCount)
            set("n_layer", c.layerCount)
            set("n_positions", c.maximumPositions)
            members["n_inner"] =
                c.feedForwardWidth == 4 * c.width ? .null : .integer(Int64(c.feedForwardWidth))
            members["layer_norm_epsilon"] = JSONValue(shortest: c.normEpsilon)
            members["activation_function"] = members["activation_function"] ?? .string("gelu_new")
        case .llama:
            members["model_type"] = .string("llama")
            members["architectures"] = .array([.string("LlamaForCausalLM")])
            for key in ["n_embd", "n_head", "n_layer"] { members[key] = nil }
            set("hidden_size", c.width)
            set("num_attention_heads", c.headCount)
            set("num_key_value_heads", c.keyValueHeadCount)
            set("head_dim", c.headWidth)
            set("num_hidden_layers", c.layerCount)
            set("intermediate_size", c.feedForwardWidth)
            set("max_position_embeddings", c.maximumPositions)
            members["rms_norm_eps"] = JSONValue(shortest: c.normEpsilon)
            members["hidden_act"] = .string("silu")
            let theta = JSONValue(shortest: c.ropeTheta)
            members["rope_theta"] = theta
            let factor = JSONValue(shortest: c.ropeScale)
            let linear = JSONValue.string("linear")
            members["rope_parameters"] = .object(
                c.ropeScale == 1
                    ? ["rope_theta": theta, "rope_type": .string("default")]
                    : ["rope_theta": theta, "rope_type": linear, "factor": factor])
            members["rope_scaling"] =
                c.ropeScale == 1
                ? .null : .object(["rope_type": linear, "type": linear, "factor": factor])
            members["attention_bias"] = .bool(false)
            members["mlp_bias"] = .bool(false)
        }
        return members
    }

    /// The text of `config.json`.
    public func serialized(type: WeightType) -> [UInt8] {
        JSONText.pretty(.object(object(type: type)))
    }
}
