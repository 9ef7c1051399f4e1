import Foundation
import Testing

/// Exported files in llama.cpp itself, the Python package xllamacpp under `CPO_CHAT_SERVER`: it turns text
/// into the same ids and continues it greedily as `generate` does.
@Suite(
    .enabled(
        if: ProcessInfo.processInfo.environment["CPO_CHAT_SERVER"]?.hasPrefix("/") == true,
        "needs xllamacpp in CPO_CHAT_SERVER"), .serialized)
struct LlamaCppTests {
    /// The lines of `continue-greedily.py` for a model, from what `make` leaves: `model`, and `in.jsonl` with
    /// token records.
    private func continuations(_ make: String, type: String) throws -> [Substring] {
        let fixture = try Workspace.fixture()
        let result = try Workspace.withDirectory { directory in
            try Shell.run(
                """
                set -e
                \(make)
                generate -q --model model --max-new-tokens 12 --plain -o out.jsonl in.jsonl
                export-checkpoint -q model --out model.gguf --type \(type)
                PYTHONPATH=$CPO_CHAT_SERVER python3 $PACKAGE/Tests/CLITests/continue-greedily.py \\
                    model.gguf out.jsonl 2>log || { cat log >&2; exit 1; }
                """, in: directory, environment: Workspace.environment(fixture: fixture),
                seconds: 600)
        }
        #expect(result.status == 0, "\(result.errors)")
        return result.text.split(separator: "\n")
    }

    private static let same = [Substring](repeating: "same", count: 4) + ["4 prompts"]

    /// A model learns something before it is asked, so that no two tokens are nearly as probable.
    private func trained(_ configuration: String) -> String {
        """
        echo '\(configuration)' >config.json
        pretrain-mle -q --init config.json --tokenizer $FIXTURE/tokenizer --out model --steps 60 \\
            --batch-size 8 --learning-rate 1e-2 $FIXTURE/tokens.jsonl
        head -4 $FIXTURE/tokens.jsonl >in.jsonl
        """
    }

    @Test func llama() throws {
        let lines = try continuations(
            trained(
                """
                {"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":320,
                "hidden_size":32,"intermediate_size":48,"num_hidden_layers":2,"num_attention_heads":4,
                "num_key_value_heads":2,"head_dim":16,"hidden_act":"silu","max_position_embeddings":256,
                "rms_norm_eps":1e-05,"rope_theta":20000.0,"bos_token_id":0,"eos_token_id":0,
                "tie_word_embeddings":false}
                """), type: "f32")
        #expect(lines == Self.same)
    }

    @Test func gpt2() throws {
        let lines = try continuations(
            trained(
                """
                {"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","vocab_size":320,
                "n_positions":256,"n_embd":32,"n_layer":2,"n_head":4,"activation_function":"gelu_new",
                "layer_norm_epsilon":1e-05,"bos_token_id":0,"eos_token_id":0,"tie_word_embeddings":true}
                """), type: "f32")
        #expect(lines == Self.same)
    }

    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["CPO_SMOLLM2_MODEL"] != nil,
            "set CPO_SMOLLM2_MODEL to a checkpoint"))
    func smolLM2() throws {
        let lines = try continuations(
            """
            ln -s "$CPO_SMOLLM2_MODEL" model
            tokenize -q --model model --plain $FIXTURE/raw.jsonl | head -4 >in.jsonl
            """, type: "f16")
        #expect(lines == Self.same)
    }
}
