public import StreamIO

/// A model gave a record something that is no number, so that there is no result for it.
public struct NotFiniteError: ReportedError, Hashable {
    /// Where the record was read.
    public var location: SourceLocation?
    /// The record.
    public var id: String
    /// What is not finite, with its value.
    public var what: String

    /// An error about a record.
    public init(_ record: Record, what: String) {
        location = record.location
        id = record.id
        self.what = what
    }

    /// What is wrong.
    public var description: String {
        (location.map { "\($0): " } ?? "") + "record \"\(id)\": \(what)"
    }

    /// What to do about it.
    public var hint: String? {
        "the model's weights are damaged, or too large for this --precision"
    }

    /// Always ``ExitStatus/internalFailure``.
    public var exitStatus: ExitStatus { .internalFailure }
}

extension Record {
    /// Refuses a result that is not finite.
    ///
    /// - Parameter what: what it is, as `log-probability of the output`
    public func requireFinite(_ value: Double, _ what: String) throws(NotFiniteError) {
        guard value.isFinite else {
            throw NotFiniteError(self, what: "\(what) (got \(value), expected a finite number)")
        }
    }
}
