/// Exit statuses of all tools, after `sysexits.h`.
public enum ExitStatus: Int32, Sendable {
    /// Everything was done.
    case success = 0
    /// Unknown flag, missing argument, contradictory options.
    case usage = 64
    /// A record or a file's content is not what it should be.
    case badData = 65
    /// An input does not exist or cannot be opened.
    case missingInput = 66
    /// A fault of ours, or training diverged (non-finite loss).
    case internalFailure = 70
    /// An output cannot be created.
    case cannotCreate = 73
    /// Read or write failed, short write, disk full.
    case inputOutput = 74
}

/// An error that a tool reports to its user: `description` says what is wrong in the form
/// "what (got X, expected Y)", `hint` what to do about it, `exitStatus` how the tool ends.
public protocol ReportedError: Error, Sendable, CustomStringConvertible {
    /// The status that the tool exits with.
    var exitStatus: ExitStatus { get }
    /// What the user can do about it, if that is known.
    var hint: String? { get }
}

extension ReportedError {
    /// No hint unless the error has one.
    public var hint: String? { nil }
}
