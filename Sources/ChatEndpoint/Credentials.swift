/// The secrets of a run. They go into the headers of requests and nowhere else: neither the
/// description nor a mirror of this type shows them, and ``redacting(_:)`` takes them out of what
/// a server sends back.
public struct Credentials: Sendable, CustomStringConvertible, CustomReflectable {
    /// Headers that carry them.
    package let headers: [(name: String, value: String)]
    private let secrets: [String]

    /// The variable that holds the key unless another is named.
    public static let defaultVariable = "OPENAI_API_KEY"

    /// No secrets.
    public static let none = Credentials(headers: [], secrets: [])

    private init(headers: [(name: String, value: String)], secrets: [String]) {
        self.headers = headers
        // Short ones ("x", "none") are stand-ins, and would garble what they happen to occur in.
        self.secrets = secrets.filter { $0.utf8.count >= 8 }
    }

    /// Takes the secrets for a server out of the environment: the key, `OPENAI_ORG_ID`,
    /// `OPENAI_PROJECT_ID` and the lines `Name: value` of `OPENAI_CUSTOM_HEADERS`.
    ///
    /// A server on this machine needs no key. To any other a key that nobody named for it goes
    /// only encrypted.
    ///
    /// - Parameters:
    ///   - variable: the variable that holds the key; nil for ``defaultVariable``.
    /// - Throws: ``EndpointError/key(problem:)`` if a key is needed and there is none, or it cannot
    ///   stand in a header.
    public init(
        environment: [String: String], variable: String?, for address: EndpointAddress
    ) throws(EndpointError) {
        let name = variable ?? Self.defaultVariable
        guard Self.isVariableName(name) else {
            // What was typed may be the key itself: it is not repeated.
            throw .key(problem: "--api-key-env takes the name of a variable, not the key itself")
        }
        let key = Self.trimmed(environment[name] ?? "")
        guard !key.isEmpty || address.isLoopback || (variable == nil && !address.isEncrypted)
        else {
            // Without a variable of that name, the "name" may again be a key.
            throw .key(
                problem: variable == nil || environment[name] != nil
                    ? "\(name) is empty or not set in the environment"
                    : "--api-key-env names no variable of the environment")
        }
        guard variable != nil || address.isEncrypted || address.isLoopback else {
            self = .none
            return
        }
        var headers: [(name: String, value: String)] = []
        var secrets: [String] = []
        if !key.isEmpty {
            headers.append(("Authorization", "Bearer \(key)"))
            secrets.append(key)
        }
        for (variable, header) in [
            ("OPENAI_ORG_ID", "OpenAI-Organization"), ("OPENAI_PROJECT_ID", "OpenAI-Project"),
        ] {
            if let value = environment[variable], !value.isEmpty { headers.append((header, value)) }
        }
        let custom = environment["OPENAI_CUSTOM_HEADERS"] ?? ""
        for line in custom.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = Self.trimmed(line[line.index(after: colon)...])
            headers.append((Self.trimmed(line[..<colon]), value))
            secrets.append(value)
        }
        guard headers.allSatisfy({ Self.isHeaderText($0.name) && Self.isHeaderText($0.value) })
        else {
            throw .key(problem: "the key or a header has characters that a header cannot hold")
        }
        self.init(headers: headers, secrets: secrets)
    }

    /// The text without the secrets.
    package func redacting(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "[redacted]") }
    }

    /// Says only whether there is a key.
    public var description: String { headers.isEmpty ? "no credentials" : "credentials" }

    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first)
        else { return false }
        return text.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || $0 == "_" || ("0"..."9") ~= $0)
        }
    }

    private static func isHeaderText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let rest = text.drop { $0.isWhitespace }
        let length = rest.reversed().drop { $0.isWhitespace }.count
        return String(rest.prefix(length))
    }
}
