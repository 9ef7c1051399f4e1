import Evaluation
import StreamIO

/// All that a run directory holds. Parts that are absent are empty and named in `missing`.
package struct Run {
    var description: RunDescription
    var curves: [TrainingCurve] = []
    var comparisons: [Comparison] = []
    var mauve: [MauveScore] = []
    var outputs: [OutputSet] = []
    var verdicts: [VerdictSet] = []
    /// Files in the directory, as `PART/NAME`, that are not of this run by its description.
    var foreign: [String] = []
    /// Last lines that were cut short and are left out, with file and line and what is wrong.
    var torn: [String] = []
    /// What a complete run would have and this one lacks, in words.
    package internal(set) var missing: [String] = []
}

/// The content of `run.json`. Every part may be absent.
struct RunDescription {
    struct Stage {
        let name: String
        let seconds: Double?
    }

    var title: String?
    /// Which of the pipelines' experiments: `dolly`, `ablation`, `decoding`, `wiki`.
    var experiment: String?
    /// What kind of data: `dolly` or `wiki`.
    var data: String?
    var profile: String?
    var base: String?
    var baseNote: String?
    var dataset: String?
    var datasetNote: String?
    var embedder: String?
    var seed: String?
    var machine: String?
    var stages: [Stage] = []
    /// Names with values as text, sorted by name.
    var configuration: [(name: String, value: String)] = []
    var hashes: [(name: String, value: String)] = []
    /// The files that belong to the run, as `PART/NAME`; nil for all that are there.
    var results: Set<String>?
    var warnings: [String] = []
}

/// One metrics file: the numbers of each line, by field name.
struct TrainingCurve {
    let name: String
    let lines: [[String: Double]]

    /// The field against the step; lines without it are left out.
    func points(of field: String) -> [Plot.Point] {
        lines.compactMap { line in
            guard let step = line["step"], let value = line[field] else { return nil }
            return Plot.Point(x: step, y: value)
        }
    }
}

/// The names of two systems that a judge compared; `b` is ``ComparisonName/truth`` where outputs are held
/// against the record's own response.
package struct ComparisonName: Hashable {
    static let truth = "truth"

    let a: String
    let b: String
    let judge: String

    package init(a: String, b: String, judge: String) {
        (self.a, self.b, self.judge) = (a, b, judge)
    }

    var isAgainstTruth: Bool { b == Self.truth }
}

/// The summary of one comparison.
struct Comparison {
    let name: ComparisonName
    let wins: Int
    let losses: Int
    let ties: Int
    let errors: Int
    /// Comparisons with a verdict.
    let judged: Int
    let winRate: Double
    let lower: Double
    let upper: Double
    let consistency: Double?
    let firstPositionRate: Double?
    let meanLengthA: Double?
    let meanLengthB: Double?
}

/// A MAUVE score with what it depends on.
struct MauveScore {
    let system: String
    let mean: Double
    let deviation: Double?
    let countP: Int?
    let countQ: Int?
    let signature: String?
    /// Hyperparameters and sizes: scores are comparable only where these agree.
    let settings: String
}

/// Generated texts of one system.
struct OutputSet {
    struct Item {
        let id: String
        let prompt: String?
        let truth: String?
        let output: String
        let finish: String?
    }

    let system: String
    let items: [Item]
    let statistics: TextStatistics
}

/// All verdicts of one comparison.
struct VerdictSet {
    let name: ComparisonName
    let verdicts: [Verdict]
}
