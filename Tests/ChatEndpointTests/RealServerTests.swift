import ChatEndpoint
import Foundation
import Glibc
import StreamIO
import TestSupport
import Testing

/// The client against llama.cpp, with the bad weather in between.
@Suite(
    .enabled(if: ChatServer.isPresent, "needs CPO_CHAT_SERVER and CPO_SMOLLM2_GGUF"), .serialized)
struct RealServerTests {
    private static let slow = ["--timeout", "300", "--patience", "900"]

    @Test("probabilities of a real model, through faults, and again from the cache")
    func logProbabilities() throws {
        let faults: [Int: Reaction] = [
            2: .drop,
            3: .answer(ChatBody.error("slow"), status: 429, headers: ["retry-after-ms: 9"]),
            5: .reset, 7: .answer(ChatBody.error("oops"), status: 503),
            8: .answer(ChatBody.error("no"), status: 400),
        ]
        let server = try FaultServer(upstream: ChatServer.port()) { request in
            faults[request.number] ?? .forward
        }
        defer { server.stop() }
        try Judging.with(records: 6) { judging throws in
            let arguments = Self.slow + ["--verdict", "logprobs", "--max-error-rate", "0.2"]
            let result = try judging.judge(server, arguments)
            #expect(result.status == 0, "\(result.standardError)")
            let verdicts = try judging.verdicts()
            var orders: [JSONValue] = []
            for verdict in verdicts {
                guard case .array(let both)? = verdict["orders"] else { continue }
                orders += both
            }
            let probabilities = orders.compactMap { $0["p_a"]?.number }
            // One question was refused.
            #expect(probabilities.count == 11)
            // A letter that is not among the most probable tokens counts as impossible.
            #expect(probabilities.allSatisfy { (0...1).contains($0) })
            let asked = try judging.summary()["endpoint"]
            #expect(try #require(asked?["prompt_tokens"]?.count) > 11 * 40)
            #expect(try #require(asked?["completion_tokens"]?.count) <= 11 * 4)
            #expect(asked?["departures"] == .array([]))
            #expect(server.requests.count == 12 + 4)

            let offline = try judging.judge(server, arguments + ["--offline"])
            #expect(offline.status == 0)
            #expect(server.requests.count == 12 + 4)
            let again = try judging.verdicts()
            #expect(zip(verdicts, again).count { $0 == $1 } >= 5)
        }
    }

    @Test("text of a real model: a verdict or an error that keeps it, never longer than asked")
    func text() throws {
        let server = try FaultServer(upstream: ChatServer.port()) { _ in .forward }
        defer { server.stop() }
        try Judging.with(records: 3) { judging throws in
            let result = try judging.judge(
                server, Self.slow + ["--max-tokens", "6", "--max-error-rate", "1"])
            #expect(result.status == 0, "\(result.standardError)")
            #expect(server.requests.count == 6)
            for verdict in try judging.verdicts() {
                guard case .array(let orders)? = verdict["orders"] else { continue }
                #expect(orders.allSatisfy { $0["text"]?.string != nil })
                #expect(orders.allSatisfy { ($0["answer"] == .null) == ($0["error"] != nil) })
            }
            let tokens = try judging.summary()["endpoint"]?["completion_tokens"]?.count
            #expect(try #require(tokens) <= 36)
        }
    }

    @Test("killed in the middle and run again: every question is paid for once")
    func killAndResume() throws {
        try Judging.with(records: 5) { judging throws in
            let pidFile = judging.path("pid")
            let server = try FaultServer(upstream: ChatServer.port()) { request in
                guard request.number == 4, let pid = Judging.processID(in: pidFile) else {
                    return .forward
                }
                kill(pid, SIGKILL)
                return .drop
            }
            defer { server.stop() }
            let options = Self.slow + ["--verdict", "logprobs", "--concurrency", "1"]
            #expect(try judging.judgeWithID(server, options).status == 128 + SIGKILL)
            #expect(try judging.stored() == 3)
            #expect(try judging.judge(server, options).status == 0)
            #expect(server.requests.count == 11)
            #expect(try judging.stored() == 10)
        }
    }

    @Test("unhelpful answers of a real model become negatives that train-cpo takes")
    func unhelpful() throws {
        let server = try FaultServer(upstream: ChatServer.port()) { _ in .forward }
        defer { server.stop() }
        try UnhelpfulFixture.with { fixture throws in
            let result = try fixture.generate(
                server, Self.slow + ["--kinds", "unhelpful:1", "--max-new-tokens", "24"])
            #expect(result.status == 0, "\(result.standardError)")
            let records = try fixture.records()
            #expect(records.count == 4)
            #expect(
                records.allSatisfy { record in
                    guard case .array(let negatives)? = record["negatives"] else { return false }
                    return negatives.count == 1 && negatives[0]["kind"] == .string("unhelpful")
                })
            let trained = try fixture.train()
            #expect(trained.status == 0, "\(trained.standardError)")
        }
    }
}
