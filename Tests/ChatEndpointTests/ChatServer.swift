import Foundation

/// A real OpenAI-compatible server on this machine: llama.cpp with SmolLM2-135M-Instruct.
///
/// `CPO_CHAT_SERVER` is the address of one that runs (`http://127.0.0.1:8080`), or the directory of
/// the unpacked Python wheel xllamacpp; then `CPO_SMOLLM2_GGUF` is the model, and the server is
/// started once for all tests.
enum ChatServer {
    static var isPresent: Bool {
        guard let place = variable("CPO_CHAT_SERVER") else { return false }
        return place.hasPrefix("http") || variable("CPO_SMOLLM2_GGUF") != nil
    }

    /// The server's port.
    static func port() throws -> Int { try started.get() }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static let started = Result<Int, any Error> {
        let place = variable("CPO_CHAT_SERVER") ?? ""
        let address = place.hasPrefix("http") ? place : try start(wheel: place)
        guard let port = URL(string: address)?.port else {
            throw Failure(description: "no server (got '\(address)', expected its address)")
        }
        return port
    }

    /// The input of the server's process: it ends with ours, when the system closes this.
    private static let input = Pipe()

    private static func start(wheel: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "serve-chat.py").path(percentEncoded: false)
        process.arguments = [
            "nice", "python3", script, variable("CPO_SMOLLM2_GGUF") ?? "",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PYTHONPATH": wheel], uniquingKeysWith: { $1 })
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Else tools that tests start would keep the server alive.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data([0x0A]),
            !byte.isEmpty
        {
            line += byte
        }
        return String(decoding: line, as: UTF8.self)
    }
}
