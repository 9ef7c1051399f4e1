import StreamIO

extension Record {
    /// What was asked, without a prompt template where the record still has the parts: the given
    /// field, or `instruction` with `context` (or Alpaca's `input`) below it, or `prompt`.
    public func queryText(field: String? = nil) throws(RecordError) -> String {
        if let field { return try string(field) }
        if let instruction = try optionalString("instruction") {
            var context = try optionalString("context") ?? ""
            if context.isEmpty { context = fields["input"]?.string ?? "" }
            return context.isEmpty ? instruction : instruction + "\n\n" + context
        }
        return try string("prompt")
    }
}
