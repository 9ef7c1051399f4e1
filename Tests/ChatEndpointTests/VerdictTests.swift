import Foundation
import Kernels
import StreamIO
import TestSupport
import Testing

/// What the judge says, and what comes of it.
@Suite struct VerdictTests {
    @Test("the paper's template goes out byte for byte, in both orders, with the usual settings")
    func request() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with(records: 1) { judging throws in
            #expect(try judging.judge(server, ["--seed", "7"]).status == 0)
            let first = try #require(server.requests.first { SyntheticJudge.showsOutputFirst($0) })
            #expect(
                first.question
                    == "For the following query to a chatbot, which response is more helpful?\n"
                    + " Query: question 0\n Response A: good 0\n Response B: bad 0\n"
                    + " State only \"A\" or \"B\" to indicate which response is more helpful.\n"
                    + " More helpful:")
            #expect(server.requests.count { $0.question.contains("Response B: good 0") } == 1)
            guard case .object(let fields) = first.json else { throw NotAnObject() }
            #expect(
                Set(fields.keys)
                    == ["max_completion_tokens", "messages", "model", "seed", "temperature"])
            #expect(fields["model"] == .string("judge"))
            #expect(fields["seed"] == .integer(7))
            #expect(fields["temperature"]?.number == 0)
            #expect(first.json["messages"] != nil)
        }
    }

    struct NotAnObject: Error {}

    @Test("verdicts, summary and cache hold what the contract says")
    func fields() throws {
        let server = try FaultServer { request in
            switch SyntheticJudge.record(request) {
            case 0: SyntheticJudge.answer(request)
            case 1: .answer(ChatBody.reply("A"))
            case 2: .answer(ChatBody.reply(SyntheticJudge.honest(request) == "A" ? "B" : "A"))
            default: .answer(ChatBody.reply("I cannot say"))
            }
        }
        defer { server.stop() }
        try Judging.with(records: 4) { judging throws in
            let arguments = [
                "--max-error-rate", "0.25", "--input-price", "1", "--output-price", "2",
            ]
            let result = try judging.judge(server, arguments)
            #expect(result.status == 0)
            #expect(try judging.winners() == ["a", "tie", "b", "error"])
            let verdicts = try judging.verdicts()
            #expect(
                try judging.verdicts()[0]["orders"]
                    == JSONValue(
                        parsing: Array(
                            #"[{"first":"a","answer":"A","p_a":null,"text":"A"},{"first":"b","answer":"B","p_a":null,"text":"B"}]"#
                                .utf8)))
            guard case .array(let failed)? = verdicts[3]["orders"] else { throw NotAnObject() }
            #expect(failed[0]["answer"] == .null)
            #expect(failed[0]["text"] == .string("I cannot say"))
            #expect(failed[0]["error"]?.string?.contains("neither") == true)

            let summary = try judging.summary()
            for (name, count) in [("wins", 1), ("losses", 1), ("ties", 1), ("errors", 1)] {
                #expect(summary[name]?.count == count)
            }
            #expect(summary["win_rate"]?.number == 0.5)
            #expect(summary["judge"] == .string("endpoint"))
            #expect(summary["judge_model"] == .string("judge"))
            #expect(summary["order"] == .string("both"))
            #expect(
                summary["template_sha256"]
                    == .string("5159624b1ff4ea407cee1924e0b1608494b2e474382d3a188da833f68602a1e8"))
            let asked = summary["endpoint"]
            #expect(asked?["base_url"] == .string(server.base))
            #expect(asked?["models"] == .array([.string("judge-2026-01-01")]))
            #expect(asked?["system_fingerprints"] == .array([.string("fp_1")]))
            #expect(asked?["prompt_tokens"]?.count == 80)
            #expect(asked?["completion_tokens"]?.count == 8)
            #expect(asked?["cost_usd"]?.number == 96e-6)

            let entry = try #require(
                judging.lines("verdicts.jsonl.calls.jsonl").first {
                    $0["origin"]?["id"] == .string("r2")
                })
            #expect(entry["origin"]?["a_sha256"]?.string == SHA256Digest.hex(of: "good 2".utf8))
            #expect(entry["origin"]?["b_sha256"]?.string == SHA256Digest.hex(of: "bad 2".utf8))
            #expect(entry["status"]?.count == 200)
            #expect(entry["response"]?["model"] == .string("judge-2026-01-01"))
            #expect(try judging.stored() == 6)
        }
    }

    @Test(
        "answers that are no verdict are errors that keep their text",
        arguments: [
            (ChatBody.reply("A or B"), "both"), (ChatBody.reply("A", finish: "length"), "length"),
            (ChatBody.reply("A", finish: "content_filter"), "filtered"),
            (ChatBody.reply(nil), "no text"), (ChatBody.reply(""), "neither"),
            (ChatBody.reply("[[A]] [[B]]"), "both"),
        ])
    func noVerdict(body: [UInt8], reason: String) throws {
        let server = try FaultServer { _ in .answer(body) }
        defer { server.stop() }
        try Judging.with(records: 1) { judging throws in
            let result = try judging.judge(server)
            #expect(result.status == 70)
            #expect(result.standardError.contains("0 ties, 1 errors"))
            #expect(try judging.winners() == ["error"])
            #expect(result.standardError.contains(reason))
            #expect(try judging.stored() == 0)
        }
    }

    @Test("probabilities: spellings are added up, positions undone, what is missing has none")
    func logProbabilities() throws {
        let server = try FaultServer { request in
            let good = SyntheticJudge.honest(request)
            let bad = good == "A" ? "B" : "A"
            switch SyntheticJudge.record(request) {
            case 0:
                // 0.3 + 0.3 for the good one in two spellings, 0.2 for the other.
                return .answer(
                    ChatBody.reply(
                        bad, finish: "length",
                        tokens: [[(" " + good, log(0.3)), (good, log(0.3)), (bad, log(0.2))]]))
            case 1:
                // A quotation mark comes first and decides nothing.
                return .answer(
                    ChatBody.reply(
                        "\"\(good)", finish: "length",
                        tokens: [
                            [("\"", -0.1), (bad, -3)], [(good, log(0.6)), (bad, log(0.4))],
                        ]))
            case 2:
                return .answer(
                    ChatBody.reply(good, tokens: [[(good, -0.1), (bad, -9999)]]))
            default:
                return .answer(ChatBody.reply("Both", tokens: [[("Both", -0.1), ("Yes", -2)]]))
            }
        }
        defer { server.stop() }
        try Judging.with(records: 4) { judging throws in
            let result = try judging.judge(
                server, ["--verdict", "logprobs", "--max-error-rate", "0.5"])
            #expect(result.status == 0, "\(result.standardError)")
            #expect(try judging.winners() == ["a", "a", "a", "error"])
            for (number, expected) in [0.75, 0.6, 1].enumerated() {
                guard case .array(let orders)? = try judging.verdicts()[number]["orders"] else {
                    throw NotAnObject()
                }
                for order in orders {
                    let value = try #require(order["p_a"]?.number)
                    #expect(abs(value - expected) < 1e-12)
                }
            }
            let request = try #require(server.requests.first)
            #expect(request.json["logprobs"] == .bool(true))
            #expect(request.json["top_logprobs"]?.count == 20)
        }
    }

    @Test("a server without log-probabilities is found out by the first call")
    func noLogProbabilities() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with { judging throws in
            let result = try judging.judge(server, ["--verdict", "logprobs"])
            #expect(result.status == 74)
            #expect(result.standardError.contains("without log-probabilities"))
            #expect(result.standardError.contains("hint: --verdict text"))
            #expect(server.requests.count == 1)
        }
    }

    @Test("a server that allows fewer alternatives gets asked for fewer")
    func fewerAlternatives() throws {
        let server = try FaultServer { request in
            let letter = SyntheticJudge.honest(request)
            return (request.json["top_logprobs"]?.count ?? 0) > 5
                ? .answer(ChatBody.error("top_logprobs must be at most 5"), status: 400)
                : .answer(ChatBody.reply(letter, tokens: [[(letter, -0.1)]]))
        }
        defer { server.stop() }
        try Judging.with(records: 1) { judging throws in
            #expect(try judging.judge(server, ["--verdict", "logprobs"]).status == 0)
            #expect(server.requests.count == 3)
            #expect(try judging.winners() == ["a"])
        }
    }

    @Test(
        "position bias: 60 records, 12 of them always answered with the first letter, 6 with the second",
        arguments: ["both", "fixed", "random"])
    func positionBias(order: String) throws {
        let server = try FaultServer { request in
            let record = SyntheticJudge.record(request)
            let honest = record % 3 == 0 ? "B" : "A"  // b is better in every third
            let isOutputFirst = SyntheticJudge.showsOutputFirst(request)
            let letter =
                record < 12
                ? "A" : record < 18 ? "B" : isOutputFirst ? honest : honest == "A" ? "B" : "A"
            return .answer(ChatBody.reply(letter))
        }
        defer { server.stop() }
        try Judging.with(records: 60) { judging throws in
            #expect(try judging.judge(server, ["--order", order, "--seed", "3"]).status == 0)
            let summary = try judging.summary()
            let verdicts = try judging.verdicts()
            // Of the 42 others, 14 are b's.
            switch order {
            case "both":
                #expect(server.requests.count == 120)
                #expect(summary["ties"]?.count == 18)
                #expect(summary["wins"]?.count == 28)
                #expect(summary["losses"]?.count == 14)
                #expect(summary["consistency"]?.number == 42.0 / 60)
                // Honest answers are half A in both orders together: 42 + 24 of 120.
                #expect(summary["first_position_rate"]?.number == 66.0 / 120)
                #expect(summary["win_rate"]?.number == (28 + 9) / 60.0)
            case "fixed":
                // The bias goes to the side that is always first.
                #expect(server.requests.count == 60)
                #expect(summary["wins"]?.count == 12 + 28)
                #expect(summary["losses"]?.count == 6 + 14)
                #expect(summary["consistency"] == .null)
                #expect(summary["first_position_rate"]?.number == 40.0 / 60)
            default:
                #expect(server.requests.count == 60)
                let first = verdicts.map { verdict -> String in
                    guard case .array(let orders)? = verdict["orders"] else { return "" }
                    return orders.first?["first"]?.string ?? ""
                }
                // Drawn from seed and id alone, so that it can be drawn again.
                for (number, side) in first.enumerated() {
                    var random = RandomStream(seed: 3, name: "order", "r\(number)")
                    #expect(side == (random.integer(below: 2) == 0 ? "a" : "b"))
                }
                let biased = (0..<18).count { (first[$0] == "a") == ($0 < 12) }
                #expect(summary["wins"]?.count == biased + 28)
                #expect(summary["ties"]?.count == 0)
            }
        }
    }
}
