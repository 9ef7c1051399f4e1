import ChatEndpoint
import Foundation
import StreamIO
import TestSupport
import Testing

/// The key goes into one header, and nowhere else.
@Suite struct KeyTests {
    /// All that a run leaves: its two streams and every file.
    private func traces(_ result: ToolRunner.Output, _ judging: Judging) throws -> String {
        let files = try namesInDirectory(judging.directory).map {
            String(decoding: try readFile(judging.path($0)), as: UTF8.self)
        }
        return ([result.text, result.standardError] + files).joined(separator: "\n")
    }

    @Test("sent as a bearer token; never printed or stored, even when the server repeats it")
    func secrecy() throws {
        let server = try FaultServer { request in
            let echo = request.headers["authorization"] ?? "nothing"
            switch SyntheticJudge.record(request) {
            case 1: return .answer(ChatBody.error("bad \(echo)"), status: 400)
            case 2: return .answer(ChatBody.reply("A\n\nThat is what \(echo) asked for."))
            case 3:
                return .answer(
                    ChatBody.error("not with \(echo)"), status: 500,
                    headers: ["x-request-id: \(echo)", "retry-after-ms: 1"])
            case 4: return .answer(Array("{\"choices\": \(echo)".utf8))
            case 5: return .answer(ChatBody.reply("neither \(echo)", finish: "length"))
            default: return SyntheticJudge.answer(request)
            }
        }
        defer { server.stop() }
        for format in [["-v"], ["-v", "--log-json"]] {
            try Judging.with(records: 8) { judging throws in
                let result = try judging.judge(
                    server, ["--api-key-env", "JUDGE_KEY", "--retries", "1"] + format,
                    environment: ["JUDGE_KEY": Judging.key + "\n"])
                #expect(result.status == 70)
                #expect(
                    server.requests.allSatisfy {
                        $0.headers["authorization"] == "Bearer \(Judging.key)"
                    })
                let traces = try traces(result, judging)
                #expect(!traces.contains(Judging.key))
                #expect(traces.contains("[redacted]"))
                #expect(try judging.winners()[2] == "a" || judging.winners()[2] == "tie")
            }
        }
    }

    @Test("a refused key is not repeated either")
    func refusedKey() throws {
        let server = try FaultServer { request in
            .answer(
                ChatBody.error("Incorrect API key: \(request.headers["authorization"] ?? "")"),
                status: 401)
        }
        defer { server.stop() }
        try Judging.with { judging throws in
            let result = try judging.judge(
                server, ["-v"], environment: ["OPENAI_API_KEY": Judging.key])
            #expect(result.status == 74)
            #expect(try !traces(result, judging).contains(Judging.key))
        }
    }

    @Test("a key typed where its variable's name belongs is refused without repeating it")
    func keyInsteadOfName() throws {
        for key in [Judging.key, "0123456789abcdef", "abcdef0123456789abcdef"] {
            try Judging.with { judging throws in
                let result = try judging.judge(
                    nil, ["--base-url", "https://host.invalid/v1", "--api-key-env", key])
                #expect(result.status == 64)
                #expect(try !traces(result, judging).contains(key))
            }
        }
        try Judging.with { judging throws in
            for url in [
                "http://user:hunter2hunter2@127.0.0.1/v1", "http://127.0.0.1/v1?k=hunter2hunter2",
            ] {
                let result = try judging.judge(nil, ["--base-url", url])
                #expect(result.status == 64)
                #expect(!result.standardError.contains("hunter2"))
            }
        }
    }

    @Test(
        "organisation, project and headers of one's own go along; the base URL of the environment too"
    )
    func environment() throws {
        let server = try FaultServer { SyntheticJudge.answer($0) }
        defer { server.stop() }
        try Judging.with(records: 1) { judging throws in
            let result = try judging.judge(
                nil,
                environment: [
                    "OPENAI_BASE_URL": server.base + "/", "OPENAI_ORG_ID": "org-1",
                    "OPENAI_PROJECT_ID": "proj-1",
                    "OPENAI_CUSTOM_HEADERS": "X-One: 1\nX-Gateway: gateway-secret",
                ])
            #expect(result.status == 0, "\(result.standardError)")
            let request = try #require(server.requests.first)
            #expect(request.path == "/v1/chat/completions")
            #expect(request.headers["openai-organization"] == "org-1")
            #expect(request.headers["openai-project"] == "proj-1")
            #expect(request.headers["x-one"] == "1")
            #expect(request.headers["x-gateway"] == "gateway-secret")
            #expect(request.headers["authorization"] == nil)
            #expect(request.headers["content-type"] == "application/json")
        }
    }

    @Test("which servers get which key")
    func recipients() throws {
        let local = try EndpointAddress(parsing: "http://localhost:8080/v1")
        let remote = try EndpointAddress(parsing: "https://api.example.com/v1")
        let plain = try EndpointAddress(parsing: "http://10.0.0.5:8000/v1")
        func keys(
            _ address: EndpointAddress, _ variable: String?, _ environment: [String: String]
        ) throws -> String? {
            try Credentials(environment: environment, variable: variable, for: address)
                .headers.first { $0.name == "Authorization" }?.value
        }
        let usual = ["OPENAI_API_KEY": Judging.key]
        #expect(try keys(remote, nil, usual) == "Bearer \(Judging.key)")
        #expect(try keys(local, nil, [:]) == nil)
        #expect(try keys(local, "ABSENT", [:]) == nil)
        // Unencrypted, to a machine that nobody named a key for: no.
        #expect(try keys(plain, nil, usual) == nil)
        #expect(try keys(plain, "MINE", ["MINE": "other-secret"]) == "Bearer other-secret")
        #expect(throws: EndpointError.self) { try keys(remote, nil, [:]) }
        #expect(throws: EndpointError.self) { try keys(remote, "ABSENT", usual) }
        #expect(throws: EndpointError.self) { try keys(plain, "ABSENT", usual) }
        // A line break would end the header and begin another.
        #expect(throws: EndpointError.self) {
            try keys(remote, nil, ["OPENAI_API_KEY": "abc\r\nX-Evil: 1"])
        }
    }

    @Test("no way of printing shows the key")
    func printing() throws {
        let credentials = try Credentials(
            environment: ["OPENAI_API_KEY": Judging.key], variable: nil,
            for: EndpointAddress(parsing: "https://api.example.com/v1"))
        var dumped = ""
        dump(credentials, to: &dumped)
        let texts = ["\(credentials)", String(reflecting: credentials), dumped]
        #expect(texts.allSatisfy { !$0.contains(Judging.key) })
        #expect(credentials.redacting("a \(Judging.key) b") == "a [redacted] b")
    }

    @Test(
        "addresses",
        arguments: [
            ("http://127.0.0.1:8080/v1", "127.0.0.1:8080/v1", true),
            ("http://127.0.0.1:8080/v1/", "127.0.0.1:8080/v1", true),
            ("https://API.Example.com/v1", "api.example.com/v1", false),
            ("http://localhost", "localhost", true),
            ("http://[::1]:1234/v1", "[::1]:1234/v1", true),
            ("https://host/openai/deployments/gpt/v1", "host/openai/deployments/gpt/v1", false),
        ])
    func addresses(text: String, identity: String, isLoopback: Bool) throws {
        let address = try EndpointAddress(parsing: text)
        #expect(address.identity == identity)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(
        "what is no address",
        arguments: [
            "", "host/v1", "ftp://host/v1", "http://", "https://host/v1/chat/completions",
            "https://host/v1#x", "file:///v1",
        ])
    func noAddresses(text: String) {
        #expect(throws: EndpointError.self) { try EndpointAddress(parsing: text) }
    }
}
