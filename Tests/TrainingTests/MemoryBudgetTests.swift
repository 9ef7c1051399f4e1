import Glibc
import Kernels
import StreamIO
import TestSupport
import Testing
import Training

/// `--memory-budget` is an upper bound: what training says that it takes at most, beside what the system saw
/// it take, for shapes of models and records drawn at random.
@Suite(.serialized) struct MemoryBudgetTests {
    /// A model, records and flags.
    private struct Shape {
        var configuration: String
        var records: [String]
        var evaluated: [String]
        var flags: [String]
        var isPreference: Bool
    }

    private static let base = 256 << 20

    /// One prompt of 512 with 64 continuations of 8 for the first shapes, then whatever comes.
    private func shape(_ number: Int, scale: Int) -> Shape {
        var random = RandomStream(seed: 11, name: "shape", String(number))
        func among<Value>(_ values: [Value]) -> Value {
            values[random.integer(below: values.count)]
        }
        let headWidth = among([8, 16, 32, 64])
        let heads = among([2, 4, 6]) * scale
        let groups = among([1, 2, heads])
        let isLlama = random.integer(below: 2) == 0
        let width = heads * headWidth
        let vocabulary = among([300, 1000, 8000]) * scale
        let layers = among([1, 2, 5])
        let configuration =
            isLlama
            ? """
            {"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":\(vocabulary),
            "hidden_size":\(width),"intermediate_size":\(among([2, 4]) * width),
            "num_hidden_layers":\(layers),"num_attention_heads":\(heads),
            "num_key_value_heads":\(groups),"head_dim":\(headWidth),"hidden_act":"silu",
            "max_position_embeddings":1024,"rms_norm_eps":1e-05,"rope_theta":10000.0,
            "bos_token_id":0,"eos_token_id":0,"tie_word_embeddings":\(among([0, 1]) == 1)}
            """
            : """
            {"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","vocab_size":\(vocabulary),
            "n_embd":\(width),"n_layer":\(layers),"n_head":\(heads),"n_positions":1024,
            "activation_function":"gelu_new","layer_norm_epsilon":1e-05,"bos_token_id":0,
            "eos_token_id":0}
            """
        let other = """
            {"vocab_size":\(vocabulary),"hidden_size":\(width),"intermediate_size":\(2 * width),
            "num_hidden_layers":\(layers),"num_attention_heads":\(heads),
            "num_key_value_heads":\(groups),"head_dim":\(headWidth),
            "max_position_embeddings":1024,"bos_token_id":0,"eos_token_id":0,
            """
        let families = [
            "\"model_type\":\"gemma3_text\",\"sliding_window\":64}",
            "\"model_type\":\"olmo2\"}", "\"model_type\":\"phi3\",\"pad_token_id\":0}",
            "\"model_type\":\"granite\",\"residual_multiplier\":0.5,\"attention_bias\":true}",
        ]
        let isPreference = number % 3 != 2
        let isExtreme = number < 4
        let prompt = isExtreme ? 512 : among([1, 20, 200, 700])
        let branches = isPreference ? (isExtreme ? 64 : among([2, 5, 16])) : 1
        let length = isExtreme ? 8 : among([1, 9, 60, 200])
        func ids(_ count: Int) -> String {
            (0..<count).map { _ in String(1 + random.integer(below: 290)) }
                .joined(separator: ",")
        }
        func record(_ id: Int, _ prompt: Int, _ length: Int) -> String {
            let negatives = (1..<max(2, branches)).map { _ in
                "{\"kind\":\"an\",\"ids\":[\(ids(length))]}"
            }
            let field = isPreference ? ",\"negatives\":[\(negatives.joined(separator: ","))]" : ""
            return "{\"id\":\"\(id)\",\"prompt_ids\":[\(ids(prompt))],"
                + "\"response_ids\":[\(ids(length + 1))]\(field)}"
        }
        var flags = ["--batch-size", String(isExtreme ? 2 : among([1, 3, 6]))]
        flags += ["--micro-batch-tokens", String(among([64, 700, 4096]))]
        flags += ["--clip-norm", among(["0", "1"])]
        flags += ["--threads", String(among([1, 2, 4]))]
        flags += ["--precision", among([0, 1]) == 0 ? "fp32" : "bf16"]
        if isPreference, number % 5 == 4 { flags.append("--no-shared-prefix") }
        let longer = among([0, 1]) == 1
        // Every fifth shape is of another family, with more to keep in a block.
        return Shape(
            configuration: number % 5 == 3
                ? other + families[number / 5 % families.count] : configuration,
            records: (0..<(isExtreme ? 3 : 8)).map {
                record($0, max(1, prompt - $0 * prompt / 10), length)
            }, evaluated: longer ? [record(0, 800, 200)] : [], flags: flags,
            isPreference: isPreference)
    }

    /// Bytes in a message such as `at most 1.2 GiB`, with what rounding took from them.
    private func bytes(_ text: some StringProtocol) -> Int? {
        let words = text.split(separator: " ")
        guard words.count >= 2, let number = Double(words[0]) else { return nil }
        let unit = words[1].hasPrefix("GiB") ? 1 << 30 : 1 << 20
        return Int((number + 0.05) * Double(unit))
    }

    private struct Run {
        var estimate: Int
        var peak: Int
        var plan: Substring
    }

    /// Trains two steps within as much as `plan` says that it needs.
    private func run(_ shape: Shape, _ plan: MemoryPlan, in directory: String) throws -> Run? {
        try writeFile("\(directory)/records.jsonl", shape.records.joined(separator: "\n"))
        try writeFile("\(directory)/config.json", shape.configuration)
        var arguments = shape.flags
        if !shape.evaluated.isEmpty {
            try writeFile("\(directory)/eval.jsonl", shape.evaluated.joined(separator: "\n"))
            arguments += ["--eval", "\(directory)/eval.jsonl"]
        }
        var tool = "pretrain-mle"
        var model = ["--init", "\(directory)/config.json"]
        if shape.isPreference {
            let made = try ToolRunner.run(
                "pretrain-mle",
                model + [
                    "--steps", "0", "--out", "\(directory)/model", "\(directory)/records.jsonl",
                ])
            #expect(made.status == 0, "\(made.standardError)")
            tool = "train-cpo"
            model = ["--model", "\(directory)/model"]
            if shape.flags.count % 2 == 0 { model += ["--reference", "\(directory)/model"] }
        }
        func train(_ budget: String, _ out: String) throws -> ToolRunner.Output {
            try ToolRunner.run(
                tool,
                model + arguments + [
                    "--steps", "2", "--memory-budget", budget, "--out", "\(directory)/\(out)",
                    "\(directory)/records.jsonl",
                ])
        }
        let refused = try train("1MiB", "none")
        #expect(refused.status == 64, "\(refused.standardError)")
        let needs = refused.standardError.split(separator: "expected at least ").last ?? ""
        let need = needs.split(separator: ", ").first { $0.contains("for \(plan.rawValue)") }
        guard let need, let budget = bytes(need) else {
            Issue.record("no need of \(plan.rawValue) in \(refused.standardError)")
            return nil
        }
        let output = try train(String(budget), "out")
        #expect(output.status == 0, "\(output.standardError)")
        let line = output.standardError.split(separator: "\n").first {
            $0.contains("memory plan ")
        }
        guard let line, let estimate = line.split(separator: "at most ").last.flatMap(bytes),
            let name = line.split(separator: "memory plan ").last?.prefix(while: { $0 != ":" })
        else {
            Issue.record("no plan in \(output.standardError)")
            return nil
        }
        return Run(estimate: estimate, peak: output.peakMemory, plan: name)
    }

    private func check(_ number: Int, scale: Int, floor: Int, _ plan: MemoryPlan) throws {
        let shape = shape(number, scale: scale)
        try withTemporaryDirectory { directory in
            guard let run = try run(shape, plan, in: directory) else { return }
            // What is set aside for the program must not pay for anything else.
            let bound = run.estimate - Self.base + floor
            #expect(
                run.peak <= bound,
                "shape \(number), \(run.plan): \(gibibytes(run.peak)) of \(gibibytes(bound)); \(shape.flags) \(shape.configuration)"
            )
            if ToolRunner.isTorture {
                print(
                    "shape \(number) \(run.plan): estimate \(gibibytes(run.estimate)), "
                        + "peak \(gibibytes(run.peak))")
            }
        }
    }

    /// What a run takes whose model and records are next to nothing.
    private func floor() throws -> Int {
        try withTemporaryDirectory { directory in
            var shape = shape(2, scale: 1)
            shape.configuration = """
                {"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","vocab_size":300,"n_embd":8,
                "n_layer":1,"n_head":1,"n_positions":64,"activation_function":"gelu_new",
                "layer_norm_epsilon":1e-05,"bos_token_id":0,"eos_token_id":0}
                """
            shape.records = ["{\"id\":\"a\",\"prompt_ids\":[1],\"response_ids\":[2,3]}"]
            shape.evaluated = []
            shape.flags = []
            shape.isPreference = false
            return try run(shape, .full, in: directory)?.peak ?? 0
        }
    }

    @Test(.enabled(if: ToolRunner.isBuilt("train-cpo")))
    func estimatesBoundThirtyShapes() throws {
        let floor = try floor()
        #expect(floor > 0 && floor < Self.base / 2)
        for number in 0..<30 {
            try check(
                number, scale: 1, floor: floor,
                MemoryPlan.allCases[number % MemoryPlan.allCases.count])
        }
    }

    @Test(.enabled(if: ToolRunner.isBuilt("train-cpo") && ToolRunner.isTorture))
    func estimatesBoundLargeShapes() throws {
        let floor = try floor()
        for number in 0..<30 {
            for plan in MemoryPlan.allCases {
                try check(number, scale: 4, floor: floor, plan)
            }
        }
    }
}
