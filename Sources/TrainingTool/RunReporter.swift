import Kernels
import ToolKit
import Training

/// Tells of a run's steps while they are made, and of the whole at its end.
struct RunReporter {
    private let log: Log
    private var totals = RunTotals()
    private var progress: Progress

    /// - Parameter steps: of the whole run
    init(steps: Int, log: Log) {
        self.log = log
        progress = Progress(unit: "steps", total: steps, log: log)
    }

    /// Tells of a step and, if it was evaluated, of the loss.
    mutating func add(_ report: StepReport, evaluationLoss: Double?) {
        totals.add(report)
        progress.update(report.step, "loss \(Progress.fixed(report.result.loss, 4))")
        log.debug(line(report))
        if let evaluationLoss {
            log.info("step \(report.step): evaluation loss \(evaluationLoss)")
        }
    }

    /// Clears the line of progress.
    mutating func finish() { progress.finish() }

    /// Where the time went, and how near the products came to the roof of a precision.
    func profile(_ precision: MatrixPrecision) -> String {
        totals.profile(roof: precision.measuredRoof())
    }

    /// What was made of `steps` steps, and where it went.
    func summary(steps: Int, out: String) -> String { totals.summary(steps: steps, out: out) }

    private func line(_ report: StepReport) -> String {
        var text =
            "step \(report.step): loss \(Progress.fixed(report.result.loss, 4)), "
            + "gradient norm \(Progress.fixed(report.gradientNorm, 3)), "
            + "\(Progress.short(Double(report.result.tokens) / report.seconds)) tokens/s"
        if let preference = report.result.preference {
            text +=
                ", margin \(Progress.fixed(preference.rewardMargin, 4))"
                + ", accuracy \(Progress.fixed(preference.rewardAccuracy, 2))"
        }
        return text
    }
}

/// Sums over the steps of a run, for its last line.
private struct RunTotals {
    private var first: StepResult?
    private var last: StepResult?
    private var tokens = 0
    private var rows = 0
    private var seconds = 0.0
    private var stages = StageTimes()

    mutating func add(_ report: StepReport) {
        first = first ?? report.result
        last = report.result
        tokens += report.result.tokens
        rows += report.result.rows
        seconds += report.seconds
        if let times = report.stages { stages.add(times) }
    }

    /// Where the time went, and how near the products came to the roof.
    func profile(roof: Double) -> String {
        func part(_ name: String, _ time: Double) -> String {
            "\(name) \(Progress.fixed(100 * time / max(seconds, 1e-9), 1)) %"
        }
        func rate(_ operations: Double, _ seconds: Double) -> String {
            let rate = operations / max(seconds, 1e-9)
            return "\(Progress.fixed(rate / 1e9, 1)) GFLOP/s "
                + "(\(Progress.fixed(100 * rate / roof, 0)) %)"
        }
        let known = Stage.allCases.compactMap { stage in
            stages.seconds[stage].map { time in
                part(stage.rawValue, time)
                    + (stages.operations[stage].map { " at \(rate($0, time))" } ?? "")
            }
        }
        let rest = seconds - stages.seconds.values.reduce(0, +)
        return "time: \((known + [part("rest", rest)]).joined(separator: ", ")); "
            + "all products \(rate(stages.productOperations, stages.productSeconds)), the whole step "
            + "\(rate(stages.productOperations, seconds)) of this machine's roof of "
            + "\(Progress.fixed(roof / 1e9, 1)) GFLOP/s"
    }

    func summary(steps: Int, out: String) -> String {
        guard let first, let last else { return "no steps to make; \(out) written" }
        var text =
            "\(steps) steps, loss \(Progress.fixed(first.loss, 4)) → \(Progress.fixed(last.loss, 4))"
        if let start = first.preference, let end = last.preference {
            text +=
                ", accuracy \(Progress.fixed(start.rewardAccuracy, 2)) → "
                + "\(Progress.fixed(end.rewardAccuracy, 2))"
        }
        return text
            + ", \(tokens) tokens (\(rows) rows) in \(Progress.fixed(seconds, 1)) s, "
            + "\(Progress.short(Double(tokens) / seconds)) tokens/s; \(out) written"
    }
}
