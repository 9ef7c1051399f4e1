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
        /// Whether to add the model's frame: to the field, else what it has at the beginning to prompts
        /// that do not have it yet, as those of a chat template may.
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
        /// Records whose ranking or reference scores went, since they belong to other tokens.
        public var stale = 0
        /// Records with a field `input` that is not in their prompt.
        public var inputsLeftOut = 0
        /// Records whose response is their field `output`, as Alpaca has it.
        public var outputsTaken = 0

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
            left.stale += right.stale
            left.inputsLeftOut += right.inputsLeftOut
            left.outputsTaken += right.outputsTaken
        }
    }

    /// The tokenizer of the model that the records are for.
    public let tokenizer: Tokenizer
    /// What to make of a record.
    public let options: Options
    private let endOfSequenceID: Int32

    /// - Throws: ``TokenizationError/noEndOfSequence(fault:)`` if responses are wanted and the tokenizer
    ///   has no end.
    public init(_ tokenizer: Tokenizer, _ options: Options) throws(TokenizationError) {
        self.tokenizer = tokenizer
        self.options = options
        guard let end = tokenizer.endOfSequenceID ?? (options.field == nil ? nil : -1) else {
            throw .noEndOfSequence(fault: tokenizer.endOfSequenceFault)
        }
        endOfSequenceID = end
    }

    /// The token record of `record`; nil if it is left out for its length.
    /// - Throws: `RecordError` with the record's file and line.
    public func tokenize(_ record: Record) throws(RecordError) -> (record: Record?, counts: Counts)
    {
        let outcome = try outcome(for: record.fields, at: record.location)
        guard let updates = outcome.updates else { return (nil, outcome.counts) }
        var record = record
        record.apply(updates)
        return (record, outcome.counts)
    }

    /// Tokenizes the records of a block; see `RecordBlock.worked`.
    package func tokenize(_ block: RecordBlock, skipsBad: Bool) -> WorkedBlock<Counts> {
        block.worked(counts: Counts(), skipsBad: skipsBad) {
            record, output, counts throws(RecordError) in
            let outcome = try outcome(for: record, at: record.location)
            counts += outcome.counts
            guard let updates = outcome.updates else { return false }
            try record.write(with: updates, to: &output)
            return true
        }
    }

    // MARK: Shapes of records

    /// What becomes of a record.
    struct Outcome {
        /// The fields that change, in the order of their keys; nil if the record is left out.
        var updates: [FieldUpdate]?
        var counts = Counts()
    }

    private func outcome(
        for fields: some FieldSource, at location: SourceLocation?
    ) throws(RecordError) -> Outcome {
        do throws(TokenizationError) {
            if let field = options.field { return try addIDs(of: field, in: fields) }
            let hasPair =
                fields.contains("response") || fields.contains("prompt")
                || fields.contains("instruction")
            var outcome =
                try options.cutsText || !hasPair ? cutText(in: fields) : pair(in: fields)
            outcome.dropWhatIsStale(in: fields)
            return outcome
        } catch {
            throw error.at(location)
        }
    }

    private func encoding(
        of field: String, in fields: some FieldSource, _ options: EncodingOptions
    ) throws(TokenizationError) -> Encoding? {
        try fields.withText(of: field) { text throws(TokenizationError) in
            try tokenizer.encoding(of: text, options)
        }
    }

    private func pair(in fields: some FieldSource) throws(TokenizationError) -> Outcome {
        let responseField = Self.responseField(of: fields)
        let prompt = try options.template.bytes(for: fields)
        let promptEncoding = try tokenizer.encoding(
            of: prompt, specialTokens: options.specialTokens)
        guard
            let responseEncoding = try encoding(
                of: responseField, in: fields,
                EncodingOptions(specialTokens: options.specialTokens))
        else {
            throw .unfitRecord(
                what: "field \"response\" (got no string, expected string)",
                hint: fields.unknownShape.hint)
        }
        var counts = Counts()
        counts.add(promptEncoding)
        counts.add(responseEncoding)
        if options.template.leavesInputOut(of: fields) { counts.inputsLeftOut = 1 }

        var responseIDs = responseEncoding.ids
        // Under --special allow the text may bring its own end.
        while responseIDs.last == endOfSequenceID { responseIDs.removeLast() }
        guard !responseIDs.isEmpty else {
            throw .unfitRecord(what: "empty response (got 0 tokens, expected at least 1)")
        }
        responseIDs.append(endOfSequenceID)
        var response: [UInt8]?
        if responseField != "response" {
            counts.outputsTaken = 1
            response = fields.withText(of: responseField) { Array($0) }
        }
        return try finish(
            prompt.utf8, framed(promptEncoding.ids), response, responseIDs, counts)
    }

    /// What the model expects at the beginning of a text, if it is asked for.
    private var frame: [Int32] { options.addsSpecialTokens ? tokenizer.frame.before : [] }

    private func framed(_ ids: [Int32]) -> [Int32] { ids.starts(with: frame) ? ids : frame + ids }

    /// Alpaca's records have their response in `output`, which in ours is what a model said, with its
    /// ids beside it.
    private static func responseField(of fields: some FieldSource) -> String {
        let isAlpaca =
            !fields.contains("response") && fields.contains("instruction")
            && fields.contains("output") && !fields.contains("output_ids")
        return isAlpaca ? "output" : "response"
    }

    /// Cuts what is too long.
    /// - Parameter allResponse: nil for the text that the record has already.
    private func finish(
        _ allPrompt: [UInt8], _ allPromptIDs: [Int32], _ allResponse: [UInt8]?,
        _ allResponseIDs: [Int32], _ initial: Counts
    ) throws(TokenizationError) -> Outcome {
        var (prompt, promptIDs) = (allPrompt, allPromptIDs)
        var (response, responseIDs) = (allResponse, allResponseIDs)
        var counts = initial
        if let limit = options.maximumPromptTokens, promptIDs.count > limit {
            guard try truncates("prompt", promptIDs.count, limit) else { return dropped(counts) }
            // What is at the beginning of every text stays there.
            let kept = promptIDs.starts(with: frame) && limit > frame.count ? frame : []
            promptIDs = kept + promptIDs.suffix(limit - kept.count)
            prompt = try text(of: Array(promptIDs.dropFirst(kept.count)))
            counts.promptsTruncated += 1
        }
        if let limit = options.maximumResponseTokens, responseIDs.count > limit {
            guard try truncates("response", responseIDs.count, limit) else {
                return dropped(counts)
            }
            responseIDs = Array(responseIDs.dropLast().prefix(limit))
            response = try text(of: responseIDs)
            counts.responsesTruncated += 1
        }
        counts.promptTokens += promptIDs.count
        counts.responseTokens += responseIDs.count
        var updates: [FieldUpdate] = []
        updates.reserveCapacity(4)
        updates.append(FieldUpdate("prompt", .text(prompt)))
        updates.append(FieldUpdate("prompt_ids", .ids(promptIDs)))
        if let response { updates.append(FieldUpdate("response", .text(response))) }
        updates.append(FieldUpdate("response_ids", .ids(responseIDs)))
        return Outcome(updates: updates, counts: counts)
    }

    /// The text of ids that were cut; a character cut in two becomes U+FFFD.
    private func text(of ids: [Int32]) throws(TokenizationError) -> [UInt8] {
        Array(try tokenizer.decode(ids, skipsSpecialTokens: false).utf8)
    }

    private func cutText(in fields: some FieldSource) throws(TokenizationError) -> Outcome {
        guard
            let encoding = try encoding(
                of: "text", in: fields, EncodingOptions(specialTokens: options.specialTokens))
        else {
            if options.cutsText || fields.contains("text") {
                throw .unfitRecord(what: "field \"text\" (got no string, expected string)")
            }
            throw fields.unknownShape
        }
        var counts = Counts()
        counts.add(encoding)
        guard encoding.ids.count > options.prefixTokens else {
            counts.tooShort += 1
            return Outcome(updates: nil, counts: counts)
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
            text(of: promptIDs), framed(promptIDs),
            text(of: responseIDs.filter { $0 != endOfSequenceID }), responseIDs, counts)
    }

    private func addIDs(
        of field: String, in fields: some FieldSource
    ) throws(TokenizationError) -> Outcome {
        guard
            let encoding = try encoding(
                of: field, in: fields,
                EncodingOptions(
                    specialTokens: options.specialTokens,
                    addsSpecialTokens: options.addsSpecialTokens,
                    recordsOffsets: options.recordsOffsets))
        else {
            throw .unfitRecord(what: "field \"\(field)\" (got no string, expected string)")
        }
        var counts = Counts()
        counts.add(encoding)
        counts.promptTokens += encoding.ids.count
        var updates = [FieldUpdate("ids", .ids(encoding.ids))]
        if let offsets = encoding.offsets {
            let pairs = offsets.map {
                JSONValue.integers([Int32($0.lowerBound), Int32($0.upperBound)])
            }
            updates.append(FieldUpdate("offsets", .value(.array(pairs))))
        }
        return Outcome(updates: updates, counts: counts)
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

    private func dropped(_ counts: Counts) -> Outcome {
        var counts = counts
        counts.overlong += 1
        return Outcome(updates: nil, counts: counts)
    }
}

extension RecordTokenizer.Counts {
    fileprivate mutating func add(_ encoding: Encoding) {
        specialTokens += encoding.specialTokenOccurrences
        droppedBytes += encoding.droppedBytes
    }
}
