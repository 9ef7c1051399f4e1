import ChatEndpoint
import Foundation
import Glibc
import StreamIO
import TestSupport
import Testing

/// A directory in which `judge` compares outputs named "good N" with responses named "bad N".
struct Judging {
    /// The key that must never show.
    static let key = "sk-test-0123456789abcdef"

    let directory: String

    /// Calls `body` with a fresh directory that holds so many records.
    static func with<R>(records count: Int = 4, _ body: (Judging) throws -> R) throws -> R {
        try withTemporaryDirectory { directory in
            let records = (0..<count).map { number in
                #"{"id":"r\#(number)","instruction":"question \#(number)","output":"good \#(number)","#
                    + #""response":"bad \#(number)"}"#
            }
            try writeFile(
                "\(directory)/outputs.jsonl", records.joined(separator: "\n") + "\n")
            return try body(Judging(directory: directory))
        }
    }

    /// Runs `judge` on the records; verdicts go to `verdicts.jsonl`, the summary to `summary.json`.
    func judge(
        _ server: FaultServer?, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws -> ToolRunner.Output {
        try ToolRunner.run(
            "judge", Self.arguments + address(server) + arguments,
            environment: Self.cleared.merging(environment) { $1 }, directory: directory)
    }

    /// Runs `judge`, which leaves the number of its process in the file `pid`.
    func judgeWithID(
        _ server: FaultServer, _ arguments: [String]
    ) throws -> ToolRunner.Output {
        try ToolRunner.run(
            "/bin/sh",
            ["-c", "echo $$ >pid; exec \"$@\"", "sh", "\(ToolRunner.binaries)/judge"]
                + Self.arguments + address(server) + arguments,
            environment: Self.cleared, directory: directory)
    }

    /// The number that such a run left.
    static func processID(in file: String) -> pid_t? {
        (try? readFile(file)).flatMap {
            pid_t(String(decoding: $0, as: UTF8.self).prefix { $0.isNumber })
        }
    }

    static let arguments = [
        "--a", "outputs.jsonl", "--judge", "endpoint", "--judge-model", "judge", "-o",
        "verdicts.jsonl", "--summary", "summary.json",
    ]

    /// Nothing of the caller's settings may change a result.
    static let cleared = [
        "OPENAI_API_KEY": "", "OPENAI_ORG_ID": "", "OPENAI_PROJECT_ID": "",
        "OPENAI_CUSTOM_HEADERS": "", "OPENAI_MAX_CONCURRENCY": "", "http_proxy": "",
        "https_proxy": "", "HTTPS_PROXY": "", "all_proxy": "", "ALL_PROXY": "", "no_proxy": "",
        "NO_PROXY": "",
    ]

    func address(_ server: FaultServer?) -> [String] {
        server.map { ["--base-url", $0.base] } ?? []
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func lines(_ name: String) throws -> [JSONValue] {
        try readFile(path(name)).split(separator: 0x0A).map { try JSONValue(parsing: $0) }
    }

    /// The verdicts of the last run.
    func verdicts() throws -> [JSONValue] { try lines("verdicts.jsonl") }

    /// Winner by winner.
    func winners() throws -> [String] { try verdicts().map { $0["winner"]?.string ?? "none" } }

    /// The summary of the last run.
    func summary() throws -> JSONValue {
        try JSONValue(parsing: try readFile(path("summary.json")))
    }

    /// Stored answers.
    func stored() throws -> Int { try lines("verdicts.jsonl.calls.jsonl").count }
}

/// Judges that decide by what they are shown.
enum SyntheticJudge {
    /// The letter before the answer that says "good".
    static func honest(_ request: SeenRequest) -> String {
        request.question.contains("Response A: good") ? "A" : "B"
    }

    /// A server whose judge is honest.
    static func answer(_ request: SeenRequest) -> Reaction {
        .answer(ChatBody.reply(honest(request)))
    }

    /// The record that a question is about.
    static func record(_ request: SeenRequest) -> Int {
        let digits = request.question.components(separatedBy: "Query: question ").last?.prefix {
            $0.isNumber
        }
        return digits.flatMap { Int($0) } ?? -1
    }

    /// Whether the output, not the response, is shown first.
    static func showsOutputFirst(_ request: SeenRequest) -> Bool { honest(request) == "A" }
}
