public import Records
public import StreamIO
import Transformer

/// How a run's outputs and prompts appear in records.
public struct GenerationRecords {
    /// Makes prompts ready.
    public var policy: PromptPolicy
    /// The limits of the run.
    public var limits: DecodingLimits
    /// Text of token ids; `nil` without a tokenizer.
    public var text: (([Int32]) throws -> String)?

    /// Conventions with all their values.
    public init(
        policy: PromptPolicy, limits: DecodingLimits, text: (([Int32]) throws -> String)?
    ) {
        self.policy = policy
        self.limits = limits
        self.text = text
    }

    /// The request that a token record makes; `nil` if it is to be left out.
    ///
    /// - Throws: ``/Records/RecordError`` with the record's place.
    public func request(_ record: Record) throws(RecordError) -> GenerationRequest? {
        let ids = try record.tokenIDs("prompt_ids")
        do {
            guard let prompt = try policy.prepare(ids, wanted: limits.maxNewTokens) else {
                return nil
            }
            return GenerationRequest(id: record.id, prompt: prompt)
        } catch {
            throw error.at(record.location)
        }
    }

    /// Text of an output without the EOS at its end.
    public func text(of sequence: GeneratedSequence) throws -> String? {
        let ids = sequence.finish == .eos ? sequence.ids.dropLast() : sequence.ids[...]
        return try text?(Array(ids))
    }

    /// Adds `output`, `output_ids`, `finish`, `output_logprob`, for beams `score`, and with several outputs
    /// also `outputs`, an array of all of them.
    ///
    /// - Throws: ``/Records/NotFiniteError`` if there is no output, which happens only where no token has a
    ///   probability, or if one's log-probability is not finite.
    public func add(
        _ outputs: [GeneratedSequence], all: Bool, to record: inout Record
    ) throws {
        guard let first = outputs.first else {
            throw NotFiniteError(
                record,
                what: "no output, since no token has a probability "
                    + "(got logits that are not finite, expected finite ones)")
        }
        for output in outputs {
            try record.requireFinite(output.logProbability, "log-probability of the output")
        }
        record["output"] = try text(of: first).map { .string($0) }
        record.setTokenIDs("output_ids", first.ids)
        record["finish"] = .string(first.finish.rawValue)
        record["output_logprob"] = .number(first.logProbability)
        record["score"] = first.score.map { .number($0) }
        record["outputs"] = nil
        guard all else { return }
        record["outputs"] = .array(
            try outputs.map { output in
                var fields: JSONObject = [
                    "ids": JSONValue(tokenIDs: output.ids),
                    "finish": .string(output.finish.rawValue),
                    "logprob": .number(output.logProbability),
                ]
                fields["text"] = try text(of: output).map { .string($0) }
                fields["score"] = output.score.map { .number($0) }
                return .object(fields)
            })
    }
}

extension DecodingStrategy {
    /// The strategy as the field `decoding` holds it.
    public func description(limits: DecodingLimits, seed: UInt64) -> JSONValue {
        var fields: JSONObject = [
            "max_new_tokens": .integer(Int64(limits.maxNewTokens))
        ]
        if limits.minNewTokens > 0 {
            fields["min_new_tokens"] = .integer(Int64(limits.minNewTokens))
        }
        if limits.ignoresEOS { fields["ignore_eos"] = .bool(true) }
        switch self {
        case .tokens(.greedy): fields["strategy"] = .string("greedy")
        case .tokens(.sample(let filter)):
            fields["strategy"] = .string("sample")
            fields.merge(filter.fields) { _, new in new }
            fields["seed"] = .integer(Int64(bitPattern: seed))
        case .beams(let options):
            fields["strategy"] = .string("beam")
            fields["beams"] = .integer(Int64(options.beams))
            fields["length_penalty"] = .number(options.lengthPenalty)
            fields["early_stopping"] = .string(options.earlyStopping.rawValue)
        }
        return .object(fields)
    }
}

extension SamplingFilter {
    /// The filter's values under the names of their flags.
    var fields: JSONObject {
        [
            "temperature": .number(Double("\(temperature)") ?? Double(temperature)),
            "top_k": .integer(Int64(topK)),
            "top_p": .number(topP),
        ]
    }
}
