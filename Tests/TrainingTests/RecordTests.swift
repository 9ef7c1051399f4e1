import Records
import Scoring
import StreamIO
import TestSupport
import Testing
import Training
import Transformer

/// Records that cannot be trained on are named.
@Suite struct TrainingRecordTests {
    private let limits = SequenceLimits(TinyModel.llama)

    private func record(
        prompt: [Int32], response: [Int32], negative: [Int32]
    ) -> Record {
        var record = Record(id: "a")
        record.fields["prompt_ids"] = prompt.isEmpty ? .array([]) : .integers(prompt)
        record.fields["response_ids"] = .integers(response)
        record.setNegatives([Negative(kind: "given", ids: negative)])
        return record
    }

    @Test func oneTokenAfterAnEmptyPromptHasNoProbability() throws {
        func field(_ record: Record) -> String? {
            do throws(RecordError) {
                _ = try record.candidateTree(limits, negativesRequired: true)
                return nil
            } catch {
                if case .invalidValue(_, let field, _, _) = error { return field }
                return "\(error)"
            }
        }
        #expect(field(record(prompt: [], response: [5], negative: [6, 7])) == "response_ids")
        #expect(field(record(prompt: [], response: [5, 6], negative: [7])) == "negatives[0].ids")
        #expect(field(record(prompt: [], response: [5, 6], negative: [7, 8])) == nil)
        #expect(field(record(prompt: [4], response: [5], negative: [7])) == nil)
    }

    @Test func referenceScoresAreFiniteNumbers() throws {
        for bad in [Double.infinity, -.infinity, .nan] {
            var record = Record(id: "a")
            record.fields["reference"] = .object([
                "model": .string("m"), "response": .number(-1),
                "negatives": .array([.number(-2), .number(bad)]),
            ])
            #expect(throws: RecordError.self) { try ReferenceField(record, candidates: 3) }
        }
    }
}
