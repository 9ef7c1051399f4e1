import ChatEndpoint
import Foundation
import Locks
import StreamIO
import TestSupport
import Testing

/// The network's bad weather: what passes is waited for, what does not ends the item or the run.
@Suite struct FaultTests {
    @Test("what fails for the time being is asked again, and nothing is lost or counted twice")
    func passingFaults() throws {
        let honest = ChatBody.reply("A")
        let faults: [Reaction] = [
            .answer(ChatBody.error("slow down"), status: 429, headers: ["Retry-After: 0.05"]),
            .answer(ChatBody.error("oops"), status: 500, headers: ["retry-after-ms: 20"]),
            .answer(Array("<html>bad gateway".utf8), status: 502),
            .answer(ChatBody.error("conflict"), status: 409, headers: ["retry-after-ms: 20"]),
            .answer(ChatBody.error("try me"), status: 418, headers: ["x-should-retry: true"]),
            .answer(ChatBody.error("overloaded behind the proxy", code: .integer(503))),
            .answer(Array(honest.prefix(40))), .cut(honest), .drop, .reset, .garbage,
            .stall(seconds: 30), .answer(Array("{}".utf8)),
        ]
        let server = try FaultServer { request in
            // The first request is the probe; then each fault comes once, in between answers.
            let turn = request.number - 2
            return turn >= 0 && turn % 2 == 0 && turn / 2 < faults.count
                ? faults[turn / 2] : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: 12) { judging throws in
            let result = try judging.judge(server, ["--timeout", "2", "--concurrency", "2"])
            #expect(result.status == 0, "\(result.standardError)")
            #expect(try judging.winners() == Array(repeating: "a", count: 12))
            // A machine that stands still for two seconds adds to them.
            #expect(server.requests.count >= 24 + faults.count)
            #expect(try judging.stored() == 24)
            let asked = try judging.summary()["endpoint"]
            #expect(asked?["requests"]?.count ?? 0 >= server.requests.count)
            #expect(asked?["answered"]?.count == 24)
            #expect(asked?["failed"]?.count == 0)
        }
    }

    @Test(
        "what concerns all ends the run after one request, with the server's words and no output",
        arguments: [
            (401, "invalid_api_key", "Incorrect key"), (403, "forbidden", "not for you"),
            (404, "model_not_found", "no model named judge"),
            (429, "insufficient_quota", "you exceeded your quota"), (400, "bad", "no messages"),
            (413, "large", "too large"),
        ])
    func refusals(status: Int, code: String, message: String) throws {
        let server = try FaultServer { _ in
            .answer(ChatBody.error(message, code: .string(code)), status: status)
        }
        defer { server.stop() }
        try Judging.with { judging throws in
            let result = try judging.judge(server)
            #expect(result.status == 74)
            #expect(result.standardError.contains("\(status) \(message)"))
            #expect(result.standardError.contains("hint: "))
            #expect(server.requests.count == 1)
            #expect(!TestFile.exists(judging.path("verdicts.jsonl")))
            #expect(!TestFile.exists(judging.path("summary.json")))
        }
    }

    @Test("a redirect is not followed: the key would go with it")
    func redirect() throws {
        let thief = try FaultServer { SyntheticJudge.answer($0) }
        defer { thief.stop() }
        let target = thief.base + "/chat/completions"
        for status in [301, 307] {
            let server = try FaultServer { _ in
                .answer([], status: status, headers: ["Location: \(target)"])
            }
            defer { server.stop() }
            try Judging.with { judging throws in
                let result = try judging.judge(
                    server, environment: ["OPENAI_API_KEY": Judging.key])
                #expect(result.status == 74)
                #expect(result.standardError.contains("redirects to \(target)"))
            }
        }
        #expect(thief.connections == 0)
    }

    @Test("a server that cannot be reached ends the run")
    func unreachable() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        server.stop()
        try Judging.with { judging throws in
            let result = try judging.judge(server, ["--retries", "1"])
            #expect(result.status == 74)
            #expect(
                result.standardError.contains("no connection to the host, after 2 attempts"))
        }
    }

    @Test("one refused question is an error of its record, in the headline and never a tie")
    func refusedItem() throws {
        let isHealed = Mutex(false)
        let server = try FaultServer { request in
            SyntheticJudge.record(request) == 2 && !isHealed.withLock(\.self)
                ? .answer(ChatBody.error("context length exceeded"), status: 400)
                : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: 10) { judging throws in
            let result = try judging.judge(server)
            #expect(result.status == 0)
            #expect(result.standardError.contains("9 wins, 0 losses, 0 ties, 1 errors"))
            #expect(result.standardError.contains("400 context length exceeded"))
            #expect(try judging.winners()[2] == "error")
            #expect(try judging.summary()["errors"]?.count == 1)
            #expect(try judging.summary()["win_rate"]?.number == 1)
            #expect(server.requests.count == 20)

            // Failures are not kept: the same command asks for them again, and only for them.
            let strict = try judging.judge(server, ["--max-error-rate", "0.05"])
            #expect(strict.status == 70)
            #expect(server.requests.count == 22)
            isHealed.withLock { $0 = true }
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == 24)
            #expect(try judging.winners() == Array(repeating: "a", count: 10))
        }
    }

    @Test("a pause longer than two minutes is not waited for")
    func longPause() throws {
        let server = try FaultServer { request in
            SyntheticJudge.record(request) == 3
                ? .answer(
                    ChatBody.error("come back later"), status: 429, headers: ["Retry-After: 600"])
                : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: 4) { judging throws in
            // One call at once: the pause of an overloaded server holds all others back.
            let result = try judging.judge(
                server, ["--concurrency", "1", "--max-error-rate", "1", "--patience", "30"])
            #expect(server.requests.count { SyntheticJudge.record($0) == 3 } == 2)
            #expect(try judging.winners()[3] == "error")
            #expect(result.standardError.contains("pause of 600"))
        }
    }

    @Test("when the server goes away the run stops, and goes on where it stopped")
    func serverGoesAway() throws {
        let isGone = Mutex(true)
        let server = try FaultServer { request in
            request.number > 6 && isGone.withLock(\.self)
                ? .answer(ChatBody.error("gone"), status: 503) : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: 40) { judging throws in
            let result = try judging.judge(server, ["--concurrency", "2", "--retries", "0"])
            #expect(result.status == 74)
            #expect(result.standardError.contains("8 calls in a row failed"))
            #expect(result.standardError.contains("verdicts.jsonl.calls.jsonl"))
            #expect(server.requests.count < 80)
            #expect(try judging.stored() == 6)
            #expect(!TestFile.exists(judging.path("verdicts.jsonl")))
            isGone.withLock { $0 = false }
            let before = server.requests.count
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == before + 74)
            #expect(try judging.winners() == Array(repeating: "a", count: 40))
        }
    }

    @Test(
        "a length field that the server does not know is exchanged once, which is no failure",
        arguments: [400, 422])
    func lengthField(status: Int) throws {
        let server = try FaultServer { request in
            request.json["max_completion_tokens"] != nil
                ? .answer(
                    ChatBody.error("Unrecognized request argument: max_completion_tokens"),
                    status: status) : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with { judging throws in
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == 9)
            #expect(server.requests.dropFirst().allSatisfy { $0.json["max_tokens"]?.count == 512 })
            let asked = try judging.summary()["endpoint"]
            #expect(asked?["departures"] == .array([.string("max_tokens")]))
            #expect(asked?["failed"]?.count == 0)

            // The answer's name in the cache does not depend on the spelling.
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == 9)
            let fixed = try judging.judge(
                server, ["--max-tokens-field", "max_completion_tokens", "--cache", "other"])
            #expect(fixed.status == 74)
            #expect(server.requests.count == 10)
        }
    }

    @Test("fields that reasoning models refuse are left out, and the results say so")
    func refusedTemperature() throws {
        let server = try FaultServer { request in
            for field in ["temperature", "seed"] where request.json[field] != nil {
                return .answer(
                    ChatBody.error("Unsupported value", parameter: field), status: 400)
            }
            return SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with { judging throws in
            #expect(try judging.judge(server).status == 0)
            #expect(server.requests.count == 10)
            #expect(
                try judging.summary()["endpoint"]?["departures"]
                    == .array([.string("no seed"), .string("no temperature")]))
        }
    }

    @Test("calls run side by side, as many as asked for, and fewer when it is too much")
    func concurrency() throws {
        let server = try FaultServer { request in
            .late(ChatBody.reply(SyntheticJudge.honest(request)), seconds: 0.05)
        }
        defer { server.stop() }
        try Judging.with(records: 12) { judging throws in
            #expect(try judging.judge(server, ["--concurrency", "3"]).status == 0)
            #expect(server.mostAtOnce == 3)
        }
        let single = try FaultServer { request in
            // From the second request on, one at a time is what it takes.
            request.number == 2
                ? .answer(ChatBody.error("slow"), status: 429, headers: ["retry-after-ms: 400"])
                : .late(ChatBody.reply(SyntheticJudge.honest(request)), seconds: 0.02)
        }
        defer { single.stop() }
        try Judging.with(records: 3) { judging throws in
            let result = try judging.judge(
                single, environment: ["OPENAI_MAX_CONCURRENCY": "2"])
            #expect(result.status == 0)
            #expect(single.mostAtOnce <= 2)
        }
    }

    @Test("calls a minute are limited")
    func rate() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with(records: 3) { judging throws in
            let start = ContinuousClock.now
            #expect(try judging.judge(server, ["--rpm", "600"]).status == 0)
            // Six calls are five intervals of a tenth of a second apart; slowness only adds to that.
            #expect(ContinuousClock.now - start >= .milliseconds(500))
        }
    }

    @Test("a proxy of the environment is not for this machine")
    func environmentProxy() throws {
        let proxy = try FaultServer { _ in .drop }
        defer { proxy.stop() }
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with { judging throws in
            let result = try judging.judge(
                server, environment: ["http_proxy": "http://127.0.0.1:\(proxy.port)"])
            #expect(result.status == 0)
            #expect(proxy.connections == 0)
        }
    }

    @Test("HTTPS_PROXY is gone through, without the key in the clear, and NO_PROXY heeded")
    func secureProxy() throws {
        let proxy = try FaultServer { _ in .answer([], status: 403) }
        defer { proxy.stop() }
        let arguments = ["--base-url", "https://judge.invalid/v1", "--retries", "0"]
        var environment = [
            "HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)", "https_proxy": "",
            "OPENAI_API_KEY": Judging.key,
        ]
        try Judging.with { judging throws in
            let result = try judging.judge(nil, arguments, environment: environment)
            #expect(result.status == 74)
            let request = try #require(proxy.requests.first)
            #expect(request.path == "judge.invalid:443")
            #expect(request.headers["authorization"] == nil)
            let connections = proxy.connections
            environment["NO_PROXY"] = "judge.invalid"
            #expect(try judging.judge(nil, arguments, environment: environment).status == 74)
            #expect(proxy.connections == connections)
        }
    }
}
