import Glibc
import Kernels
import StreamIO

/// The metrics of a run: one JSON object a step, appended as it comes.
public final class MetricsFile {
    private let path: String
    private let descriptor: Int32

    /// Opens a metrics file for a run that has made `steps` steps: what an earlier, stopped run noted
    /// up to there stays, the rest is dropped.
    public init(path: String, afterStep steps: Int) throws(StreamError) {
        self.path = path
        var kept: [UInt8] = []
        if steps > 0, access(path, R_OK) == 0 {
            var lines = LineReader(try InputFile(path: path))
            while let line = try lines.next() {
                guard case .object(let fields)? = try? JSONValue(parsing: line),
                    case .integer(let step)? = fields["step"], step <= Int64(steps)
                else { continue }
                kept += line + [0x0a]
            }
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
        }
        try append(kept)
    }

    deinit { close(descriptor) }

    /// Appends the metrics of one step.
    public func write(_ metrics: JSONObject) throws {
        // Not a number cannot stand in JSON; a diverged run stops before it gets here.
        try append(try JSONValue.object(metrics).serialized() + [0x0a])
    }

    private func append(_ bytes: [UInt8]) throws(StreamError) {
        var start = 0
        while start < bytes.count {
            let written = bytes[start...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard written > 0 else {
                if errno == EINTR { continue }
                throw .writeFailed(path: path, reason: String(cString: strerror(errno)))
            }
            start += written
        }
    }
}

extension StepReport {
    /// The step's fields in a metrics file.
    public var metrics: JSONObject {
        var fields: JSONObject = [
            "step": .integer(Int64(step)), "loss": .number(result.loss),
            "grad_norm": .number(gradientNorm), "learning_rate": .number(learningRate),
            "tokens": .integer(Int64(result.tokens)), "rows": .integer(Int64(result.rows)),
            "seconds": .number(seconds), "precision": .string(precision.rawValue),
        ]
        if let plan { fields["memory_plan"] = .string(plan.rawValue) }
        if let stages {
            fields["stages"] = .object(
                Dictionary(
                    uniqueKeysWithValues: stages.seconds.map { ($0.rawValue, .number($1)) }))
            fields["gflops"] = .number(stages.productOperations / seconds / 1e9)
        }
        if let preference = result.preference {
            fields["reward_chosen"] = .number(preference.rewardChosen)
            fields["reward_rejected"] = .number(preference.rewardRejected)
            fields["reward_margin"] = .number(preference.rewardMargin)
            fields["reward_accuracy"] = .number(preference.rewardAccuracy)
            fields["logprob_chosen"] = .number(preference.logProbabilityChosen)
            fields["logprob_rejected"] = .number(preference.logProbabilityRejected)
        }
        return fields
    }
}
