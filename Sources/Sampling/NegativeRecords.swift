public import Records
public import StreamIO
import Transformer

/// How negatives and what they are made from appear in records.
public struct NegativeRecords {
    /// Makes prompts ready; over-long means that prompt and response do not fit.
    public var policy: PromptPolicy
    /// The run's settings.
    public var options: NegativeGenerator.Options
    /// Token ids of text; `nil` without a tokenizer.
    public var tokenize: ((String) -> [Int32])?
    /// Text of token ids; `nil` without a tokenizer.
    public var text: (([Int32]) throws -> String)?
    /// What the field `negatives_from` says.
    public var provenance: JSONValue

    /// Conventions for a run.
    ///
    /// - Parameter modelHash: SHA-256 of the generating model's weights
    public init(
        policy: PromptPolicy, options: NegativeGenerator.Options, modelHash: String,
        tokenize: ((String) -> [Int32])?, text: (([Int32]) throws -> String)?
    ) {
        self.policy = policy
        self.options = options
        self.tokenize = tokenize
        self.text = text
        var fields = options.filter.fields
        fields["kinds"] = .string(options.mix.description)
        fields["model"] = .string(modelHash)
        fields["max_new_tokens"] = .integer(Int64(options.limits.maxNewTokens))
        fields["seed"] = .integer(Int64(bitPattern: options.seed))
        provenance = .object(fields)
    }

    /// What negatives are made from; `nil` if the record is to be left out.
    ///
    /// - Throws: ``/Records/RecordError`` with the record's place.
    public func source(_ record: Record) throws(RecordError) -> NegativeSource? {
        let prompt = try record.tokenIDs("prompt_ids")
        let response = try record.tokenIDs("response_ids")
        let given = try options.mix[.given] > 0 ? given(record) : nil
        do throws(SamplingError) {
            guard !response.isEmpty else { throw .emptyResponse }
            try policy.check(response)
            try policy.check(given ?? [])
            if options.mix[.tn] > 0, options.limits.eosTokenIDs.isEmpty {
                throw .noEOS
            }
            let needed = max(response.count, given?.count ?? 0)
            guard
                let prompt = try policy.prepare(
                    prompt, needed: needed, wanted: max(needed, options.limits.maxNewTokens))
            else { return nil }
            return NegativeSource(
                id: record.id, prompt: prompt, response: response, given: given)
        } catch {
            throw error.at(record.location)
        }
    }

    /// The negative that the record brings: `rejected_ids`, or the text `rejected` with EOS behind it.
    private func given(_ record: Record) throws(RecordError) -> [Int32] {
        if let ids = try record.optionalTokenIDs("rejected_ids"), !ids.isEmpty { return ids }
        guard let rejected = try record.optionalString("rejected") else {
            throw SamplingError.nothingGiven.at(record.location)
        }
        guard let tokenize else {
            throw .unfit(
                location: record.location,
                reason: "text to tokenize (got a model without tokenizer, expected one with)",
                hint: "give the negative's token ids as 'rejected_ids'")
        }
        return tokenize(rejected) + options.limits.eosTokenIDs.prefix(1)
    }

    /// Puts the negatives into the record, in the place of those that it had; what was said of the old
    /// ones, `ranking` and `reference`, goes with them.
    public func add(
        _ negatives: [NegativeContinuation], of source: NegativeSource, to record: inout Record
    ) throws {
        for negative in negatives {
            try record.requireFinite(
                negative.sequence.logProbability,
                "log-probability of a negative of kind \(negative.kind.rawValue)")
        }
        // A prompt that was cut is what the negatives continue.
        record.setTokenIDs("prompt_ids", source.prompt)
        record["negatives_from"] = provenance
        record.dropCandidateOrder()
        record.setNegatives(
            try negatives.map { negative in
                let sequence = negative.sequence
                let content =
                    sequence.finish == .eos ? Array(sequence.ids.dropLast()) : sequence.ids
                var result = Negative(
                    kind: negative.kind.rawValue, ids: sequence.ids, text: try text?(content))
                result.finish = sequence.finish.rawValue
                result.logprob = sequence.logProbability
                result.seed = Int64(bitPattern: options.seed)
                return result
            })
    }
}

extension NegativeStatistics {
    /// The numbers in words, kinds in the order of the mix.
    public func description(_ mix: NegativeMix) -> String {
        var parts: [String] = []
        for kind in mix.entries.map(\.kind) {
            parts.append("\(made[kind] ?? 0) \(kind.rawValue)")
        }
        var text = parts.joined(separator: ", ")
        if mix[.an] > 0 { text += "; \(atLimit) samples reached the length limit" }
        if redrawn > 0 { text += "; \(redrawn) duplicates drawn again" }
        let lost = mix.entries.compactMap { entry in
            dropped[entry.kind].flatMap { $0 > 0 ? "\($0) \(entry.kind.rawValue)" : nil }
        }
        if !lost.isEmpty { text += "; dropped " + lost.joined(separator: ", ") }
        return text
    }
}
