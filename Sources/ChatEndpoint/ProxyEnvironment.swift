import AsyncHTTPClient
import FoundationEssentials

/// The proxies that the environment names, by the conventions of curl: `HTTPS_PROXY`, `http_proxy` (in
/// small letters only, as a web server sets the other from a request's header), `ALL_PROXY`, `NO_PROXY`.
package struct ProxyEnvironment {
    private let variables: [String: String]

    package init(_ variables: [String: String]) {
        self.variables = variables
    }

    /// The proxy for requests to `url`; nil if they go straight there.
    package func proxy(for url: URL) -> HTTPClient.Configuration.Proxy? {
        let names =
            url.scheme == "https"
            ? ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            : ["http_proxy", "all_proxy", "ALL_PROXY"]
        guard let text = value(names), !isExempt(url),
            let proxy = URL(string: text.contains("://") ? text : "http://" + text),
            let host = proxy.host()
        else { return nil }
        if proxy.scheme?.hasPrefix("socks") == true {
            return .socksServer(host: host, port: proxy.port ?? 1080)
        }
        return .server(
            host: host, port: proxy.port ?? 1080,
            authorization: proxy.user(percentEncoded: false).map {
                .basic(username: $0, password: proxy.password(percentEncoded: false) ?? "")
            })
    }

    private func value(_ names: [String]) -> String? {
        names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
    }

    /// Whether `NO_PROXY` has the host, one of its parent domains, or `*`.
    private func isExempt(_ url: URL) -> Bool {
        guard let list = value(["no_proxy", "NO_PROXY"]), let host = url.host()?.lowercased() else {
            return false
        }
        return list.split(separator: ",").contains { entry in
            let name = entry.lowercased().filter { !$0.isWhitespace }
            if name == "*" { return true }
            let domain = name.hasPrefix(".") ? String(name.dropFirst()) : name
            return !domain.isEmpty && (host == domain || host.hasSuffix("." + domain))
        }
    }
}
