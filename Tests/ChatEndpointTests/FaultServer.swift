import ChatEndpoint
import Foundation
import Glibc
import Locks
import StreamIO

/// A request as it arrived.
struct SeenRequest: Sendable {
    /// 1 for the first that the server got.
    let number: Int
    let path: String
    /// By lower-case name.
    let headers: [String: String]
    let body: [UInt8]

    /// The body as JSON; null if it is none.
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }

    /// The text of the only message.
    var question: String {
        guard case .array(let messages)? = json["messages"] else { return "" }
        return messages.first?["content"]?.string ?? ""
    }
}

/// What a ``FaultServer`` does with a request.
enum Reaction: Sendable {
    /// A whole response.
    case answer([UInt8], status: Int = 200, headers: [String] = [])
    /// What the server behind it answers.
    case forward
    /// Nothing for so long, then the connection is closed.
    case stall(seconds: Double)
    /// A response after so long.
    case late([UInt8], seconds: Double)
    /// The connection is closed without a byte.
    case drop
    /// The connection is reset.
    case reset
    /// The connection is closed in the middle of a body.
    case cut([UInt8])
    /// Bytes that are no HTTP.
    case garbage
    /// These bytes, head and all, then the connection is closed.
    case raw([UInt8])
    /// The body byte by byte, with so long a pause after each.
    case drip([UInt8], seconds: Double)
    /// A head, and then this again and again until the client goes away.
    case endless(head: String, [UInt8])
}

/// An HTTP server on this machine, over plain sockets, that misbehaves as told: the network's bad
/// weather for the tools' client.
final class FaultServer: Sendable {
    private struct State {
        var requests: [SeenRequest] = []
        var underWay = 0
        var mostAtOnce = 0
        var connections = 0
    }

    /// The address that tools are given.
    var base: String { "http://127.0.0.1:\(port)/v1" }
    /// All requests so far, in an array of its own: the server's is not read outside the lock.
    var requests: [SeenRequest] { state.withLock { $0.requests.map { $0 } } }
    /// How many requests were answered at the same time, at most.
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }
    /// Connections accepted.
    var connections: Int { state.withLock { $0.connections } }

    let port: Int
    private let listener: Int32
    private let upstream: Int?
    private let react: @Sendable (SeenRequest) -> Reaction
    private let state = Mutex(State())

    /// Starts to serve.
    ///
    /// - Parameter upstream: the port of the server that ``Reaction/forward`` goes to.
    init(upstream: Int? = nil, _ react: @escaping @Sendable (SeenRequest) -> Reaction) throws {
        self.upstream = upstream
        self.react = react
        let listener = Self.makeSocket()
        self.listener = listener
        var address = Self.loopback(port: 0)
        let isBound = Self.withAddress(&address) { bind(listener, $0, $1) } == 0
        guard listener >= 0, isBound, listen(listener, 128) == 0 else {
            throw Failure(description: "no server: \(String(cString: strerror(errno)))")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(listener, $0, &length)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    /// What keeps a server from starting.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Stops accepting; nothing answers at this address any more.
    func stop() {
        // Wakes the accepting thread, which closes.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept() {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                close(listener)
                return
            }
            state.withLock { $0.connections += 1 }
            Thread.detachNewThread { [self] in
                serve(Connection(descriptor: connection))
            }
        }
    }

    private func serve(_ connection: Connection) {
        while let (path, headers, body) = connection.readRequest() {
            let request = state.withLock { state in
                let request = SeenRequest(
                    number: state.requests.count + 1, path: path, headers: headers, body: body)
                state.requests.append(request)
                state.underWay += 1
                state.mostAtOnce = max(state.mostAtOnce, state.underWay)
                return request
            }
            let goesOn = perform(react(request), request, connection)
            state.withLock { $0.underWay -= 1 }
            guard goesOn else { return }
        }
    }

    /// Returns whether the connection may be used again.
    private func perform(
        _ reaction: Reaction, _ request: SeenRequest, _ connection: Connection
    ) -> Bool {
        switch reaction {
        case .answer(let body, let status, let headers):
            return connection.respond(status, headers, body)
        case .late(let body, let seconds):
            Thread.sleep(forTimeInterval: seconds)
            return connection.respond(200, [], body)
        case .stall(let seconds): Thread.sleep(forTimeInterval: seconds)
        case .drop: break
        case .reset: connection.resetOnClose()
        case .cut(let body):
            connection.write(Connection.head(200, [], length: body.count))
            connection.write(Array(body.prefix(body.count / 2)))
        case .garbage: connection.write(Array("SSH-2.0-nonsense\r\n\r\n".utf8))
        case .raw(let bytes): connection.write(bytes)
        case .drip(let body, let seconds):
            connection.write(Connection.head(200, [], length: body.count))
            for byte in body where connection.write([byte]) {
                Thread.sleep(forTimeInterval: seconds)
            }
        case .endless(let head, let part):
            guard connection.write(Array(head.utf8)) else { break }
            while connection.write(part) {}
        case .forward: forward(request, connection)
        }
        return false
    }

    private func forward(_ request: SeenRequest, _ client: Connection) {
        let server = Connection(descriptor: Self.makeSocket())
        var address = Self.loopback(port: UInt16(upstream ?? 0))
        guard Self.withAddress(&address, { connect(server.descriptor, $0, $1) }) == 0 else {
            return
        }
        let head =
            "POST \(request.path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(request.body.count)\r\n\r\n"
        server.write(Array(head.utf8) + request.body)
        while let bytes = server.read() { client.write(bytes) }
    }

    /// A socket that the tools, which tests start meanwhile, do not inherit: they would keep it open.
    private static func makeSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withAddress(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A connected socket, closed when it is let go.
private final class Connection {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    private var isReset = false

    init(descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        if !isReset { shutdown(descriptor, Int32(SHUT_RDWR)) }
        close(descriptor)
    }

    /// Bytes that came in; nil at the end.
    func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Returns whether the client took all of it.
    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next request; nil when the client has no more.
    func readRequest() -> (path: String, headers: [String: String], body: [UInt8])? {
        let end = Array("\r\n\r\n".utf8)
        var start: Int?
        while start == nil {
            start = buffer.firstRange(of: end)?.upperBound
            guard start == nil else { break }
            guard let bytes = read() else { return nil }
            buffer += bytes
        }
        guard let start else { return nil }
        let lines = String(decoding: buffer[..<(start - 4)], as: UTF8.self)
            .components(separatedBy: "\r\n")
        let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last.map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < start + length {
            guard let bytes = read() else { return nil }
            buffer += bytes
        }
        let body = Array(buffer[start..<(start + length)])
        buffer.removeFirst(start + length)
        return (path, headers, body)
    }

    func respond(_ status: Int, _ headers: [String], _ body: [UInt8]) -> Bool {
        write(Self.head(status, headers, length: body.count) + body)
        return true
    }

    func resetOnClose() {
        isReset = true
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    static func head(_ status: Int, _ headers: [String], length: Int) -> [UInt8] {
        let lines =
            ["HTTP/1.1 \(status) Whatever", "Content-Type: application/json"] + headers
            + ["Content-Length: \(length)"]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}
