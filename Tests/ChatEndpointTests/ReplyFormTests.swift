import Foundation
import StreamIO
import TestSupport
import Testing

/// What servers and gateways send in place of a plain chat completion.
@Suite struct ReplyFormTests {
    /// The verdict on one record shown in a single order, and the reason if there is none.
    private func verdict(
        on reply: String, _ arguments: [String] = []
    ) throws -> (winner: String, reason: String, text: String?) {
        let server = try FaultServer { request in
            SyntheticJudge.record(request) == 0
                ? .answer(Array(reply.utf8)) : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        return try Judging.with(records: 3) { judging throws in
            // A pace of one keeps the first question, the probe, to another record.
            let records = try judging.lines("outputs.jsonl").map { record -> String in
                let text = String(decoding: try record.serialized(), as: UTF8.self)
                return record["id"]?.string == "r0"
                    ? text.replacing("good 0", with: "good and longer than the others") : text
            }
            try writeFile(judging.path("outputs.jsonl"), records.joined(separator: "\n") + "\n")
            let result = try judging.judge(
                server, ["--order", "fixed", "--max-error-rate", "1", "--retries", "0"] + arguments)
            #expect(result.status == 0, "\(result.standardError)")
            let order: JSONValue? =
                if case .array(let orders)? = try judging.verdicts()[0]["orders"] {
                    orders.first
                } else { nil }
            return (
                try judging.winners()[0], order?["error"]?.string ?? "", order?["text"]?.string
            )
        }
    }

    private static func choice(_ message: String, finish: String = "\"stop\"") -> String {
        #"{"choices":[{"index":0,"finish_reason":\#(finish),"message":{"role":"assistant",\#(message)}}]}"#
    }

    @Test(
        "content in all its forms",
        arguments: [
            choice(#""content":"B""#), choice(#""content":[{"type":"text","text":"B"}]"#),
            choice(
                #""content":[{"type":"thinking","thinking":"A is good"},{"type":"text","text":"B"}]"#
            ),
            choice(
                #""content":[{"type":"reasoning","text":"A"},{"type":"output_text","text":"B"}]"#),
            choice(
                #""content":[{"type":"thinking","thinking":[{"type":"text","text":"A"}]},{"type":"text","text":"B"}]"#
            ),
            choice(#""content":["Answer: ","B"]"#),
            choice(#""content":[{"type":"text","text":{"value":"B","annotations":[]}}]"#),
            choice(#""content":"B","reasoning_content":"A is good. Answer: A""#),
            choice(#""content":"B","reasoning":"Answer: A","refusal":null,"tool_calls":null"#),
            choice(#""content":"B","refusal":"""#), choice(#""content":"B""#, finish: "null"),
            choice(#""content":"<think>A is good</think>B""#),
            "\u{FEFF}" + choice(#""content":"B""#),
            #"{"error":null,"# + choice(#""content":"B""#).dropFirst(),
            #"{"error":{},"# + choice(#""content":"B""#).dropFirst(),
            // The Responses interface, and that of Messages.
            #"{"object":"response","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"A"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"B"}]}]}"#,
            #"{"type":"message","role":"assistant","stop_reason":"end_turn","content":[{"type":"thinking","thinking":"A"},{"type":"text","text":"B"}]}"#,
        ])
    func content(reply: String) throws {
        let result = try verdict(on: reply)
        #expect(result.winner == "b", "\(reply): \(result.reason)")
    }

    @Test(
        "answers without one say why",
        arguments: [
            (choice(#""content":null,"tool_calls":[{"type":"function"}]"#), "no text"),
            (choice(#""content":[]"#), "no text"),
            (choice(#""content":[{"type":"thinking","thinking":"B"}]"#), "no text"),
            (choice(#""content":null,"refusal":"I will not say B""#), "declines: I will not"),
            (choice(#""content":[{"type":"refusal","refusal":"not for me"}]"#), "declines: not"),
            (choice(#""content":null,"reasoning_content":"B""#), "no text"),
            (#"{"choices":[]}"#, "no choices[0].message"),
            (#"{"choices":[{"index":0}]}"#, "no choices[0].message"), ("null", "no choices"),
            ("7", "no choices"), ("[]", "no choices"),
        ])
    func missing(reply: String, reason: String) throws {
        let result = try verdict(on: reply)
        #expect(result.winner == "error")
        #expect(result.reason.contains(reason), "\(reply): \(result.reason)")
    }

    @Test(
        "an answer cut at the length limit is no verdict, whatever the server calls it",
        arguments: [
            choice(#""content":"B""#, finish: "\"length\""),
            choice(#""content":"B""#, finish: "\"max_tokens\""),
            choice(#""content":"B""#, finish: "\"MAX_TOKENS\""),
            choice(#""content":"B""#, finish: "\"model_length\""),
            choice(#""content":"B""#, finish: "\"incomplete\""),
            #"{"choices":[{"finish_reason":"stop","native_finish_reason":"MAX_TOKENS","message":{"content":"B"}}]}"#,
            #"{"object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message","content":[{"type":"output_text","text":"B"}]}]}"#,
            #"{"type":"message","stop_reason":"max_tokens","content":[{"type":"text","text":"B"}]}"#,
        ])
    func cut(reply: String) throws {
        let result = try verdict(on: reply)
        #expect(result.winner == "error")
        #expect(result.reason.contains("cut at the length limit"), "\(reply): \(result.reason)")
        #expect(result.text == "B")
    }

    @Test("an answer as long as it may be, by a server that does not say how it ends, may be cut")
    func perhapsCut() throws {
        for (tokens, winner) in [(511, "b"), (512, "error")] {
            let reply = Self.choice(#""content":"B""#, finish: "null").dropLast()
            let result = try verdict(
                on: reply + #","usage":{"prompt_tokens":9,"completion_tokens":\#(tokens)}}"#)
            #expect(result.winner == winner, "\(result.reason)")
        }
    }

    private static func failing(_ error: String) -> String {
        #"{"choices":[{"index":0,"error":\#(error),"finish_reason":"error","message":{"role":"assistant","content":""}}]}"#
    }

    @Test(
        "an error in a response with status 200 is what it names",
        arguments: [
            (failing(#"{"code":502,"message":"provider gone"}"#), "502 provider gone"),
            (failing(#"{"code":429,"message":"slow down"}"#), "429 slow down"),
            (failing(#"{"code":"overloaded_error","message":"busy"}"#), "529 busy"),
            (failing(#""provider gone""#), "502 provider gone"),
            (choice(#""content":"A""#, finish: "\"error\""), "502 the provider ended"),
            (#"{"error":{"message":"try later","type":"server_error"}}"#, "500 try later"),
            (#"{"error":"Service overloaded"}"#, "529 Service overloaded"),
            (
                #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "529"
            ),
            (#"{"object":"error","message":"worker lost","code":503}"#, "503 worker lost"),
            (#"{"detail":"upstream is down"}"#, "502 upstream is down"),
            (#"{"detail":[{"loc":["body"],"msg":"odd field"}]}"#, "502 odd field"),
            (#"{"message":"rate limit reached"}"#, "429 rate limit"),
            (
                #"[{"error":{"code":503,"message":"no room","status":"UNAVAILABLE"}}]"#,
                "503 no room"
            ),
            (failing(#"{"code":400,"message":"context too long"}"#), "400 context too long"),
        ])
    func reportedError(reply: String, reason: String) throws {
        let result = try verdict(on: reply)
        #expect(result.winner == "error")
        #expect(result.reason.contains(reason), "\(reply): \(result.reason)")
        #expect(!result.reason.contains("neither"))
    }

    @Test("a provider's error inside an answer is asked again; one that concerns all ends the run")
    func errorsAreRepeated() throws {
        let server = try FaultServer { request in
            [2, 3].contains(request.number)
                ? .answer(Array(Self.failing(#"{"code":503,"message":"busy"}"#).utf8))
                : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: 2) { judging throws in
            let result = try judging.judge(server, ["--concurrency", "1"])
            #expect(result.status == 0, "\(result.standardError)")
            #expect(try judging.winners() == ["a", "a"])
            #expect(server.requests.count == 4 + 2)
        }
        let locked = try FaultServer { _ in
            .answer(Array(Self.failing(#"{"code":401,"message":"no such key"}"#).utf8))
        }
        defer { locked.stop() }
        try Judging.with(records: 2) { judging throws in
            let result = try judging.judge(locked)
            #expect(result.status == 74)
            #expect(result.standardError.contains("401 no such key"))
            #expect(locked.requests.count == 1)
        }
    }

    @Test(
        "bodies that are no answer are named, never read as one",
        arguments: [
            ("", "the response is empty"), (" \n", "the response is empty"),
            ("<!DOCTYPE html><p>B</p>", "a web page"), (#"{"choices":[{"messa"#, "no whole JSON"),
            ("data: {\"choices\":[]}\n\ndata: [DONE]\n\n", "a stream of events"),
            ("{\"choices\":[]}\n{\"choices\":[]}\n", "no whole JSON"),
            (choice(#""content":"B","x":NaN"#), "no whole JSON"),
        ])
    func bodies(body: String, reason: String) throws {
        let result = try verdict(on: body)
        #expect(result.winner == "error")
        #expect(result.reason.contains(reason), "\(result.reason)")
    }

    private static let chunked =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// Whether the server's end of the connection or its nonsense is seen first is a matter of time.
    private static let brokenOff = ["the transfer failed", "the connection was lost"]

    @Test("transfers that lie, never end or hardly move are given up, and named")
    func transfers() throws {
        let honest = ChatBody.reply("B")
        func head(_ length: Int) -> [UInt8] {
            Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n".utf8)
        }
        let megabyte = [UInt8](repeating: 0x20, count: 1 << 20)
        let faults: [(Reaction, [String])] = [
            (
                .endless(head: Self.chunked, Array("100000\r\n".utf8) + megabyte + [13, 10]),
                ["16 MiB"]
            ),
            (.raw(head(1 << 40) + honest), ["16 MiB"]),
            (.raw(head(honest.count + 100) + honest), ["the "]),
            (.raw(head(honest.count - 10) + honest), ["no whole JSON"]),
            (.raw(Array((Self.chunked + "zz\r\n").utf8) + honest), Self.brokenOff),
            (
                .endless(head: "HTTP/1.1 200 OK\r\n", Array("X-More: again and again\r\n".utf8)),
                Self.brokenOff
            ),
            // On a busy machine the server may be the first to give up.
            (.drip(honest, seconds: 0.1), ["no complete response within"] + Self.brokenOff),
            (
                .answer(Array("{\"choices\": \"".utf8) + [0xFF, 0xFE, 0x22, 0x7D]),
                ["no whole JSON"]
            ),
        ]
        let server = try FaultServer { request in
            let record = SyntheticJudge.record(request)
            return record > 0 ? faults[record - 1].0 : SyntheticJudge.answer(request)
        }
        defer { server.stop() }
        try Judging.with(records: faults.count + 1) { judging throws in
            let result = try judging.judge(
                server,
                [
                    "--order", "fixed", "--max-error-rate", "1", "--retries", "0", "--timeout", "5",
                    "--concurrency", "8",
                ])
            #expect(result.status == 0, "\(result.standardError)")
            let verdicts = try judging.verdicts()
            #expect(verdicts[0]["winner"] == .string("a"))
            for (verdict, fault) in zip(verdicts.dropFirst(), faults) {
                guard case .array(let orders)? = verdict["orders"] else { continue }
                let reason = orders.first?["error"]?.string ?? "none"
                #expect(verdict["winner"] == .string("error"))
                #expect(fault.1.contains { reason.contains($0) }, "\(reason), expected \(fault.1)")
            }
        }
    }
}
