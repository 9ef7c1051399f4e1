import Foundation
import Testing

/// A tool that reads records, called the way that works; the hostile inputs are tried on it.
struct RecordTool: Sendable, CustomTestStringConvertible {
    /// The call without input and output.
    let call: String
    /// The file in the fixture that it reads.
    let input: String
    /// Whether records come out of it; otherwise a checkpoint, at `--out`.
    var writesRecords = true

    /// The tool's name.
    var name: String { String(call.prefix { $0 != " " }) }
    var testDescription: String { name }

    /// Tools that turn records into records.
    static let filters = [
        RecordTool(call: "tokenize --model $FIXTURE/tokenizer", input: "raw.jsonl"),
        RecordTool(
            call: "gen-negatives --model $FIXTURE/model --kinds an:1,tn:1 --max-new-tokens 4",
            input: "tokens.jsonl"),
        RecordTool(call: "rank-by-embedding --embedder $FIXTURE/model", input: "negatives.jsonl"),
        RecordTool(call: "score --model $FIXTURE/model --per-token", input: "ranked.jsonl"),
        RecordTool(
            call: "generate --model $FIXTURE/model --decode greedy --max-new-tokens 4",
            input: "tokens.jsonl"),
    ]

    /// Tools that turn records into a checkpoint.
    static let trainers = [
        RecordTool(
            call: "pretrain-mle --model $FIXTURE/model --steps 2 --batch-size 2",
            input: "tokens.jsonl", writesRecords: false),
        RecordTool(
            call: "train-cpo --model $FIXTURE/model --steps 2 --batch-size 2 --beta 0.1",
            input: "scored.jsonl", writesRecords: false),
    ]

    /// Both.
    static let all = filters + trainers

    /// Runs `script` in a directory of its own. It finds the input as `$INPUT`, and the call as the
    /// function `run`, which takes further arguments; a trainer writes to `out`. `start … &` is the
    /// same as the process `$!`.
    ///
    /// - Parameter files: what else is to be found in the directory, by name.
    func run(_ script: String, files: [String: Data] = [:]) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        let output = writesRecords ? "" : " --out out"
        let prelude = """
            INPUT=$FIXTURE/\(input)
            run() { \(call)\(output) "$@"; }
            start() { exec \(call)\(output) "$@"; }

            """
        return try Workspace.withDirectory { directory in
            for (name, content) in files {
                try content.write(to: directory.appending(path: name))
            }
            return try Shell.run(
                prelude + script, in: directory,
                environment: Workspace.environment(fixture: fixture))
        }
    }
}
