import ChatEndpoint
import FoundationEssentials
import Testing

/// Which proxy of the environment a request goes through.
@Suite struct ProxyTests {
    private func proxy(_ address: String, _ variables: [String: String]) throws -> String? {
        let url = try #require(URL(string: address))
        return ProxyEnvironment(variables).proxy(for: url).map { "\($0.host):\($0.port)" }
    }

    @Test("each scheme has its variable; one that a request's header could set is not heeded")
    func schemes() throws {
        let variables = ["HTTPS_PROXY": "http://secure:3128", "HTTP_PROXY": "http://forged:1"]
        #expect(try proxy("https://host/v1", variables) == "secure:3128")
        #expect(try proxy("http://host/v1", variables) == nil)
        #expect(try proxy("http://host/v1", ["http_proxy": "plain:8080"]) == "plain:8080")
        #expect(try proxy("https://host/v1", ["ALL_PROXY": "socks5://any"]) == "any:1080")
        #expect(try proxy("https://host/v1", ["https_proxy": "", "ALL_PROXY": ""]) == nil)
    }

    @Test(
        "hosts that go straight",
        arguments: [
            ("*", true), ("host.example", true), ("example", true), (".example", true),
            ("other, HOST.example", true), ("ost.example", false), ("host.example.org", false),
            ("", false),
        ])
    func exemptions(list: String, isExempt: Bool) throws {
        let variables = ["https_proxy": "http://secure:3128", "NO_PROXY": list]
        #expect(try (proxy("https://Host.example/v1", variables) == nil) == isExempt)
    }

    @Test("a proxy's user and password are its own")
    func authorization() throws {
        let url = try #require(URL(string: "https://host/v1"))
        let proxy = ProxyEnvironment(["https_proxy": "http://me:secret@secure:3128"]).proxy(
            for: url)
        #expect(proxy?.authorization == .basic(username: "me", password: "secret"))
        let escaped = ProxyEnvironment(["https_proxy": "http://me:a%40b@secure:3128"]).proxy(
            for: url)
        #expect(escaped?.authorization == .basic(username: "me", password: "a@b"))
    }
}
