import Dispatch
import Foundation
import FoundationNetworking
import Synchronization

/// A response, headers by lower-case name.
struct HTTPResponse: Sendable {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
}

/// Why there is no response.
struct TransportFailure: Error, Sendable {
    var reason: String
    /// Whether another attempt may succeed.
    var isTransient = true
}

/// Posts over HTTP and HTTPS with `URLSession`, which comes with the toolchain: async-http-client
/// would add SwiftNIO and its TLS library to every first build, which is minutes, for nothing that
/// is needed here.
///
/// On Linux `URLSession` has sharp edges, and this is written around them:
/// - `URLSession.data(for:)` can deadlock when its task is cancelled while a response comes in
///   (a lock of the task and the session's queue, taken in both orders). Hence a data task with a
///   completion handler, and cancelling on a queue of its own, never inside the handler that runs
///   under the task's lock.
/// - Cancelling can trap while a cache is consulted. Hence no cache.
/// - `timeoutInterval` limits the silence between two pieces of a response, not the whole, and in
///   whole seconds. Hence a deadline of our own.
/// - Redirects are followed with all headers, the key among them, to any host. Hence none is.
final class HTTPTransport: Sendable {
    private let session: URLSession
    private let cancelling = DispatchQueue(label: "cancelling")

    init(connections: Int, bypassingProxies: Bool) {
        // libcurl would send what is meant for this machine to the proxy of HTTP_PROXY.
        if bypassingProxies { setenv("no_proxy", "*", 1) }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.urlCredentialStorage = nil
        configuration.httpMaximumConnectionsPerHost = connections
        session = URLSession(
            configuration: configuration, delegate: RedirectRefusal(), delegateQueue: nil)
    }

    deinit { session.invalidateAndCancel() }

    /// Posts JSON and waits for the whole response, at most so long.
    func post(
        _ body: [UInt8], to url: URL, headers: [(name: String, value: String)],
        timeout: Duration
    ) async throws -> HTTPResponse {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.httpBody = Data(body)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        request.setValue("cpo-tools", forHTTPHeaderField: "User-Agent")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        // Ours comes first.
        request.timeoutInterval = timeout / .seconds(1) + 60

        return try await withThrowingTaskGroup(of: HTTPResponse.self) { [request] group in
            group.addTask { try await self.response(to: request) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw TransportFailure(reason: "no complete response within \(timeout)")
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() else { throw CancellationError() }
            return response
        }
    }

    private func response(to request: URLRequest) async throws -> HTTPResponse {
        let transfer = Transfer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isBegun = transfer.begin {
                    session.dataTask(with: request) { data, response, error in
                        continuation.resume(with: Self.outcome(data, response, error))
                    }
                }
                if !isBegun { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            guard let task = transfer.cancel() else { return }
            cancelling.async { task.cancel() }
        }
    }

    private static func outcome(
        _ data: Data?, _ response: URLResponse?, _ error: (any Error)?
    ) -> Result<HTTPResponse, any Error> {
        if let error { return .failure(failure(error)) }
        guard let response = response as? HTTPURLResponse else {
            return .failure(TransportFailure(reason: "no HTTP response"))
        }
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            headers["\(name)".lowercased()] = "\(value)"
        }
        return .success(
            HTTPResponse(status: response.statusCode, headers: headers, body: Array(data ?? Data()))
        )
    }

    private static func failure(_ error: any Error) -> any Error {
        guard let error = error as? URLError else {
            return TransportFailure(reason: "\(error)")
        }
        switch error.code {
        case .cancelled: return CancellationError()
        case .cannotFindHost: return TransportFailure(reason: "the host is not known")
        case .cannotConnectToHost: return TransportFailure(reason: "no connection to the host")
        case .networkConnectionLost: return TransportFailure(reason: "the connection was lost")
        case .secureConnectionFailed, .serverCertificateUntrusted,
            .serverCertificateHasUnknownRoot, .serverCertificateHasBadDate,
            .serverCertificateNotYetValid, .clientCertificateRejected:
            return TransportFailure(
                reason: "the server's certificate is not trusted", isTransient: false)
        default:
            return TransportFailure(
                reason: "the transfer failed (\(error.localizedDescription))")
        }
    }
}

/// A data task that may be cancelled before it is begun.
private final class Transfer: Sendable {
    private struct State {
        var task: URLSessionDataTask?
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// Makes and starts the task; false if it is cancelled already.
    func begin(_ make: () -> URLSessionDataTask) -> Bool {
        state.withLock { state in
            guard !state.isCancelled else { return false }
            let task = make()
            state.task = task
            task.resume()
            return true
        }
    }

    /// The task that is to be cancelled, if there is one yet.
    func cancel() -> URLSessionDataTask? {
        state.withLock { state in
            state.isCancelled = true
            return state.task
        }
    }
}

/// Has redirects delivered as they are.
private final class RedirectRefusal: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
