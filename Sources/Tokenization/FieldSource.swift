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

    /// The token ids in a field; nil if it holds none.
    func tokenIDs(of key: String) -> [Int32]?

    /// The names of all fields, in order.
    var names: [String] { get }
}

extension FieldSource {
    /// What to say about a record that has neither a response nor a text.
    var unknownShape: TokenizationError {
        let found = names.filter { $0 != "id" }.joined(separator: ", ")
        for (field, text) in [("messages", "content"), ("conversations", "value")]
        where contains(field) {
            return .unfitRecord(
                what: "a conversation (got fields \(found), expected prompt and response)",
                hint: "jq -c '.prompt = .\(field)[-2].\(text) | .response = .\(field)[-1].\(text)' "
                    + "takes the last two turns; --template chat then puts the prompt as they do")
        }
        return .unfitRecord(
            what: "shape of record (got fields \(found), expected instruction or prompt with "
                + "response, or text)",
            hint: "jq -c '.prompt = .question | .response = .answer' renames fields; "
                + "--field NAME takes one as it is")
    }
}

extension RecordText: FieldSource {}

extension JSONObject: FieldSource {
    var names: [String] { sorted.map(\.key) }

    func contains(_ key: String) -> Bool { self[key] != nil }

    func withText<Result, Failure>(
        of key: String, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let text = self[key]?.string else { return nil }
        return try Array(text.utf8).withUnsafeBufferPointer(body)
    }

    func tokenIDs(of key: String) -> [Int32]? {
        self[key]?.ids
    }
}
