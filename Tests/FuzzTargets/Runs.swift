import ArgumentParser
import ChatEndpoint
import Checkpoints
import Records
import Reporting
import Sampling
import StreamIO
import TestSupport
import ToolKit
import Training

extension FuzzTarget {
    /// What a stopped training run left: `state.json`, its metrics.
    static let trainingState = FuzzTarget("training-state") { input in
        let names = ["training-state/state.json", "metrics.jsonl"]
        try Scratch.withFiles(Array(zip(names, parts(input)))) { directory in
            let metrics = directory + "/metrics.jsonl"
            if TestFile.exists(metrics) {
                _ = try accepting { try MetricsFile(path: metrics, afterStep: 2) }
                let kept = try TestSupport.readFile(metrics)
                _ = try accepting { try MetricsFile(path: metrics, afterStep: 2) }
                try require(
                    try TestSupport.readFile(metrics) == kept, "what was kept once is kept again")
            }
            let state = try TrainingState.load(from: directory)
            try require(state.step >= 0, "a number of steps is not \(state.step)")
        }
    }

    /// `--config FILE`: what the file says is parsed as if it had been typed.
    static let toolConfig = FuzzTarget("tool-config") { input in
        try Scratch.withFile(input, "config.json") { path in
            var renamed = RenamedFlags(ExampleTool.self)
            let arguments = try ConfigurationFile.expand(
                ["--config", path, "--seed", "3"], for: ExampleTool.self, renamed: &renamed)
            try require(arguments.suffix(2) == ["--seed", "3"], "what was typed comes last")
            // Errors of the parser have messages of their own.
            guard let tool = try? ExampleTool.parse(arguments) else { return }
            try require(tool.common.seed == 3, "what was typed holds")
        }
    }

    /// A run's directory for `report`: `run.json` and one file of each kind.
    static let run = FuzzTarget("run") { input in
        let names = [
            "run.json", "metrics/cpo.jsonl", "judge/cpo-vs-mle.json", "mauve/cpo.json",
            "outputs/cpo.jsonl", "verdicts/cpo-vs-mle.jsonl", "bench.json",
        ]
        try Scratch.withFiles(Array(zip(names, parts(input)))) { directory in
            if let results = try accepting({ try BenchResults(directory: directory) }) ?? nil {
                _ = MarkdownRenderer().render(results.document)
            }
            let document = ReportBuilder(try Run(directory: directory), seed: 0).document
            _ = MarkdownRenderer().render(document)
            _ = HTMLRenderer(drawings: [:]).render(document)
        }
    }

    /// Arguments with a syntax of their own, one a line.
    static let arguments = FuzzTarget("arguments") { input in
        for line in text(input).split(separator: "\n").prefix(20).map(String.init) {
            _ = try accepting { try Blend.Input(parsing: line) }
            _ = try accepting { try WeightFiles.size(parsing: line) }
            _ = try accepting { try NegativeMix(parsing: line) }
            if let address = try accepting({ try EndpointAddress(parsing: line) }) {
                _ = try accepting {
                    try Credentials(
                        environment: [
                            "OPENAI_API_KEY": "key", "OPENAI_CUSTOM_HEADERS": line,
                        ], variable: nil, for: address)
                }
            }
            if let shard = Shard(line) {
                try require(
                    Shard(shard.description) == shard, "\(shard) is written as it is read")
            }
        }
    }
}

/// A tool with the flags that all tools have, and one of each kind besides.
private struct ExampleTool: CommandLineTool {
    static let configuration = toolConfiguration("example", abstract: "An example.")
    static let example = "example"
    static let renamedFlags = ["speed": "rate"]

    @Option var rate = 0.5
    @Option var count: Int?
    @Option var name: [String] = []
    @Flag(inversion: .prefixedNo) var shuffle = true
    @OptionGroup var common: CommonOptions

    func execute(_ log: Log) {}
}
