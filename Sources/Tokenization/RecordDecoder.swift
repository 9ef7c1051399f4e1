public import Records
import StreamIO

/// Puts the text of token ids into records.
public struct RecordDecoder: Sendable {
    /// The fields that are decoded when none is named, and where their text goes.
    public static let fields = [
        "ids": "text", "prompt_ids": "prompt", "response_ids": "response", "output_ids": "output",
    ]

    private let tokenizer: Tokenizer
    private let field: String?
    private let keepsSpecialTokens: Bool

    /// - Parameters:
    ///   - field: the field with the ids; `x_ids` is decoded into `x`, any other into `text`. Nil
    ///     for all of ``fields`` that a record has.
    ///   - keepsSpecialTokens: whether special tokens are spelt out.
    public init(_ tokenizer: Tokenizer, field: String? = nil, keepsSpecialTokens: Bool = false) {
        self.tokenizer = tokenizer
        self.field = field
        self.keepsSpecialTokens = keepsSpecialTokens
    }

    /// Decodes the records of a block; see `RecordBlock.worked`.
    package func decode(_ block: RecordBlock, skipsBad: Bool) -> WorkedBlock<Void> {
        block.worked(counts: (), skipsBad: skipsBad) { record, output, _ throws(RecordError) in
            try record.write(with: updates(record.record), to: &output)
            return true
        }
    }

    /// The record with texts.
    /// - Throws: `RecordError` if there is nothing to decode or an id is not in the vocabulary.
    public func decode(_ record: Record) throws(RecordError) -> Record {
        var result = record
        result.apply(try updates(record))
        return result
    }

    private func updates(_ record: Record) throws(RecordError) -> [FieldUpdate] {
        var updates: [FieldUpdate] = []
        let sources = field.map { [$0] } ?? Self.fields.keys.filter { record[$0] != nil }.sorted()
        guard !sources.isEmpty else {
            throw .missingField(
                location: record.location, field: "ids", expected: "array of token ids")
        }
        for source in sources {
            let target =
                Self.fields[source]
                ?? (source.hasSuffix("_ids") ? String(source.dropLast("_ids".count)) : "text")
            let ids = try record.tokenIDs(source)
            do throws(TokenizationError) {
                let text = try tokenizer.decode(ids, skipsSpecialTokens: !keepsSpecialTokens)
                updates.append(FieldUpdate(target, .value(.string(text))))
            } catch {
                throw .unfit(
                    location: record.location, reason: "\(source): \(error.description)",
                    hint: error.hint)
            }
        }
        return updates.sorted { $0.key < $1.key }
    }
}
