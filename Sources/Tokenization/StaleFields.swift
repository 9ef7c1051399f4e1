import Records

extension RecordTokenizer.Outcome {
    /// Has the record lose its ranking, and its reference scores, if response or prompt become others
    /// than those that they were made for.
    mutating func dropWhatIsStale(in fields: some FieldSource) {
        guard let updates,
            CandidateDigest.dependentFields.contains(where: fields.contains)
        else { return }
        var isOtherResponse = false
        var isOtherPrompt = false
        for update in updates {
            switch (update.key, update.value) {
            case ("response", .text(let text)):
                let isSame = fields.withText(of: "response") { $0.elementsEqual(text) }
                isOtherResponse = isOtherResponse || isSame == false
            case ("response_ids", .ids(let ids)):
                let old = fields.tokenIDs(of: "response_ids")
                isOtherResponse = isOtherResponse || old != nil && old != ids
            case ("prompt_ids", .ids(let ids)):
                let old = fields.tokenIDs(of: "prompt_ids")
                isOtherPrompt = old != nil && old != ids
            default: continue
            }
        }
        // A ranking does not depend on the prompt.
        let stale = CandidateDigest.dependentFields.filter {
            fields.contains($0) && (isOtherResponse || isOtherPrompt && $0 == "reference")
        }
        guard !stale.isEmpty else { return }
        counts.stale += 1
        self.updates = (updates + stale.map { FieldUpdate($0, .absent) })
            .sorted { $0.key < $1.key }
    }
}
