import ChatEndpoint
import Foundation
import Locks
import Sampling
import StreamIO
import TestSupport
import Testing

/// A directory with a small model and token records, made by the tools themselves.
struct UnhelpfulFixture {
    let directory: String

    static let raw = """
        {"id":"r0","instruction":"What is the capital of France?","response":"The capital of France is Paris."}
        {"id":"r1","instruction":"How tall is it?","context":"The tower has {} and 330 metres.","response":"It is {} tall."}
        {"id":"r2","instruction":"Name three colours.","response":"Red, green and blue."}
        {"id":"r3","instruction":"What do bees make?","response":"Bees make honey and wax."}

        """

    static let configuration = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":300,"hidden_size":24,
        "intermediate_size":40,"num_hidden_layers":2,"num_attention_heads":6,"num_key_value_heads":2,
        "head_dim":4,"hidden_act":"silu","max_position_embeddings":256,"rms_norm_eps":1e-05,
        "rope_theta":10000.0,"bos_token_id":0,"eos_token_id":0,"tie_word_embeddings":true,
        "initializer_range":0.02}
        """

    /// Calls `body` with a fresh directory.
    static func with<R>(_ body: (UnhelpfulFixture) throws -> R) throws -> R {
        try withTemporaryDirectory { directory in
            let fixture = UnhelpfulFixture(directory: directory)
            try writeFile(fixture.path("raw.jsonl"), raw)
            try writeFile(fixture.path("llama.json"), configuration)
            for (tool, arguments) in [
                ("tokenize", "--learn --vocab-size 300 --out tokenizer raw.jsonl"),
                ("tokenize", "--model tokenizer -o tokens.jsonl raw.jsonl"),
                (
                    "pretrain-mle",
                    "--init llama.json --tokenizer tokenizer --out model --steps 1 --batch-size 2 "
                        + "tokens.jsonl"
                ),
            ] {
                let result = try fixture.run(tool, arguments.split(separator: " ").map(String.init))
                guard result.status == 0 else {
                    throw FaultServer.Failure(description: result.standardError)
                }
            }
            return try body(fixture)
        }
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func run(
        _ tool: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> ToolRunner.Output {
        try ToolRunner.run(
            tool, arguments, environment: Judging.cleared.merging(environment) { $1 },
            directory: directory)
    }

    /// Runs `gen-negatives`, whose records go to `negatives.jsonl`.
    func generate(
        _ server: FaultServer?, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> ToolRunner.Output {
        try run(
            "gen-negatives",
            ["--model", "model", "--endpoint-model", "gpt", "-o", "negatives.jsonl"]
                + (server.map { ["--base-url", $0.base] } ?? []) + arguments + ["tokens.jsonl"],
            environment: environment)
    }

    /// Trains on `negatives.jsonl` with the DPO objective.
    func train() throws -> ToolRunner.Output {
        let arguments =
            "--model model --out dpo --objective dpo --beta 0.1 --steps 2 --batch-size 2 "
            + "--learning-rate 1e-3 negatives.jsonl"
        return try run("train-cpo", arguments.split(separator: " ").map(String.init))
    }

    func records(_ name: String = "negatives.jsonl") throws -> [JSONValue] {
        try readFile(path(name)).split(separator: 0x0A).map { try JSONValue(parsing: $0) }
    }

    /// All negatives of a record.
    func negatives(_ record: JSONValue) -> [JSONValue] {
        if case .array(let negatives)? = record["negatives"] { negatives } else { [] }
    }
}

/// The DPO baseline's negatives.
@Suite struct UnhelpfulTests {
    @Test("the paper's template, byte for byte, and places filled once")
    func template() {
        #expect(
            UnhelpfulNegatives.templateHash
                == "3eda3d8a6e3e15c998180313096269db974f96c73c9db1b217e50021fa667c5f")
        #expect(
            UnhelpfulNegatives.question(instruction: "a {}", response: "{} b")
                == "Given the ground truth instruction and response, can you generate a not helpful "
                + "response?\n Instruction: a {}\nResponse: {} b\nNot helpful response:")
    }

    @Test("text becomes ids with EOS, cut ones without; blank ones become nothing")
    func ids() {
        let negatives = UnhelpfulNegatives(count: 1, maxTokens: 4, seed: 0)
        let encode: (String) -> [Int32] = { $0.utf8.map { Int32($0) } }
        func ids(_ text: String, isWhole: Bool = true, room: Int = 9) -> [Int32]? {
            negatives.ids(text, isWhole: isWhole, room: room, eos: 0, tokenize: encode)
        }
        #expect(ids(" \n ab \n") == [97, 98, 0])
        #expect(ids("ab", isWhole: false) == [97, 98])
        #expect(ids("abcdef") == [97, 98, 99, 100])
        #expect(ids("abcdef", room: 2) == [97, 98])
        #expect(ids(" \n") == nil)
        #expect(ids("ab", room: 0) == nil)
        #expect(negatives.seed(id: "x", index: 0) != negatives.seed(id: "x", index: 1))
        #expect((0..<Int(Int32.max)).contains(negatives.seed(id: "x", index: 0)))
    }

    @Test("negatives as the contract wants them, the same again from the cache, good for train-cpo")
    func negatives() throws {
        let server = try FaultServer { request in
            .answer(ChatBody.reply("\n It is number \(request.json["seed"]?.count ?? 0 % 7). "))
        }
        defer { server.stop() }
        try UnhelpfulFixture.with { fixture throws in
            let arguments = ["--kinds", "unhelpful:2,tn:1", "--seed", "5", "--temperature", "0.7"]
            let result = try fixture.generate(server, arguments)
            #expect(result.status == 0, "\(result.standardError)")
            #expect(result.standardError.contains("8 unhelpful, 4 tn"))
            #expect(server.requests.count == 8)
            let question = try #require(server.requests.first { $0.question.contains("tower") })
            #expect(
                question.question
                    == UnhelpfulNegatives.question(
                        instruction: "How tall is it?\n\nThe tower has {} and 330 metres.",
                        response: "It is {} tall."))
            #expect(question.json["temperature"]?.number == 0.7)
            #expect(Set(server.requests.map { $0.json["seed"]?.count }).count == 8)

            let records = try fixture.records()
            #expect(records.count == 4)
            for record in records {
                let negatives = fixture.negatives(record)
                #expect(negatives.map { $0["kind"]?.string } == ["unhelpful", "unhelpful", "tn"])
                for negative in negatives.prefix(2) {
                    #expect(negative["text"]?.string?.hasPrefix("It is number") == true)
                    #expect(negative["text"]?.string?.hasSuffix(".") == true)
                    #expect(negative["finish"] == .string("eos"))
                    #expect(negative["seed"] == .integer(5))
                    guard case .integers(let ids)? = negative["ids"] else {
                        Issue.record("no ids")
                        continue
                    }
                    #expect(ids.count { $0 == 0 } == 1 && ids.last == 0)
                }
                let origin = record["negatives_from"]?["endpoint"]
                #expect(origin?["model"] == .string("gpt"))
                #expect(
                    origin?["template_sha256"] == .string(UnhelpfulNegatives.templateHash))
            }
            // What the generating model says of them is what `score` says.
            let scored = try fixture.run(
                "score", ["--model", "model", "-o", "scored.jsonl", "negatives.jsonl"])
            #expect(scored.status == 0)
            for (record, scored) in zip(records, try fixture.records("scored.jsonl")) {
                for (own, other) in zip(fixture.negatives(record), fixture.negatives(scored)) {
                    let values = try (
                        #require(own["logprob"]?.number), #require(other["logprob"]?.number)
                    )
                    #expect(abs(values.0 - values.1) < 1e-3)
                }
            }

            let bytes = try readFile(fixture.path("negatives.jsonl"))
            let again = try fixture.generate(server, arguments)
            #expect(again.status == 0)
            #expect(server.requests.count == 8)
            #expect(try readFile(fixture.path("negatives.jsonl")) == bytes)
            let offline = try fixture.generate(
                nil, arguments + ["--offline", "--base-url", server.base])
            #expect(offline.status == 0)
            #expect(try readFile(fixture.path("negatives.jsonl")) == bytes)
        }
    }

    @Test("one unhelpful answer a record trains the DPO baseline")
    func trains() throws {
        let server = try FaultServer { _ in .answer(ChatBody.reply("No idea.")) }
        defer { server.stop() }
        try UnhelpfulFixture.with { fixture throws in
            let generated = try fixture.generate(server, ["--kinds", "unhelpful:1"])
            #expect(generated.status == 0, "\(generated.standardError)")
            let trained = try fixture.train()
            #expect(trained.status == 0, "\(trained.standardError)")
        }
    }

    @Test(
        "too many failures: no output; few: a warning, and what is there is kept for the next run")
    func failures() throws {
        let isHealed = Mutex(false)
        let server = try FaultServer { request in
            if request.question.contains("bees"), !isHealed.withLock(\.self) {
                return .answer(ChatBody.reply(nil, finish: "content_filter"))
            }
            return .answer(ChatBody.reply("No idea.", finish: "length"))
        }
        defer { server.stop() }
        try UnhelpfulFixture.with { fixture throws in
            let first = try fixture.generate(server, ["--kinds", "unhelpful:1"])
            #expect(first.status == 70)
            #expect(first.standardError.contains("1 of 4 unhelpful answers failed"))
            #expect(!TestFile.exists(fixture.path("negatives.jsonl")))
            #expect(server.requests.count == 4)

            let tolerant = try fixture.generate(
                server, ["--kinds", "unhelpful:1", "--max-error-rate", "0.3"])
            #expect(tolerant.status == 0)
            #expect(tolerant.standardError.contains("dropped 1 unhelpful"))
            #expect(server.requests.count == 5)
            #expect(try fixture.records().map { fixture.negatives($0).count } == [1, 1, 1, 0])

            isHealed.withLock { $0 = true }
            #expect(try fixture.generate(server, ["--kinds", "unhelpful:1"]).status == 0)
            #expect(server.requests.count == 6)
            let negatives = try fixture.records().map { fixture.negatives($0) }
            #expect(negatives.map(\.count) == [1, 1, 1, 1])
            #expect(negatives.allSatisfy { $0[0]["finish"] == .string("length") })
        }
    }

    @Test("an answer equal to the response is dropped; a dry run asks nothing; flags need the kind")
    func small() throws {
        let server = try FaultServer { request in
            .answer(
                ChatBody.reply(
                    request.question.contains("colours") ? "Red, green and blue." : "Why?"))
        }
        defer { server.stop() }
        try UnhelpfulFixture.with { fixture throws in
            let dry = try fixture.generate(server, ["--kinds", "unhelpful:3", "--dry-run"])
            #expect(dry.status == 0)
            #expect(try JSONValue(parsing: dry.standardOutput)["calls"]?.count == 12)
            #expect(server.connections == 0)
            let result = try fixture.generate(server, ["--kinds", "unhelpful:1"])
            #expect(result.status == 0)
            #expect(try fixture.records().map { fixture.negatives($0).count } == [1, 1, 0, 1])
            let misplaced = try fixture.generate(server, ["--kinds", "tn:1"])
            #expect(misplaced.status == 64)
            #expect(misplaced.standardError.contains("--base-url belongs to --kinds unhelpful"))
        }
    }
}
