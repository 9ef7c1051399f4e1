import Records
public import StreamIO

/// A text and the record that it stands in.
public struct TextOfRecord: Sendable, Hashable {
    /// The record's id.
    public let id: String
    /// The text, which may be empty.
    public let text: String

    /// A text of a record.
    public init(id: String, text: String) {
        self.id = id
        self.text = text
    }

    /// The texts of a file.
    ///
    /// - Parameters:
    ///   - field: where the texts are; nil for the first of `author`'s fields
    public static func all(
        in path: String, field: String?, author: Author
    ) throws -> [TextOfRecord] {
        var reader = try RecordReader(paths: [path])
        var texts: [TextOfRecord] = []
        do {
            while let record = try reader.next() {
                let text = try record.writtenText(field: field, author: author)
                texts.append(TextOfRecord(id: record.id, text: text))
            }
        } catch let error as RecordError {
            throw error.withoutSkipping
        }
        return texts
    }
}

/// The texts of one side of a comparison of distributions, and what there is to say about them.
public struct SideTexts: Sendable {
    /// Those that are not empty, which carry no features.
    public let texts: [String]
    /// How many were left out because they, or the other of their pair, are empty.
    public let emptyCount: Int
    /// Lengths and repetition.
    public let statistics: TextStatistics

    /// Takes the texts that are not empty.
    public init(_ all: [TextOfRecord]) {
        let whole = all.filter { !$0.text.isEmpty }
        self.init(whole, emptyCount: all.count - whole.count)
    }

    /// Takes the texts of two files in pairs of equal ids; pairs with an empty text are left out.
    ///
    /// - Parameter names: what the files are called in messages
    /// - Throws: ``EvaluationError/join(problem:ids:)``
    public static func pairs(
        _ p: [TextOfRecord], _ q: [TextOfRecord], names: (String, String)
    ) throws(EvaluationError) -> (p: SideTexts, q: SideTexts) {
        let pairs = try joinByID(p, q, id: \.id, names: names)
        let whole = pairs.filter { !$0.text.isEmpty && !$1.text.isEmpty }
        return (
            SideTexts(whole.map(\.0), emptyCount: pairs.count { $0.0.text.isEmpty }),
            SideTexts(whole.map(\.1), emptyCount: pairs.count { $0.1.text.isEmpty })
        )
    }

    /// Reads the texts of both sides, nil where there is no file.
    ///
    /// - Parameters:
    ///   - p: records with human texts
    ///   - q: records with a model's
    ///   - fields: where the texts are; nil for the usual fields of either
    ///   - inPairs: whether texts of equal ids belong together
    public static func read(
        p: String?, q: String?, fields: (p: String?, q: String?), inPairs: Bool
    ) throws -> (p: SideTexts?, q: SideTexts?) {
        let humans = try p.map { try TextOfRecord.all(in: $0, field: fields.p, author: .person) }
        let models = try q.map { try TextOfRecord.all(in: $0, field: fields.q, author: .model) }
        guard inPairs, let humans, let models, let p, let q else {
            return (humans.map(SideTexts.init), models.map(SideTexts.init))
        }
        // One file may hold both sides.
        return try pairs(humans, models, names: p == q ? ("p", "q") : (p, q))
    }

    private init(_ texts: [TextOfRecord], emptyCount: Int) {
        self.texts = texts.map(\.text)
        self.emptyCount = emptyCount
        statistics = TextStatistics(self.texts)
    }

    /// Lengths and repetition as a JSON object.
    ///
    /// - Parameter tokens: the lengths that the model sees
    public func json(_ tokens: LengthSummary) -> JSONValue {
        .object([
            "texts": .integer(Int64(statistics.count)), "empty": .integer(Int64(emptyCount)),
            "mean_words": .number(statistics.meanWords), "tokens": tokens.json,
            "distinct": .array(statistics.distinct.map { .number($0) }),
            "repeated_4_grams": .number(statistics.repeatedFourGrams),
        ])
    }

    /// What makes scores of texts doubtful.
    ///
    /// - Parameters:
    ///   - p: human texts, nil if there are none
    ///   - q: a model's
    ///   - lengthsMatch: whether pairs are cut to the same length
    public static func warnings(p: SideTexts?, q: SideTexts?, lengthsMatch: Bool) -> [String] {
        var warnings: [String] = []
        for case (let name, let side?) in [("p", p), ("q", q)] {
            if side.emptyCount > 0 {
                warnings.append(
                    "\(side.emptyCount) empty texts of \(name) left out"
                        + (lengthsMatch ? ", with the other of their pair" : ""))
            }
            if side.statistics.meanWords < 15 {
                let mean = fixed(side.statistics.meanWords, digits: 1)
                warnings.append(
                    "texts of \(name) are short (mean \(mean) words): short texts tell "
                        + "distributions apart badly")
            }
        }
        if !lengthsMatch, let p = p?.statistics.meanWords, let q = q?.statistics.meanWords,
            max(p, q) > 1.2 * min(p, q)
        {
            warnings.append(
                "mean lengths differ by more than 20 % (\(fixed(p, digits: 1)) and "
                    + "\(fixed(q, digits: 1)) words), which alone lowers MAUVE; --match-length cuts "
                    + "both texts of a pair to the same length")
        }
        return warnings
    }
}
