import FoundationEssentials
import Records
import StreamIO
import Testing

/// The data set in `data/` that is written for this project.
@Suite struct MiniDollyTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func records(_ path: String) throws -> [Record] {
        var reader = try RecordReader(paths: [path])
        return try reader.all()
    }

    private let records: [Record]

    init() throws {
        records = try Self.records(Self.root.path + "/data/mini-dolly.jsonl.zst")
    }

    @Test func everyRecordHasDollysSchema() throws {
        for record in records {
            #expect(
                Set(record.fields.keys)
                    == ["id", "instruction", "context", "response", "category"])
            for field in ["instruction", "response"] {
                let text = try record.string(field)
                #expect(!text.isEmpty && text.first?.isWhitespace == false)
                #expect(text.last?.isWhitespace == false)
                #expect(!text.contains("{") && !text.contains("  ") && !text.contains(".."))
            }
        }
    }

    @Test func categoriesAreEvenAndMixed() throws {
        let expected: Set = [
            "open_qa", "closed_qa", "general_qa", "classification", "information_extraction",
            "summarization", "brainstorming", "creative_writing",
        ]
        for part in [records[...], records.prefix(records.count / 2)] {
            var counts: [String: Int] = [:]
            for record in part { counts[try record.string("category"), default: 0] += 1 }
            #expect(Set(counts.keys) == expected)
            let even = part.count / 8
            #expect(counts.values.allSatisfy { abs($0 - even) <= even / 4 })
            if part.count == records.count {
                #expect(counts.values.allSatisfy { $0 == 200 })
            }
        }
    }

    @Test func nothingOccursTwice() throws {
        #expect(records.count == 1600)
        #expect(Set(records.map(\.id)).count == records.count)
        let keys = try records.map { try $0.string("instruction") + "\0" + $0.string("context") }
        #expect(Set(keys).count == records.count)
    }

    @Test func contextsStandWhereTheCategoryNeedsThem() throws {
        for record in records {
            let empty = try record.string("context").isEmpty
            switch try record.string("category") {
            case "closed_qa", "information_extraction", "summarization": #expect(!empty)
            case "classification": break
            default: #expect(empty)
            }
        }
    }

    /// Sums, differences, products, quotients and percentages are worked out again from the question.
    @Test func arithmeticIsRight() throws {
        var checked = 0
        for record in records {
            guard let expected = Self.result(of: try record.string("instruction")) else { continue }
            let response = try record.string("response")
            let numbers = Self.numbers(in: response)
            #expect(numbers.contains(expected), "\(record.id): \(response)")
            checked += 1
        }
        #expect(checked >= 40)
    }

    @Test func changeFromPurchasesIsRight() throws {
        var checked = 0
        for record in records {
            let question = try record.string("instruction")
            guard question.contains("How much change") else { continue }
            let numbers = Self.numbers(in: question)
            try #require(numbers.count == 3)
            let change = numbers[2] - numbers[0] * numbers[1]
            #expect(change > 0)
            #expect(
                try record.string("response").hasSuffix("that leaves \(change) dollars of change."))
            checked += 1
        }
        #expect(checked >= 3)
    }

    @Test(arguments: [
        ("capital of Australia", "Canberra"), ("capital of Kenya", "Nairobi"),
        ("author of Moby-Dick", "Herman Melville"), ("symbol of potassium", "K"),
        ("symbol of iron", "Fe"), ("year did the Titanic sink", "1912"),
        ("When did the Berlin Wall fall", "1989"), ("discovered penicillin", "Fleming"),
        ("How many keys does a standard piano", "88"), ("atomic number 79", "Gold"),
    ])
    func factsAreRightWhereTheyOccur(question: String, answer: String) throws {
        for record in records where try record.string("instruction").contains(question) {
            #expect(try record.string("response").contains(answer))
        }
    }

    /// Every name or number that an extraction gives stands in its text.
    @Test func extractionsComeFromTheContext() throws {
        for record in records where try record.string("category") == "information_extraction" {
            let context = try record.string("context").lowercased()
            let response = try record.string("response")
            let lines = response.split(separator: "\n").map {
                $0.drop { $0 == "-" || $0 == " " }
            }
            for line in lines where response.hasPrefix("- ") && !line.contains(": ") {
                #expect(context.contains(line.lowercased()), "\(record.id): \(line)")
            }
        }
    }

    /// The committed file is what the generator writes. The generator is a product of this package and
    /// stands beside the tests once everything is built.
    @Test(.enabled(if: generator != nil, "make-mini-dolly is not built"))
    func generatorWritesTheSameText() throws {
        let program = try #require(Self.generator)
        let path =
            FileManager.default.temporaryDirectory.path
            + "/mini-dolly-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try run(program, [path]) == 0)
        #expect(try Self.records(path) == records)
    }

    private static let generator: String? = {
        let path = root.path + "/.build/release/make-mini-dolly"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    // MARK: Parsing

    private static func numbers(in text: String) -> [Int] {
        text.split { !$0.isNumber }.compactMap { Int($0) }
    }

    private static func result(of question: String) -> Int? {
        let n = numbers(in: question)
        guard n.count == 2, question.count < 40 else { return nil }
        if question.hasPrefix("What is ") || question.hasPrefix("Multiply") {
            if question.contains(" + ") { return n[0] + n[1] }
            if question.contains(" - ") { return n[0] - n[1] }
            if question.contains("times") || question.contains(" by ") && question.hasPrefix("M") {
                return n[0] * n[1]
            }
            if question.contains("divided by") { return n[0] / n[1] }
            if question.contains("percent of") { return n[0] * n[1] / 100 }
        }
        if question.hasPrefix("Add ") { return n[0] + n[1] }
        if question.hasPrefix("Subtract ") { return n[1] - n[0] }
        return nil
    }
}
