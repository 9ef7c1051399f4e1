import StreamIO
import Transformer

extension DecoderFamily {
    /// GPT-2 (Radford et al. 2019): learned positions, LayerNorm, GELU in its tanh form, biases.
    public static let gpt2 = DecoderFamily(
        name: "gpt2", languageModel: "GPT2LMHeadModel", otherClasses: ["GPT2Model"],
        names: names,
        // Causal masks: `h.N.attn.bias`, not the bias `h.N.attn.c_attn.bias`.
        buffers: [".attn.bias", ".attn.masked_bias"], computedKeys: [],
        gguf: GGUFFamily(
            architecture: "gpt2",
            names: ParameterNames.gguf.with([.queryKeyValue: "attn_qkv"]),
            hasLearnedPositions: true,
            read: { _, c throws(CheckpointError) in setTraits(&c) }),
        read: readGPT2, write: writeGPT2)

    private static let names = ParameterNames(
        embedding: "transformer.wte", positions: "transformer.wpe",
        finalNorm: "transformer.ln_f", head: "lm_head", block: "transformer.h.",
        parts: [
            .attentionNorm: "ln_1", .queryKeyValue: "attn.c_attn",
            .attentionOutput: "attn.c_proj", .feedForwardNorm: "ln_2", .up: "mlp.c_fc",
            .down: "mlp.c_proj",
        ])

    @Sendable private static func readGPT2(
        _ object: ConfigurationObject
    ) throws(CheckpointError) -> DecoderConfiguration {
        let width = try object.count("n_embd", "hidden_size")
        let heads = try object.count("n_head", "num_attention_heads")
        guard width % heads == 0 else {
            throw .configuration(
                file: object.file, what: "n_embd \(width) is not a multiple of n_head \(heads)")
        }
        var c = DecoderConfiguration(
            family: "gpt2", names: names, vocabularySize: try object.count("vocab_size"),
            width: width, layerCount: try object.count("n_layer", "num_hidden_layers"),
            headCount: heads, keyValueHeadCount: heads, headWidth: width / heads,
            feedForwardWidth: try object.count(
                "n_inner", "intermediate_size", default: 4 * width),
            maximumPositions: try object.count(
                "n_positions", "max_position_embeddings", "n_ctx"),
            normEpsilon: try object.number("layer_norm_epsilon", default: 1e-5),
            tiedHead: try object.flag("tie_word_embeddings", default: true),
            initializerRange: try object.number("initializer_range", default: 0.02),
            eosTokenIDs: try object.tokens("eos_token_id", default: 50256),
            bosTokenID: try object.tokens("bos_token_id", default: 50256).first)
        setTraits(&c)
        c.activation = try object.activation("activation_function", default: "gelu_new")
        return c
    }

    /// The traits that all models of the family have.
    private static func setTraits(_ c: inout DecoderConfiguration) {
        c.hasLearnedPositions = true
        c.attention = [AttentionTraits(rotary: nil)]
        c.norm = .layer
        c.storage = .inputByOutput
        (c.queryKeyValueBias, c.attentionOutputBias, c.feedForwardBias) = (true, true, true)
        (c.activation, c.isGated) = (.geluTanh, false)
        c.scalesInitialProjections = true
    }

    @Sendable private static func writeGPT2(
        _ c: DecoderConfiguration, _ members: inout ConfigurationMembers
    ) {
        for key in [
            "hidden_size", "num_attention_heads", "num_hidden_layers",
            "max_position_embeddings", "intermediate_size",
        ] {
            members[key] = nil
        }
        members.set("n_embd", c.width)
        members.set("n_head", c.headCount)
        members.set("n_layer", c.layerCount)
        members.set("n_positions", c.maximumPositions)
        members["n_inner"] =
            c.feedForwardWidth == 4 * c.width ? .null : .integer(Int64(c.feedForwardWidth))
        members["layer_norm_epsilon"] = JSONValue(shortest: c.normEpsilon)
        members.set("activation_function", c.activation, plain: "gelu_new")
    }
}
