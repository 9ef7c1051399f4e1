import FoundationEssentials

/// Where an OpenAI-compatible server is.
public struct EndpointAddress: Sendable, Hashable, CustomStringConvertible {
    /// Scheme, host, port and path, without a slash at the end.
    public let description: String
    /// What names the server in cache keys: ``description`` without the scheme, the host in lower
    /// case. The path belongs to it, for some servers choose the model by path.
    public let identity: String
    /// Whether the server is this machine.
    public let isLoopback: Bool
    /// Whether what is sent is encrypted.
    public let isEncrypted: Bool
    /// Where chat completions are asked for.
    let completions: URL

    /// The server of OpenAI.
    public static let defaultBase = "https://api.openai.com/v1"

    /// Reads a base URL, which includes `/v1` where the server has it; one slash at its end is
    /// ignored.
    ///
    /// Nothing that could hold a secret is accepted, and what is refused is not repeated in the
    /// message: addresses are logged and stored.
    public init(parsing text: String) throws(EndpointError) {
        let base = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let url = URL(string: base), let scheme = url.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = url.host(), !host.isEmpty
        else { throw .address(problem: "not an http or https address with a host") }
        guard url.user() == nil, url.password() == nil else {
            throw .address(problem: "a user name or password does not belong there")
        }
        guard url.query() == nil, url.fragment() == nil else {
            throw .address(problem: "a query or fragment does not belong there")
        }
        guard !base.hasSuffix("/chat/completions") else {
            throw .address(problem: "/chat/completions is appended to it, leave it out")
        }
        guard let completions = URL(string: base + "/chat/completions") else {
            throw .address(problem: "not an address")
        }
        description = base
        let name = host.lowercased()
        let isVersion6 = name.contains(":") && !name.hasPrefix("[")
        identity =
            (isVersion6 ? "[\(name)]" : name) + (url.port.map { ":\($0)" } ?? "") + url.path()
        let bare = name.filter { $0 != "[" && $0 != "]" }
        isLoopback = bare == "localhost" || bare == "::1" || bare.hasPrefix("127.")
        isEncrypted = scheme == "https"
        self.completions = completions
    }
}
