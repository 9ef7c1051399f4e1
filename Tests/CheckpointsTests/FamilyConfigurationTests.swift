import Checkpoints
import StreamIO
import Testing
import Transformer

import enum TestSupport.Oracles

/// Each family's `config.json` in the spellings that there are, and what is refused of it.
@Suite struct FamilyConfigurationTests {
    /// The configuration of a tiny model with some keys changed; nil takes a key away.
    private func read(
        _ model: String, _ changes: [String: JSONValue?] = [:]
    ) throws -> HuggingFaceConfig {
        let file = try JSONValue(parsing: readFile(Oracles.path(model) + "/config.json"))
        guard case .object(var members) = file else {
            throw CheckpointError.configuration(file: model, what: "no object")
        }
        for (key, value) in changes { members[key] = value }
        let directory = try TemporaryDirectory()
        let text = try JSONValue.object(members).serialized()
        return try HuggingFaceConfig(file: directory.write(text, to: "config.json"))
    }

    private static func object(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    @Test(arguments: Oracles.tinyModels + Oracles.families)
    func whatIsWrittenIsRead(_ model: String) throws {
        let config = try read(model, ["mine": .string("kept")])
        let directory = try TemporaryDirectory()
        for raw in [config.raw, [:]] {
            var written = config
            written.raw = raw
            let path = try directory.write(written.serialized(type: .float32), to: "config.json")
            let again = try HuggingFaceConfig(file: path)
            #expect(again.configuration == config.configuration)
            #expect(again.raw["mine"] == raw["mine"])
        }
    }

    @Test func oldSpellingsMeanTheSame() throws {
        func same(
            _ model: String, _ changes: [String: String?], without: [String]
        ) throws {
            var all: [String: JSONValue?] = try changes.mapValues { try $0.map(Self.object) }
            for key in without { all.updateValue(nil, forKey: key) }
            #expect(
                try read(model, all).configuration == read(model).configuration, "\(model)")
        }
        try same(
            "tiny-llama3-rope",
            [
                "rope_theta": "5e5",
                "rope_scaling": """
                {"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,
                "original_max_position_embeddings":32}
                """,
            ], without: ["rope_parameters"])
        try same(
            "tiny-gemma3",
            [
                "rope_theta": "1000000", "rope_local_base_freq": "10000",
                "sliding_window_pattern": "6",
            ], without: ["rope_parameters", "layer_types", "_sliding_window_pattern"])
        try same(
            "tiny-qwen2", ["rope_theta": "1000000.0", "sliding_window": "4096"],
            without: ["rope_parameters", "layer_types", "use_sliding_window"])
        try same(
            "tiny-smollm3", ["rope_theta": "2000000"],
            without: ["rope_parameters", "no_rope_layers", "layer_types"])
        try same(
            "tiny-phi3", ["rope_theta": "10000", "partial_rotary_factor": "0.75"],
            without: ["rope_parameters"])
        try same(
            "tiny-phi3", ["partial_rotary_factor": "null"], without: [])
        try same("tiny-granite", ["logits_scaling": "2.5"], without: ["rope_parameters"])
        try same("tiny-mistral-window", ["rope_theta": "1e4"], without: ["rope_parameters"])
        try same("tiny-olmo2", ["rope_theta": "500000"], without: ["rope_parameters"])
    }

    @Test func traitsAreRead() throws {
        let window = try read("tiny-mistral-window").configuration
        #expect(window.attention(ofLayer: 3).window == 12)
        // Without the key there is the default of the class.
        let silent = try read("tiny-mistral-window", ["sliding_window": nil])
        #expect(silent.configuration.attention(ofLayer: 0).window == 4096)
        let none = try read("tiny-mistral-window", ["sliding_window": .null])
        #expect(none.configuration.attention(ofLayer: 0).window == nil)

        let qwen = try read(
            "tiny-qwen2",
            [
                "use_sliding_window": .bool(true), "sliding_window": .integer(7),
                "max_window_layers": .integer(2), "layer_types": nil,
            ]
        ).configuration
        #expect(qwen.attentionOfLayers.map(\.window) == [nil, nil, 7, 7])
        #expect(qwen.queryKeyValueBias && !qwen.attentionOutputBias)

        let gemma = try read("tiny-gemma3").configuration
        #expect(
            gemma.attentionOfLayers.map { $0.window != nil } == [
                true, true, true, true, true, false, true,
            ])
        #expect(gemma.attention(ofLayer: 5).rotary?.theta == 1_000_000)
        #expect(gemma.attention(ofLayer: 6).rotary?.theta == 10_000)
        let scaled = try read(
            "tiny-gemma3",
            [
                "rope_theta": .number(1e6), "rope_local_base_freq": .number(1e4),
                "rope_scaling": Self.object("{\"rope_type\":\"linear\",\"factor\":8}"),
                "rope_parameters": nil,
            ]
        ).configuration
        #expect(scaled.attention(ofLayer: 5).rotary?.scaling == .linear(factor: 8))
        #expect(scaled.attention(ofLayer: 0).rotary?.scaling == RotaryScaling.none)

        let smol = try read("tiny-smollm3").configuration
        #expect(smol.attentionOfLayers.map { $0.rotary != nil } == [true, true, true, false])
    }

    @Test func longRopeLimitsTexts() throws {
        let factors = "[1,1.5,2,2.5]"
        let keys: [String: JSONValue?] = [
            "max_position_embeddings": .integer(1024),
            "original_max_position_embeddings": .integer(64), "rope_parameters": nil,
            "rope_scaling": try Self.object(
                "{\"type\":\"longrope\",\"short_factor\":\(factors),\"long_factor\":\(factors)}"),
            "rope_theta": .integer(10_000),
        ]
        // 9 of 12 channels is odd; 2/3 of them are eight.
        var even = keys
        even["partial_rotary_factor"] = .number(2.0 / 3 + 1e-9)
        let config = try read("tiny-phi3", even)
        #expect(config.configuration.maximumPositions == 64)
        guard case .longRope(let longRope)? = config.configuration.attention[0].rotary?.scaling
        else {
            Issue.record("no longrope")
            return
        }
        #expect(longRope.short == [1, 1.5, 2, 2.5])
        #expect(abs(longRope.magnitude - Float(5.0 / 3).squareRoot()) < 1e-6)
        let directory = try TemporaryDirectory()
        let path = try directory.write(config.serialized(type: .float32), to: "config.json")
        let again = try HuggingFaceConfig(file: path)
        #expect(again.configuration == config.configuration)
        #expect(again.raw["max_position_embeddings"] == .integer(1024))
    }

    @Test(
        arguments: [
            ("tiny-gemma3", "final_logit_softcapping", "30.0", "final_logit_softcapping"),
            ("tiny-gemma3", "attn_logit_softcapping", "50.0", "attn_logit_softcapping"),
            ("tiny-gemma3", "use_bidirectional_attention", "true", "use_bidirectional_attention"),
            ("tiny-gemma3", "layer_types", "[\"full_attention\"]", "layer_types"),
            ("tiny-gemma3", "sliding_window", "null", "sliding_window"),
            ("tiny-gemma3", "hidden_activation", "\"relu\"", "hidden_activation"),
            ("tiny-gemma3", "model_type", "\"gemma3\"", "model_type (got gemma3"),
            (
                "tiny-qwen2", "layer_types",
                "[\"full_attention\",\"full_attention\",\"full_attention\",\"sliding_attention\"]",
                "use_sliding_window false"
            ),
            (
                "tiny-qwen3", "layer_types",
                "[\"full_attention\",\"full_attention\",\"full_attention\",\"linear_attention\"]",
                "linear_attention"
            ),
            ("tiny-qwen3", "num_experts", "64", "num_experts"),
            ("tiny-qwen2", "use_mrope", "true", "use_mrope"),
            ("tiny-qwen2", "qkv_bias", "true", "qkv_bias"),
            ("tiny-smollm3", "no_rope_layers", "[1,0]", "no_rope_layers"),
            ("tiny-mistral-window", "sliding_window", "0", "sliding_window"),
            ("tiny-mistral-window", "attention_bias", "true", "attention_bias"),
            ("tiny-granite", "num_local_experts", "8", "num_local_experts"),
            ("tiny-granite", "position_embedding_type", "\"nope\"", "position_embedding_type"),
            ("tiny-granite", "residual_multiplier", "0", "residual_multiplier"),
            ("tiny-olmo2", "clip_qkv", "8", "clip_qkv"),
            ("tiny-olmo2", "sliding_window", "16", "sliding_window"),
            ("tiny-phi3", "partial_rotary_factor", "1.5", "partial_rotary_factor"),
            ("tiny-llama3-rope", "partial_rotary_factor", "0.5", "partial_rotary_factor"),
            ("tiny-llama3-rope", "residual_multiplier", "0.5", "residual_multiplier"),
        ])
    func whatIsNotComputedIsRefusedByName(
        _ model: String, _ key: String, _ value: String, _ named: String
    ) throws {
        var changes: [String: JSONValue?] = [key: try Self.object(value)]
        if key == "partial_rotary_factor" { changes["rope_parameters"] = .some(nil) }
        let error = failure { _ = try read(model, changes) }
        #expect(error?.exitStatus == .badData)
        #expect(error?.description.contains(named) == true, "\(String(describing: error))")
    }

    @Test func multimodalModelsAreNamed() throws {
        let error = failure {
            _ = try read(
                "tiny-gemma3",
                ["model_type": .string("gemma3"), "text_config": .object([:])])
        }
        #expect(error?.description.contains("a model of more than text") == true)
    }
}
