import ChatEndpoint
import Foundation
import Glibc
import StreamIO
import Synchronization
import TestSupport
import Testing

/// What is paid for once is not paid for again.
@Suite struct CacheTests {
    @Test("killed in the middle and run again: all calls together are those of one run")
    func killAndResume() throws {
        try Judging.with(records: 20) { judging throws in
            let undisturbed = try FaultServer { SyntheticJudge.answer($0) }
            defer { undisturbed.stop() }
            #expect(try judging.judge(undisturbed, ["--cache", "first.jsonl"]).status == 0)
            let expected = try readFile(judging.path("verdicts.jsonl"))
            #expect(undisturbed.requests.count == 40)
            FileTree.remove(judging.path("verdicts.jsonl"))
            FileTree.remove(judging.path("summary.json"))

            let pidFile = judging.path("pid")
            let server = try FaultServer { request in
                if request.number == 15, let pid = Judging.processID(in: pidFile) {
                    kill(pid, SIGKILL)
                    return .drop
                }
                return SyntheticJudge.answer(request)
            }
            defer { server.stop() }
            let killed = try judging.judgeWithID(server, ["--concurrency", "1"])
            #expect(killed.status == 128 + SIGKILL)
            #expect(!TestFile.exists(judging.path("verdicts.jsonl")))
            #expect(!TestFile.exists(judging.path("summary.json")))
            #expect(server.requests.count == 15)
            // One call at a time: all but the one under way were stored.
            #expect(try judging.stored() == 14)

            #expect(try judging.judge(server, ["--concurrency", "1"]).status == 0)
            #expect(server.requests.count == 15 + 26)
            #expect(try readFile(judging.path("verdicts.jsonl")) == expected)
        }
    }

    @Test(
        "killed at any question, run again: the verdicts of an undisturbed run, byte for byte",
        arguments: [1, 2, 3, 7, 11, 12])
    func killedAnywhere(at number: Int) throws {
        @Sendable func react(_ request: SeenRequest) -> Reaction {
            switch SyntheticJudge.record(request) {
            case 1: .answer(ChatBody.reply("<think>B</think>\n\nneither"))
            case 2: .answer(ChatBody.reply("A"))
            default: SyntheticJudge.answer(request)
            }
        }
        try Judging.with(records: 6) { judging throws in
            let options = ["--max-error-rate", "1"]
            let undisturbed = try FaultServer { react($0) }
            defer { undisturbed.stop() }
            #expect(try judging.judge(undisturbed, options + ["--cache", "other"]).status == 0)
            let expected = try readFile(judging.path("verdicts.jsonl"))
            let pidFile = judging.path("pid")
            let server = try FaultServer { request in
                guard request.number == number, let pid = Judging.processID(in: pidFile) else {
                    return react(request)
                }
                kill(pid, SIGKILL)
                return .drop
            }
            defer { server.stop() }
            let killed = try judging.judgeWithID(server, options + ["--concurrency", "3"])
            #expect(killed.status == 128 + SIGKILL)
            // What an earlier run wrote stays whole.
            #expect(try readFile(judging.path("verdicts.jsonl")) == expected)
            FileTree.remove(judging.path("verdicts.jsonl"))
            #expect(try judging.judge(server, options).status == 0)
            #expect(try readFile(judging.path("verdicts.jsonl")) == expected)
        }
    }

    @Test("the last line may be torn anywhere; only what it held is asked again")
    func tornLine() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with(records: 2) { judging throws in
            #expect(try judging.judge(server).status == 0)
            let cache = judging.path("verdicts.jsonl.calls.jsonl")
            let whole = try readFile(cache)
            let last = whole.dropLast().lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            var expected = 4
            for length in [last + 1, last + 20, (last + whole.count) / 2, whole.count - 2] {
                try writeFile(cache, Array(whole[..<length]))
                let result = try judging.judge(server)
                #expect(result.status == 0)
                #expect(result.standardError.contains("cut short"))
                expected += 1
                #expect(server.requests.count == expected, "cut at \(length)")
                #expect(try judging.stored() == 4)
            }
            // A machine that lost its power leaves zeros.
            try writeFile(cache, Array(whole[..<last]) + [UInt8](repeating: 0, count: 300))
            #expect(try judging.judge(server).status == 0)
            expected += 1
            #expect(server.requests.count == expected)
            // Nothing but the newline is missing.
            try writeFile(cache, Array(whole.dropLast()))
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == expected)
            #expect(try readFile(cache) == whole)
        }
    }

    @Test(
        "a file that is no cache is refused and left alone",
        arguments: ["hello", "hello\n", "{}\n{}\n"])
    func foreignFile(content: String) throws {
        try Judging.with { judging throws in
            let server = try FaultServer { SyntheticJudge.answer($0) }
            defer { server.stop() }
            try writeFile(judging.path("mine.txt"), content)
            let result = try judging.judge(server, ["--cache", "mine.txt"])
            #expect(result.status == 65)
            #expect(result.standardError.contains("mine.txt:1"))
            #expect(try readFile(judging.path("mine.txt")) == Array(content.utf8))
            #expect(server.requests.isEmpty)
        }
    }

    @Test("two runs do not write to one cache")
    func lock() throws {
        try Judging.with { judging throws in
            let cache = try ReplyCache(path: judging.path("cache.jsonl"), isReadOnly: false)
            let server = try FaultServer { SyntheticJudge.answer($0) }
            defer { server.stop() }
            let result = try judging.judge(server, ["--cache", "cache.jsonl"])
            #expect(result.status == 73)
            #expect(server.requests.isEmpty)
            #expect(cache.count == 0)
        }
    }

    @Test("--offline needs neither server nor key, and gives the same verdicts to the byte")
    func offline() throws {
        let server = try FaultServer { request in
            SyntheticJudge.record(request) == 1
                ? .answer(ChatBody.reply("neither")) : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: 10) { judging throws in
            let key = ["JUDGE_KEY": Judging.key]
            #expect(
                try judging.judge(server, ["--api-key-env", "JUDGE_KEY"], environment: key).status
                    == 0)
            let first = try judging.verdicts()
            let asked = server.requests.count
            // Compressed, as one would publish it.
            let compressed = try ToolRunner.run(
                "/bin/sh", ["-c", "zstd -q -o published.zst verdicts.jsonl.calls.jsonl"],
                directory: judging.directory)
            #expect(compressed.status == 0)
            for cache in ["verdicts.jsonl.calls.jsonl", "published.zst"] {
                let before = try readFile(judging.path(cache))
                let result = try judging.judge(
                    server,
                    ["--offline", "--cache", cache, "--api-key-env", "NO_SUCH_VARIABLE"])
                #expect(result.status == 0, "\(result.standardError)")
                let again = try judging.verdicts()
                for (index, pair) in zip(first, again).enumerated() where index != 1 {
                    #expect(pair.0 == pair.1)
                }
                // What had no verdict is not stored, and is no tie now either.
                #expect(again[1]["winner"] == .string("error"))
                #expect(try readFile(judging.path(cache)) == before)
            }
            #expect(server.requests.count == asked)
            let nothing = try judging.judge(server, ["--offline", "--cache", "absent.jsonl"])
            #expect(nothing.status == 66)
        }
    }

    @Test("--dry-run asks nothing, needs no key and leaves nothing behind")
    func dryRun() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with(records: 3) { judging throws in
            let prices = ["--dry-run", "--input-price", "2", "--output-price", "8"]
            let first = try judging.judge(
                server, prices + ["--max-tokens", "100", "--api-key-env", "NO_SUCH_VARIABLE"])
            #expect(first.status == 0)
            #expect(server.connections == 0)
            #expect(namesInDirectory(judging.directory) == ["outputs.jsonl"])
            let estimate = try JSONValue(parsing: first.standardOutput)
            #expect(estimate["calls"]?.count == 6)
            #expect(estimate["completion_tokens_at_most"]?.count == 600)
            let tokens = try #require(estimate["prompt_tokens_about"]?.count)
            #expect((200...400).contains(tokens))
            let most = try #require(estimate["cost_usd_at_most"]?.number)
            #expect(abs(most - (Double(tokens) * 2 + 600 * 8) / 1e6) < 1e-12)
            #expect(first.standardError.contains("6 calls, 0 answers stored"))

            #expect(try judging.judge(server).status == 0)
            let second = try JSONValue(
                parsing: try judging.judge(server, prices).standardOutput)
            #expect(second["calls"]?.count == 0)
            #expect(second["stored"]?.count == 6)
            #expect(server.requests.count == 6)
        }
    }

    @Test("equal questions are asked once")
    func equalQuestions() throws {
        let server = try FaultServer { _ in .answer(ChatBody.reply("A")) }
        defer { server.stop() }
        try Judging.with(records: 1) { judging throws in
            let record = #"{"id":"ID","instruction":"same","output":"one","response":"one"}"#
            let records = (0..<5).map { record.replacing("ID", with: "r\($0)") }
            try writeFile(judging.path("outputs.jsonl"), records.joined(separator: "\n"))
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == 1)
            #expect(try judging.winners() == Array(repeating: "tie", count: 5))
        }
    }

    @Test("what changes the answer changes its name: model, seed, temperature, template, server")
    func keys() throws {
        let address = try EndpointAddress(parsing: "https://Host.example/v1/")
        let request = ChatRequest(
            model: "m", text: "t", maxTokens: 5, temperature: 0, seed: 1, templateHash: "h")
        var changed: [ChatRequest] = Array(repeating: request, count: 8)
        changed[0].model = "n"
        changed[1].text = "u"
        changed[2].maxTokens = 6
        changed[3].temperature = 1
        changed[4].seed = 2
        changed[5].topLogProbabilities = 5
        changed[6].templateHash = "i"
        changed[7].repetition = 1
        var keys = try Set(changed.map { try $0.key(for: address) })
        keys.insert(try request.key(for: address))
        keys.insert(try request.key(for: EndpointAddress(parsing: "https://other.example/v1")))
        #expect(keys.count == 10)
        // Computed apart: stored answers must be found by later versions too.
        let canonical =
            #"{"endpoint":"host.example/v1","repetition":0,"request":{"max_completion_tokens":5,"#
            + #""messages":[{"content":"t","role":"user"}],"model":"m","seed":1,"temperature":0.0},"#
            + #""template":"h"}"#
        #expect(try request.key(for: address) == SHA256Digest.hex(of: canonical.utf8))
        var noted = request
        noted.origin = ["id": .string("7")]
        #expect(try noted.key(for: address) == request.key(for: address))
    }
}
