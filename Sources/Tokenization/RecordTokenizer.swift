public import Records
import StreamIO

/// Makes token records of raw records.
///
/// Prompt and response are encoded apart and joined as ids, so that no token spans the boundary.
/// A whole response ends in exactly one end-of-sequence id; one that was cut has none, since it
/// does not end there.
public struct RecordTokenizer: Sendable {
    /// What happens to a prompt or response with too many tokens.
    public enum OverlongRule: String, Sendable, CaseIterable {
        /// Prompts lose their beginning, responses their end.
        case truncate
        /// The record is left out.
        case drop
        /// The record is bad.
        case error
    }

    /// What to make of a record.
    public struct Options: Sendable {
        /// How prompts are made.
        public var template = PromptTemplate.automatic
        /// The longest prompt, in tokens.
        public var maximumPromptTokens: Int?
        /// The longest response, in tokens, end of sequence included.
        public var maximumResponseTokens: Int?
        /// What happens beyond these.
        public var onOverlong = OverlongRule.truncate
        /// Tokens of a `text` that become the prompt.
        public var prefixTokens = 32
        /// Tokens of a `text` after the prefix that become the response.
        public var continuationTokens = 128
        /// Whether to cut `text` even if the record has a prompt or a response of its own.
        public var cutsText = false
        /// Just add the `ids` of this field.
        public var field: String?
        /// With ``field``: whether to add the model's frame.
        public var addsSpecialTokens = false
        /// With ``field``: whether to add `offsets`, pairs of bytes of the text's UTF-8.
        public var recordsOffsets = false
        /// What text spelt like a special token is.
        public var specialTokens = SpecialTokenPolicy.asText

        /// The defaults.
        public init() {}
    }

    /// What happened to records, added up.
    public struct Counts: Sendable, Equatable {
        /// Tokens of all prompts (or fields).
        public var promptTokens = 0
        /// Tokens of all responses.
        public var responseTokens = 0
        /// Prompts that lost their beginning.
        public var promptsTruncated = 0
        /// Responses that lost their end, so that they have no end of sequence.
        public var responsesTruncated = 0
        /// Records left out because of their length.
        public var overlong = 0
        /// Texts left out because nothing follows their prefix.
        public var tooShort = 0
        /// Places in the data spelt like a special token.
        public var specialTokens = 0
        /// Bytes left out because the vocabulary has no token for them.
        public var droppedBytes = 0

        /// All zero.
        public init() {}

        /// Adds the counts of other records.
        public static func += (left: inout Counts, right: Counts) {
            left.promptTokens += right.promptTokens
            left.responseTokens += right.responseTokens
            left.promptsTruncated += right.promptsTruncated
            left.responsesTruncated += right.responsesTruncated
            left.overlong += right.overlong
            left.tooShort += right.tooShort
            left.specialTokens += right.specialTokens
            left.droppedBytes += right.droppedBytes
        }
    }

    /// The tokenizer of the model that the records are for.
    public let tokenizer: Tokenizer
    /// What to make of a record.
    public let options: Options
    private let endOfSequenceID: Int32

    /// - Throws: ``TokenizationError/noEndOfSequence`` if responses are wanted and the tokenizer
    ///   has no end.
    public init(_ tokenizer: Tokenizer, _ options: Options) throws(TokenizationError) {
        self.tokenizer = tokenizer
        self.options = options
        guard let end = tokenizer.endOfSequenceID ?? (options.field == nil ? nil : -1) else {
            throw .noEndOfSequence
        }
        endOfSequenceID = end
    }

    /// The token record of `record`; nil if it is left out for its length.
    /// - Throws: `RecordError` with the record's file and line.
    public func tokenize(_ record: Record) throws(RecordError) -> (record: Record?, counts: Counts)
    {
        do throws(TokenizationError) {
            if let field = options.field { return try addIDs(of: field, to: record) }
            let hasPair = ["response", "prompt", "instruction"].contains { record[$0] != nil }
            if options.cutsText || !hasPair { return try cutText(of: record) }
            return try pair(record)
        } catch {
            throw .unfit(
                location: record.location, reason: error.description, hint: error.hint)
        }
    }

    /// Tokenizes the records of a block; see `RecordBlock.worked`.
    package func tokenize(_ block: RecordBlock, skipsBad: Bool) -> WorkedBlock<Counts> {
        block.worked(counts: Counts(), skipsBad: skipsBad) {
            record, output, counts throws(RecordError) in
            let (tokenized, own) = try tokenize(record)
            counts += own
            guard let tokenized else { return false }
            try output.write(tokenized)
            return true
        }
    }

    // MARK: Shapes of records

    private func pair(_ record: Record) throws(TokenizationError) -> (Record?, Counts) {
        let prompt = try options.template.prompt(for: record.fields)
        guard case .string(let response)? = record["response"] else {
            throw .unfitRecord(what: "field \"response\" (got no string, expected string)")
        }
        let promptEncoding = try tokenizer.encoding(
            of: prompt, specialTokens: options.specialTokens)
        let responseEncoding = try tokenizer.encoding(
            of: response, EncodingOptions(specialTokens: options.specialTokens))
        var counts = Counts()
        counts.add(promptEncoding)
        counts.add(responseEncoding)

        var responseIDs = responseEncoding.ids
        // Under --special allow the text may bring its own end.
        while responseIDs.last == endOfSequenceID { responseIDs.removeLast() }
        guard !responseIDs.isEmpty else {
            throw .unfitRecord(what: "empty response (got 0 tokens, expected at least 1)")
        }
        responseIDs.append(endOfSequenceID)
        return try finish(record, prompt.text, promptEncoding.ids, response, responseIDs, counts)
    }

    private func finish(
        _ record: Record, _ prompt: String, _ allPromptIDs: [Int32], _ response: String,
        _ allResponseIDs: [Int32], _ initial: Counts
    ) throws(TokenizationError) -> (Record?, Counts) {
        var (record, counts) = (record, initial)
        var (promptIDs, responseIDs) = (allPromptIDs, allResponseIDs)
        var (prompt, response) = (prompt, response)
        if let limit = options.maximumPromptTokens, promptIDs.count > limit {
            guard try truncates("prompt", promptIDs.count, limit) else { return dropped(counts) }
            promptIDs = Array(promptIDs.suffix(limit))
            prompt = try tokenizer.decode(promptIDs, skipsSpecialTokens: false)
            counts.promptsTruncated += 1
        }
        if let limit = options.maximumResponseTokens, responseIDs.count > limit {
            guard try truncates("response", responseIDs.count, limit) else {
                return dropped(counts)
            }
            responseIDs = Array(responseIDs.dropLast().prefix(limit))
            response = try tokenizer.decode(responseIDs, skipsSpecialTokens: false)
            counts.responsesTruncated += 1
        }
        counts.promptTokens += promptIDs.count
        counts.responseTokens += responseIDs.count
        record["prompt"] = .string(prompt)
        record["response"] = .string(response)
        record.setTokenIDs("prompt_ids", promptIDs)
        record.setTokenIDs("response_ids", responseIDs)
        return (record, counts)
    }

    private func cutText(of record: Record) throws(TokenizationError) -> (Record?, Counts) {
        guard case .string(let text)? = record["text"] else {
            throw .unfitRecord(
                what: options.cutsText
                    ? "field \"text\" (got no string, expected string)"
                    : "shape of record (got neither response nor text, expected one of them)")
        }
        let encoding = try tokenizer.encoding(
            of: text, EncodingOptions(specialTokens: options.specialTokens))
        var counts = Counts()
        counts.add(encoding)
        guard encoding.ids.count > options.prefixTokens else {
            counts.tooShort += 1
            return (nil, counts)
        }
        let promptIDs = Array(encoding.ids.prefix(options.prefixTokens))
        var responseIDs = Array(encoding.ids.dropFirst(options.prefixTokens))
        if responseIDs.count + 1 <= options.continuationTokens {
            // The text ends here, and says so.
            while responseIDs.last == endOfSequenceID { responseIDs.removeLast() }
            responseIDs.append(endOfSequenceID)
        } else {
            responseIDs = Array(responseIDs.prefix(options.continuationTokens))
        }
        return try finish(
            record, try tokenizer.decode(promptIDs, skipsSpecialTokens: false), promptIDs,
            try tokenizer.decode(
                responseIDs.filter { $0 != endOfSequenceID }, skipsSpecialTokens: false),
            responseIDs, counts)
    }

    private func addIDs(
        of field: String, to record: Record
    ) throws(TokenizationError) -> (Record?, Counts) {
        guard case .string(let text)? = record[field] else {
            throw .unfitRecord(what: "field \"\(field)\" (got no string, expected string)")
        }
        var record = record
        let encoding = try tokenizer.encoding(
            of: text,
            EncodingOptions(
                specialTokens: options.specialTokens,
                addsSpecialTokens: options.addsSpecialTokens,
                recordsOffsets: options.recordsOffsets))
        var counts = Counts()
        counts.add(encoding)
        counts.promptTokens += encoding.ids.count
        record.setTokenIDs("ids", encoding.ids)
        if let offsets = encoding.offsets {
            record["offsets"] = .array(
                offsets.map { .integers([Int32($0.lowerBound), Int32($0.upperBound)]) })
        }
        return (record, counts)
    }

    /// Whether to truncate; false for dropping.
    private func truncates(
        _ what: String, _ got: Int, _ limit: Int
    ) throws(TokenizationError) -> Bool {
        switch options.onOverlong {
        case .truncate: return true
        case .drop: return false
        case .error:
            throw .unfitRecord(
                what: "\(what) too long (got \(got) tokens, expected at most \(limit))")
        }
    }

    private func dropped(_ counts: Counts) -> (Record?, Counts) {
        var counts = counts
        counts.overlong += 1
        return (nil, counts)
    }
}

extension RecordTokenizer.Counts {
    fileprivate mutating func add(_ encoding: Encoding) {
        specialTokens += encoding.specialTokenOccurrences
        droppedBytes += encoding.droppedBytes
    }
}
