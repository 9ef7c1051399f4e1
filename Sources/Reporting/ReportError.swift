public import StreamIO

/// What can go wrong with a report.
public enum ReportError: ReportedError, Hashable {
    /// The run directory does not exist or is no directory.
    case noRunDirectory(path: String)
    /// A file of the run is not what it should be.
    case badFile(path: String, got: String, expected: String)
    /// gnuplot is not installed.
    case gnuplotMissing
    /// gnuplot ran and failed.
    case gnuplotFailed(plot: String, outcome: String, message: String)
    /// A process could not be started.
    case cannotRun(program: String, reason: String)

    /// The status that a tool ends with.
    public var exitStatus: ExitStatus {
        switch self {
        case .noRunDirectory, .gnuplotMissing: .missingInput
        case .badFile: .badData
        case .gnuplotFailed, .cannotRun: .internalFailure
        }
    }

    /// What is wrong.
    public var description: String {
        switch self {
        case .noRunDirectory(let path):
            "\(path): no such run (got no directory, expected one with run.json or bench.json)"
        case .badFile(let path, let got, let expected):
            "\(path): unusable content (got \(got), expected \(expected))"
        case .gnuplotMissing:
            "cannot draw the plots (got no gnuplot on PATH, expected version 5 or later)"
        case .gnuplotFailed(let plot, let outcome, let message):
            "gnuplot could not draw \(plot) (got \(outcome), expected exit status 0): \(message)"
        case .cannotRun(let program, let reason):
            "cannot run \(program) (got \(reason), expected a running process)"
        }
    }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .gnuplotMissing: "install it, for example with: apt-get install gnuplot-nox"
        case .noRunDirectory: "give the directory that a pipeline wrote, such as runs/dolly/quick"
        default: nil
        }
    }
}
