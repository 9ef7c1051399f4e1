public import Records
import StreamIO

/// The texts of raw records that a vocabulary is learnt from: prompt and response as they will be
/// encoded, or `text`, or one field.
public struct LearningCorpus {
    private let field: String?
    private let template: PromptTemplate
    /// How many bytes of text were given out.
    public private(set) var bytes = 0

    /// - Parameters:
    ///   - field: only this field; nil for prompt and response, or `text`.
    ///   - template: how prompts are made.
    public init(field: String?, template: PromptTemplate) {
        self.field = field
        self.template = template
    }

    /// The texts of one record.
    /// - Throws: `RecordError` if a field is missing or not a string.
    public mutating func texts(of record: Record) throws(RecordError) -> [String] {
        var texts: [String] = []
        if let field {
            texts = [try record.string(field)]
        } else if record["response"] == nil, let text = try record.optionalString("text") {
            texts = [text]
        } else {
            do throws(TokenizationError) {
                texts = [try template.prompt(for: record.fields).text]
            } catch {
                throw error.at(record.location)
            }
            texts.append(try record.string("response"))
        }
        for text in texts { bytes += text.utf8.count }
        return texts
    }
}
