import Embedding
import Evaluation
import Records
import StreamIO
import ToolKit

/// A text and the record that it stands in.
struct TextOfRecord {
    let id: String
    let text: String

    /// The texts of a file.
    static func all(
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

/// One side's texts and what there is to say about them.
struct SideTexts {
    let texts: [String]
    let emptyCount: Int
    let statistics: TextStatistics

    /// Takes texts; empty ones carry no features and are left out.
    init(_ all: [TextOfRecord]) {
        texts = all.map(\.text).filter { !$0.isEmpty }
        emptyCount = all.count - texts.count
        statistics = TextStatistics(texts)
    }

    /// Takes the texts of two files in pairs of equal ids; pairs with an empty text are left out.
    static func pairs(
        _ p: [TextOfRecord], _ q: [TextOfRecord], names: (String, String)
    ) throws -> (p: SideTexts, q: SideTexts) {
        let pairs = try joinByID(p, q, id: \.id, names: names)
        let whole = pairs.filter { !$0.text.isEmpty && !$1.text.isEmpty }
        return (
            SideTexts(whole.map(\.0), emptyCount: pairs.count { $0.0.text.isEmpty }),
            SideTexts(whole.map(\.1), emptyCount: pairs.count { $0.1.text.isEmpty })
        )
    }

    private init(_ texts: [TextOfRecord], emptyCount: Int) {
        self.texts = texts.map(\.text)
        self.emptyCount = emptyCount
        statistics = TextStatistics(self.texts)
    }

    /// Lengths and repetition as the fields of a JSON object.
    /// - Parameter tokens: the lengths that the model sees.
    func json(_ tokens: LengthSummary) -> JSONValue {
        .object([
            "texts": .integer(Int64(statistics.count)), "empty": .integer(Int64(emptyCount)),
            "mean_words": .number(statistics.meanWords), "tokens": tokens.json,
            "distinct": .array(statistics.distinct.map { .number($0) }),
            "repeated_4_grams": .number(statistics.repeatedFourGrams),
        ])
    }

    /// What makes scores of these texts doubtful.
    /// - Parameter lengthsMatch: whether pairs are cut to the same length.
    static func warn(
        _ sides: [(name: String, side: SideTexts)], lengthsMatch: Bool, _ log: Log
    ) {
        for (name, side) in sides {
            if side.emptyCount > 0 {
                log.warning(
                    "\(side.emptyCount) empty texts of \(name) left out"
                        + (lengthsMatch ? ", with the other of their pair" : ""))
            }
            if side.statistics.meanWords < 15 {
                log.warning(
                    "texts of \(name) are short (mean \(Progress.fixed(side.statistics.meanWords, 1)) "
                        + "words): short texts tell distributions apart badly")
            }
        }
        let lengths = sides.map(\.side.statistics.meanWords)
        guard !lengthsMatch, lengths.count == 2, let low = lengths.min(), let high = lengths.max()
        else { return }
        if high > 1.2 * low {
            log.warning(
                "mean lengths differ by more than 20 % (\(Progress.fixed(lengths[0], 1)) and "
                    + "\(Progress.fixed(lengths[1], 1)) words), which alone lowers MAUVE; "
                    + "--match-length cuts both texts of a pair to the same length")
        }
    }
}

extension FeatureExtractor {
    /// The final hidden state at each text's last token.
    func features(_ sequences: [[Int32]], _ log: Log) throws -> FeatureSet {
        var values: [Float] = []
        values.reserveCapacity(sequences.count * width)
        var progress = Progress(unit: "texts", total: sequences.count, log: log)
        let batch = 32
        for start in stride(from: 0, to: sequences.count, by: batch) {
            let slice = Array(sequences[start..<min(sequences.count, start + batch)])
            values += try lastTokenFeatures(ofTokens: slice)
            progress.update(start + slice.count)
        }
        progress.finish()
        return try FeatureSet(values: values, width: width)
    }
}

extension LengthSummary {
    /// Mean and quantiles as a JSON object.
    var json: JSONValue {
        .object([
            "mean": .number(mean),
            "quantiles": .array(quantiles.map { .integer(Int64($0)) }),
        ])
    }
}

extension LengthMatch {
    /// What was cut, as a JSON object.
    var json: JSONValue {
        .object([
            "pairs": .integer(Int64(pairs)), "p_cut": .integer(Int64(cutP)),
            "q_cut": .integer(Int64(cutQ)), "p_tokens": lengthsP.json, "q_tokens": lengthsQ.json,
            "tokens": lengths.json,
        ])
    }

    /// Says what was cut, and warns where little is left.
    func report(_ log: Log) {
        log.info(
            "\(pairs) pairs cut to the same length: \(cutP) texts of p, \(cutQ) of q; mean tokens "
                + "\(Progress.fixed(lengthsP.mean, 1)) and \(Progress.fixed(lengthsQ.mean, 1)), now "
                + Progress.fixed(lengths.mean, 1))
        if lengths.mean < 20 {
            log.warning(
                "what is left of the texts is short (mean \(Progress.fixed(lengths.mean, 1)) "
                    + "tokens): short texts tell distributions apart badly")
        }
    }
}
