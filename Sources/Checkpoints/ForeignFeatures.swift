import StreamIO
import Transformer

/// Settings that no family, or another one, computes: what a configuration says and the decoder does not
/// compute is refused by name, never passed over.
///
/// Dropout and what only makes a computation faster or more precise change no result of the model
/// and are not looked at.
enum ForeignFeatures {
    /// Settings that must be false.
    private static let off = [
        "attention_bias", "mlp_bias", "qkv_bias", "use_bias", "use_qkv_bias", "lm_head_bias",
        "rope_interleaved", "use_qk_norm", "qk_norm", "qk_layernorm", "use_parallel_residual",
        "parallel_attn", "alibi", "is_encoder_decoder", "add_cross_attention",
        "scale_attn_by_inverse_layer_idx", "multi_query", "use_mrope",
        "use_bidirectional_attention",
    ]
    /// Settings that must be absent, `null` or zero.
    private static let none = [
        "attn_logit_softcapping", "final_logit_softcapping", "logit_soft_cap",
        "attn_logit_softcap", "final_logit_softcap", "clip_qkv", "num_local_experts",
        "num_experts", "n_routed_experts", "moe_num_experts", "num_experts_per_tok",
        "no_rope_layer_interval", "scale_depth",
    ]
    /// Settings that multiply something, and must be 1.
    private static let one = [
        "embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale",
        "output_multiplier_scale", "embedding_scale", "embed_scale", "scale_emb",
        "residual_scale", "lm_head_multiplier", "mlp_multiplier", "key_multiplier",
        "partial_rotary_factor", "rotary_pct", "rope_ratio",
    ]

    /// - Throws: ``CheckpointError/unsupported(file:what:)`` with key, value and what was expected.
    static func refuse(
        _ object: ConfigurationObject, _ configuration: DecoderConfiguration,
        _ family: DecoderFamily
    ) throws(CheckpointError) {
        func demand(
            _ key: String, _ expected: String, _ isNeutral: (JSONValue) -> Bool
        ) throws(CheckpointError) {
            guard !family.computedKeys.contains(key) else { return }
            guard let value = object[key], !isNeutral(value) else { return }
            throw .unsupported(
                file: object.file,
                what: "\(key) (got \(ConfigurationObject.text(value)), expected \(expected))")
        }
        for key in off {
            let isOn = try object.flag(key, default: false)
            try demand(key, "false") { _ in !isOn }
        }
        try demand("scale_attn_weights", "true") { $0 == .bool(true) }
        for key in none {
            try demand(key, "none") { $0.number == 0 || $0 == .bool(false) }
        }
        for key in one { try demand(key, "1") { $0.number == 1 } }
        try quantization(object)
        let headWidth = Double(configuration.headWidth)
        try demand("head_dim", "\(configuration.headWidth)") { $0.number == headWidth }
        try demand("rotary_dim", "\(configuration.headWidth)") { $0.number == headWidth }
        try demand("query_pre_attn_scalar", "\(configuration.headWidth)") {
            $0.number == headWidth
        }
        try demand("attention_multiplier", "1/√head_dim") {
            abs(($0.number ?? 0) * headWidth.squareRoot() - 1) < 1e-6
        }
        let keyValueHeads = Double(configuration.keyValueHeadCount)
        try demand("num_key_value_heads", "\(configuration.keyValueHeadCount)") {
            $0.number == keyValueHeads
        }
        if !family.computedKeys.contains("sliding_window"),
            try object.flag("use_sliding_window", default: true)
        {
            let positions = Double(configuration.maximumPositions)
            try demand("sliding_window", "none, or at least the \(Int(positions)) positions") {
                ($0.number ?? 0) >= positions
            }
        }
        try demand("layer_types", "full_attention throughout") {
            $0.elements?.allSatisfy { $0 == .string("full_attention") } ?? false
        }
        try demand("no_rope_layers", "1 throughout") {
            guard case .integers(let list) = $0 else { return false }
            return list.allSatisfy { $0 == 1 }
        }
        let positions = configuration.hasLearnedPositions ? "absolute" : "rope"
        try demand("position_embedding_type", positions) { $0 == .string(positions) }
    }

    /// Weights that are stored as something else than numbers.
    private static func quantization(_ object: ConfigurationObject) throws(CheckpointError) {
        guard let settings = object["quantization_config"] else { return }
        let method = settings["quant_method"]?.string ?? "of an unknown kind"
        throw .unsupported(
            file: object.file,
            what: "quantization_config (got weights quantised by \(method), expected float32, "
                + "float16 or bfloat16)")
    }
}
