/// The eight categories of Dolly.
enum Category: String, CaseIterable {
    case openQA = "open_qa"
    case closedQA = "closed_qa"
    case generalQA = "general_qa"
    case classification
    case informationExtraction = "information_extraction"
    case summarization
    case brainstorming
    case creativeWriting = "creative_writing"
}

/// One instruction with its answer, in Dolly's schema.
struct MiniRecord {
    var category: Category
    var instruction: String
    var context: String = ""
    var response: String

    /// What must not occur twice.
    var key: String { instruction + "\u{0}" + context }
}

extension [MiniRecord] {
    /// The first `count` records of `self` with distinct instruction and context.
    func distinct(_ count: Int) -> [MiniRecord] {
        var seen: Set<String> = []
        let kept = filter { seen.insert($0.key).inserted }
        precondition(
            kept.count >= count,
            "\(self[0].category.rawValue): \(kept.count) distinct records, \(count) wanted")
        return Array(kept.prefix(count))
    }
}

/// Draws records from `make` until `count` are distinct.
func distinctRecords(
    _ count: Int, using random: inout SeededGenerator,
    make: (inout SeededGenerator) -> MiniRecord
) -> [MiniRecord] {
    var records: [MiniRecord] = []
    var seen: Set<String> = []
    var tries = 0
    while records.count < count {
        tries += 1
        precondition(tries < 100 * count, "the templates do not give \(count) distinct records")
        let record = make(&random)
        if seen.insert(record.key).inserted { records.append(record) }
    }
    return records
}
