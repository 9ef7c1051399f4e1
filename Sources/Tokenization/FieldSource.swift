import Records
import StreamIO

/// The fields of a record, however it is stored.
protocol FieldSource {
    /// Whether there is a field `key`, null or not.
    func contains(_ key: String) -> Bool

    /// Calls `body` with the UTF-8 of a string.
    /// - Returns: nil if the field is no string.
    func withText<Result, Failure>(
        of key: String, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result?
}

extension RecordText: FieldSource {}

extension [String: JSONValue]: FieldSource {
    func contains(_ key: String) -> Bool { self[key] != nil }

    func withText<Result, Failure>(
        of key: String, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let text = self[key]?.string else { return nil }
        return try Array(text.utf8).withUnsafeBufferPointer(body)
    }
}
