import AsyncHTTPClient
import Dispatch
import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// A response, headers by lower-case name.
struct HTTPResponse: Sendable {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    /// The body without a byte order mark.
    var content: ArraySlice<UInt8> {
        body.dropFirst(body.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    }
}

/// Why there is no response.
struct TransportFailure: Error, Sendable {
    enum Kind: Sendable {
        /// Another attempt may succeed.
        case transient
        /// No attempt can succeed.
        case permanent
        /// The response to this request is longer than any answer.
        case tooLong
    }

    var reason: String
    var kind = Kind.transient
}

/// Posts over HTTP and HTTPS with async-http-client. `URLSession`, which comes with the toolchain, would
/// take most of a core on Linux while it waits for an answer: a core that a model server on the same
/// machine needs.
final class HTTPTransport: Sendable {
    private let client: HTTPClient

    /// Longest response that is read, in bytes. What is longer is refused before it is kept.
    private static let bodyLimit = 16 << 20

    /// - Parameters:
    ///   - url: where requests will go
    ///   - connections: how many there are at most
    ///   - proxies: what the environment says of them; nil to go past them all
    ///   - certificateFile: certificates to trust instead of the system's
    init(
        to url: URL, connections: Int, proxies: ProxyEnvironment?, certificateFile: String? = nil
    ) {
        // Redirects are refused: they would take the key to another host.
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(30)),
            proxy: proxies?.proxy(for: url))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        // Attempts are repeated by those who know how often.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let certificateFile {
            var security = TLSConfiguration.makeClientConfiguration()
            security.trustRoots = .file(certificateFile)
            configuration.tlsConfiguration = security
        }
        client = HTTPClient(configuration: configuration)
    }

    deinit {
        client.shutdown { _ in }
    }

    /// Posts JSON and waits for the whole response, at most so long.
    func post(
        _ body: [UInt8], to url: URL, headers: [(name: String, value: String)],
        timeout: Duration
    ) async throws -> HTTPResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "cpo-tools")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let end = ContinuousClock.now + timeout
        do {
            let response = try await client.execute(request, timeout: TimeAmount(timeout))
            let content = try await Self.body(of: response, until: end)
            return HTTPResponse(
                status: Int(response.status.code),
                headers: Dictionary(
                    response.headers.map { ($0.name.lowercased(), $0.value) },
                    uniquingKeysWith: { first, _ in first }),
                body: Array(content.readableBytesView))
        } catch {
            throw Task.isCancelled ? CancellationError() : Self.failure(error, timeout)
        }
    }

    /// The whole body. The client's own timeout ends with the head of a response, and a server that sends
    /// a byte now and then would hold the call for ever.
    private static func body(
        of response: HTTPClientResponse, until end: ContinuousClock.Instant
    ) async throws -> ByteBuffer {
        let body = try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await response.body.collect(upTo: bodyLimit) }
            group.addTask {
                try await Task.sleep(until: end)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        // What a cancelled transfer brought is not the whole.
        try Task.checkCancellation()
        guard let body else { throw HTTPClientError.deadlineExceeded }
        return body
    }

    private static func failure(_ error: any Error, _ timeout: Duration) -> TransportFailure {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded:
                return TransportFailure(reason: "no complete response within \(timeout)")
            case .connectTimeout: return TransportFailure(reason: "no connection to the host")
            case .remoteConnectionClosed:
                return TransportFailure(reason: "the connection was lost")
            default:
                return TransportFailure(reason: "the transfer failed (\(error.shortDescription))")
            }
        case is NIOTooManyBytesError:
            return TransportFailure(
                reason: "the response is longer than \(bodyLimit >> 20) MiB", kind: .tooLong)
        case let error as NIOConnectionError:
            // Of all addresses of a host the last one's error says as much as the others'.
            guard let last = error.connectionErrors.last else {
                return TransportFailure(reason: "the host is not known")
            }
            return failure(last.error, timeout)
        case let error as IOError:
            return TransportFailure(
                reason: [ECONNRESET, EPIPE].contains(error.errnoCode)
                    ? "the connection was lost" : "no connection to the host")
        case NIOSSLError.handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE"):
            return TransportFailure(
                reason: "the server's certificate is not trusted", kind: .permanent)
        case is NIOSSLExtraError:
            return TransportFailure(
                reason: "the server's certificate is not for this host", kind: .permanent)
        default:
            return TransportFailure(reason: "the transfer failed (\(error))")
        }
    }
}
