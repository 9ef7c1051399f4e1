import FoundationEssentials
import Reporting
import StreamIO

/// A run directory with known content, in a temporary directory that goes away with it.
final class SyntheticRun {
    let path: String
    var reportPath: String { path + "/report" }

    static let hostile = "<script>alert('x')</script> & | `` ``` *star*"

    /// - Parameter parts: which of metrics, judge, mauve, outputs, verdicts to write
    init(
        parts: Set<String> = ["metrics", "judge", "mauve", "outputs", "verdicts"],
        description: String? = nil
    ) throws {
        path = FileManager.default.temporaryDirectory.path + "/synthetic-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try write("run.json", description ?? Self.description)
        if parts.contains("metrics") { try writeMetrics() }
        if parts.contains("judge") { try writeJudge() }
        if parts.contains("mauve") { try writeMauve() }
        if parts.contains("outputs") { try writeOutputs() }
        if parts.contains("verdicts") { try writeVerdicts() }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ text: String) throws {
        let folder = (path + "/" + name).split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(
            atPath: "/" + folder, withIntermediateDirectories: true)
        try AtomicFile.write(to: path + "/" + name) { writer in
            try writer.write(Array(text.utf8))
        }
    }

    /// The run as the library reads it. The directory lives at least as long as the call.
    func load() throws -> Run {
        try withExtendedLifetime(self) { try Run(directory: path) }
    }

    /// The report on it.
    func report() throws -> Report {
        try withExtendedLifetime(self) { try Report(ofRun: path) }
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path + "/" + name, encoding: .utf8)
    }

    // MARK: Content

    private static let description = """
        {"title": "Synthetic <run>", "profile": "tiny", "base": "mini", "base_note": "untrained",
         "dataset": "mini-dolly", "dataset_note": "made up", "embedder": "MiniLM", "seed": 7,
         "machine": {"cpu": "Abacus", "cores": 2, "memory_gib": 1.5},
         "stages": [{"name": "cpo", "seconds": 90}, {"name": "judge", "seconds": 30}],
         "configuration": {"cpo_beta": 0.1, "steps": 100}, "hashes": {"dataset": "00ff"},
         "warnings": ["the base model is tiny"]}
        """

    private func writeMetrics() throws {
        let mle = (1...40).map { step in
            "{\"step\": \(step), \"loss\": \(3.0 - 0.02 * Double(step)), \"grad_norm\": 1}"
        }
        try write("metrics/mle-continued.jsonl", mle.joined(separator: "\n") + "\n")
        // A loss that rises, which the report has to notice.
        let cpo = (1...700).map { step in
            "{\"step\": \(step), \"loss\": \(1.0 + 0.001 * Double(step)), \"reward_margin\": 0.5, "
                + "\"reward_chosen\": 0.25, \"reward_rejected\": -0.25, \"reward_accuracy\": 0.75}"
        }
        try write("metrics/cpo.jsonl", cpo.joined(separator: "\n") + "\n")
    }

    private func writeJudge() throws {
        // 30 wins, 60 losses, 10 ties of 100: 0.35; Wilson 0.2637 to 0.4474.
        try write("judge/mle-continued.oracle.json", Self.summary(30, 60, 10, errors: 0))
        // 50 : 50, the interval contains one half.
        try write("judge/cpo-vs-truth.oracle.json", Self.summary(50, 50, 0, errors: 4))
        try write("judge/cpo-alpha0.5-vs-truth.oracle.json", Self.summary(80, 20, 0, errors: 0))
        try write("judge/cpo-vs-mle-continued.oracle.json", Self.summary(70, 30, 0, errors: 0))
    }

    private static func summary(_ wins: Int, _ losses: Int, _ ties: Int, errors: Int) -> String {
        """
        {"a": "runs/x/outputs/a.jsonl.zst", "judge": "oracle", "wins": \(wins),
         "losses": \(losses), "ties": \(ties), "errors": \(errors), "n": \(wins + losses + ties),
         "consistency": 0.6, "first_position_rate": 0.5, "mean_a_tokens": 20, "mean_b_tokens": 60}
        """
    }

    private func writeMauve() throws {
        for (system, score) in [("mle-continued", 0.5), ("cpo", 0.625)] {
            try write(
                "mauve/\(system).json",
                """
                {"mauve": \(score), "mauve_sd": 0.01, "n_p": 100, "n_q": 100, "buckets": 10,
                 "signature": "mauve:\(score)|sd:0.010|buckets:10|c:5|dim:\(score == 0.5 ? 3 : 4)"}
                """)
        }
    }

    private func writeOutputs() throws {
        for system in ["mle-continued", "cpo", "cpo-alpha0.5"] {
            let lines = (0..<100).map { index in
                let text = index == 0 ? "\(Self.hostile) \(system)" : "one two three one two"
                return Self.line([
                    "id": .string("r\(index)"), "prompt": .string("Prompt \(Self.hostile)"),
                    "response": .string("the truth"), "output": .string(text),
                    "finish": .string(index < 60 ? "length" : "eos"),
                ])
            }
            try write("outputs/\(system).jsonl", lines.joined())
        }
    }

    private func writeVerdicts() throws {
        for (system, wins) in [("mle-continued", 35), ("cpo", 50), ("cpo-alpha0.5", 80)] {
            let lines = (0..<100).map { index in
                Self.line([
                    "id": .string("r\(index)"), "winner": .string(index < wins ? "a" : "b"),
                    "orders": .array([]),
                ])
            }
            try write("verdicts/\(system)-vs-truth.oracle.jsonl", lines.joined())
        }
    }

    private static func line(_ fields: JSONObject) -> String {
        let bytes = (try? JSONValue.object(fields).serialized()) ?? []
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }
}
