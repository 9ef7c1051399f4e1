import Records
import StreamIO

/// All records in the order of the file.
func miniDolly(perCategory count: Int, seed: UInt64) -> [MiniRecord] {
    var records: [MiniRecord] = []
    for (index, category) in Category.allCases.enumerated() {
        // A stream of its own for each category: a change to one leaves the others alone.
        var random = SeededGenerator(seed: seed &+ UInt64(index) &* 0x5851_F42D_4C95_7F2D)
        let build =
            switch category {
            case .openQA: openQuestions
            case .closedQA: closedQuestions
            case .generalQA: generalQuestions
            case .classification: classifications
            case .informationExtraction: extractions
            case .summarization: summaries
            case .brainstorming: brainstorms
            case .creativeWriting: creativeTexts
            }
        records += build(count, &random)
    }
    var order = SeededGenerator(seed: seed)
    return order.shuffled(records)
}

/// Writes the records to the file named as argument, or to standard output.
@main
struct MakeMiniDolly {
    static func main() throws {
        var writer = try RecordWriter(path: CommandLine.arguments.dropFirst().first)
        for (index, record) in miniDolly(perCategory: 200, seed: 2025).enumerated() {
            let number = String(index + 1)
            let id = "mini-" + String(repeating: "0", count: 4 - number.count) + number
            try writer.write(
                Record(
                    id: id,
                    fields: [
                        "category": .string(record.category.rawValue),
                        "instruction": .string(record.instruction),
                        "context": .string(record.context), "response": .string(record.response),
                    ]))
        }
        try writer.finish()
    }
}
