extension RecordTokenizer.Counts {
    /// What the user should know about `read` records.
    public func warnings(of read: Int) -> [String] {
        var warnings: [String] = []
        func add(_ count: Int, _ text: String) {
            if count > 0 { warnings.append("\(count) \(text)") }
        }
        add(promptsTruncated, "of \(read) prompts truncated")
        add(responsesTruncated, "of \(read) responses truncated (no end of sequence)")
        add(overlong, "of \(read) records dropped because they are too long")
        add(tooShort, "of \(read) texts dropped because nothing follows their prefix")
        add(droppedBytes, "bytes left out because the vocabulary has no token for them")
        add(
            inputsLeftOut,
            "records have a field \"input\" that is not in their prompt: --template FILE with {input} puts it there"
        )
        add(
            outputsTaken,
            "records have no response: their \"output\" was taken for it, as in Alpaca's")
        add(
            stale,
            "records lost ranking or reference scores, which belong to other tokens than they have now"
        )
        return warnings
    }

    /// The last line of a run.
    public func summary(read: Int, written: Int, ofField field: String?) -> String {
        let tokens =
            field == nil
            ? "\(promptTokens) prompt and \(responseTokens) response tokens"
            : "\(promptTokens) tokens"
        return "\(read) records read, \(written) written, \(tokens), "
            + "\(promptsTruncated + responsesTruncated) truncated, \(overlong + tooShort) dropped, "
            + "\(specialTokens) special-token spellings in the data"
    }
}
