import Checkpoints
import Embedding
import Evaluation
import Records
import StreamIO
import ToolKit

/// One side's texts, read from records, and what there is to say about them.
struct SideTexts {
    let texts: [String]
    let emptyCount: Int
    let statistics: TextStatistics

    /// Reads the texts of a file; empty ones carry no features and are left out.
    init(path: String, field: String?, author: Author) throws {
        var reader = try RecordReader(paths: [path])
        var texts: [String] = []
        var empty = 0
        while let record = try reader.next() {
            let text = try record.writtenText(field: field, author: author)
            if text.isEmpty { empty += 1 } else { texts.append(text) }
        }
        self.texts = texts
        emptyCount = empty
        statistics = TextStatistics(texts)
    }

    /// The final hidden state at each text's last token.
    func features(
        _ model: FeatureExtractor, maximumTokens: Int, log: Log
    ) throws -> FeatureSet {
        var values: [Float] = []
        values.reserveCapacity(texts.count * model.width)
        var progress = Progress(unit: "texts", total: texts.count, log: log)
        let batch = 32
        for start in stride(from: 0, to: texts.count, by: batch) {
            let slice = Array(texts[start..<min(texts.count, start + batch)])
            values += try model.lastTokenFeatures(slice, maximumTokens: maximumTokens)
            progress.update(start + slice.count)
        }
        progress.finish()
        return try FeatureSet(values: values, width: model.width)
    }

    /// Lengths and repetition as the fields of a JSON object.
    var json: JSONValue {
        .object([
            "texts": .integer(Int64(statistics.count)), "empty": .integer(Int64(emptyCount)),
            "mean_words": .number(statistics.meanWords),
            "distinct": .array(statistics.distinct.map { .number($0) }),
            "repeated_4_grams": .number(statistics.repeatedFourGrams),
        ])
    }

    /// What makes scores of these texts doubtful.
    static func warn(_ sides: [(name: String, side: SideTexts)], _ log: Log) {
        for (name, side) in sides {
            if side.emptyCount > 0 {
                log.warning("\(side.emptyCount) empty texts of \(name) left out")
            }
            if side.statistics.meanWords < 15 {
                log.warning(
                    "texts of \(name) are short (mean \(Progress.fixed(side.statistics.meanWords, 1)) "
                        + "words): short texts tell distributions apart badly")
            }
        }
        let lengths = sides.map(\.side.statistics.meanWords)
        guard lengths.count == 2, let low = lengths.min(), let high = lengths.max() else { return }
        if high > 1.2 * low {
            log.warning(
                "mean lengths differ by more than 20 % (\(Progress.fixed(lengths[0], 1)) and "
                    + "\(Progress.fixed(lengths[1], 1)) words), which alone lowers MAUVE; "
                    + "--max-tokens cuts both sides")
        }
    }
}
