import ArgumentParser
import Embedding
import Evaluation
import Kernels
import Records
import ToolKit

/// Orders negatives by similarity to the ground truth.
@main struct RankByEmbedding: CommandLineTool {
    static let configuration = toolConfiguration(
        "rank-by-embedding",
        abstract: "Orders the negatives of records by similarity to the ground truth.",
        discussion: """
            Embeds `response` and the `text` of each negative; each negative gets `similarity` (cosine, \
            -1 to 1), the record gets `ranking`: indices over [response, negatives...], best first, the \
            response always first. Equal similarities are ordered by index. A text of more tokens than \
            the embedder takes is cut, and the record gets `truncated: true`.
            """,
        libraries: [ProductCheck.description])

    static let example =
        "rank-by-embedding --embedder all-MiniLM-L6-v2 negatives.jsonl.zst -o ranked.jsonl.zst"

    static let renamedFlags = ["batch-size": "records-at-once"]

    @OptionGroup var io: InputOutputOptions

    @Option(help: ArgumentHelp("Directory of the sentence embedder.", valueName: "dir"))
    var embedder: String

    @Flag(help: "A text that is too long for the embedder is an error.")
    var strict = false

    @OptionGroup var batches: RecordBatchOptions

    @OptionGroup var precision: InferencePrecisionOptions

    @OptionGroup var common: CommonOptions

    func execute(_ log: Log) throws {
        try io.prepare()
        try common.configureKernels()
        let model = try TextEmbedder.load(
            directory: embedder, precision: precision.precision)
        log.warnings(model.warnings)
        var ranker = RecordRanker(strictLimit: strict ? model.maximumTokens : nil)
        let work = {
            [
                "embedder": try modelDirectoryDigest(embedder), "strict": strict ? "yes" : "no",
                "precision": precision.precision.rawValue,
            ]
        }
        let counts = try io.transform(atOnce: batches.recordsAtOnce, log, work: work) { records in
            try ranker.rank(records, embed: model.embed)
        }
        if ranker.truncatedCount > 0 {
            log.warning(
                "\(ranker.truncatedCount) records have a text of more than \(model.maximumTokens) "
                    + "tokens, which was cut")
        }
        log.summary(
            "\(counts.written) records, \(ranker.negativeCount) negatives ranked, "
                + "\(ranker.truncatedCount) truncated")
    }
}
