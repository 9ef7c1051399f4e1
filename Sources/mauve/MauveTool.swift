import ArgumentParser
import Checkpoints
import Embedding
import Evaluation
import Kernels
import Records
import StreamIO
import ToolKit

/// Compares the distributions of two sets of texts.
@main struct MauveTool: CommandLineTool {
    static let configuration = toolConfiguration(
        "mauve",
        abstract: "Measures how close generated texts are to human ones as distributions (MAUVE).",
        discussion: """
            Prints one JSON object with the score and everything it depends on. p are human texts, q \
            generated ones, each from records (--p, --q), or from features (--p-features, --q-features). \
            Scores are comparable only with equal hyperparameters and the same feature model; published \
            ones use gpt2-large and thousands of texts. Texts of different lengths are told apart by \
            length alone: --match-length. All texts or features are held in memory. \
            --histograms FILE takes JSON lines {"p":[...],"q":[...]} and prints one object a line.
            """,
        libraries: [ProductCheck.description])

    static let example = """
        mauve --p test.jsonl.zst --q outputs.jsonl.zst --model gpt2-large
        mauve --match-length --p tokens.jsonl.zst --q outputs.jsonl.zst --model gpt2-large
        mauve --p-features features.safetensors:p --q-features features.safetensors:q
        """

    @Option(help: ArgumentHelp("Records with human texts.", valueName: "file"))
    var p: String?

    @Option(help: ArgumentHelp("Records with generated texts.", valueName: "file"))
    var q: String?

    @Option(help: "Field of p's texts; else the first of response, text, output.")
    var pField: String?

    @Option(help: "Field of q's texts; else the first of output, response, text.")
    var qField: String?

    @Option(help: ArgumentHelp("Checkpoint whose hidden states are features.", valueName: "dir"))
    var model: String?

    @Option(help: ArgumentHelp("Features of human texts.", valueName: "file[:tensor]"))
    var pFeatures: String?

    @Option(help: ArgumentHelp("Features of generated texts.", valueName: "file[:tensor]"))
    var qFeatures: String?

    @Option(help: ArgumentHelp("Histograms to compare, JSON lines.", valueName: "file"))
    var histograms: String?

    @Option(
        help: ArgumentHelp("Also write the features (safetensors, p and q).", valueName: "file"))
    var featuresOut: String?

    @Option(help: "Clusters, or auto: a tenth of the smaller sample.")
    var buckets = "auto"

    @Option(help: "k-means seeds over which mean and deviation are taken.")
    var seeds = 5

    @Option(help: "Runs of k-means for each seed, of which the best counts.")
    var restarts = 5

    @Option(help: "Most iterations of k-means.")
    var iterations = 500

    @Option(help: "Stretches the scale; 5 in published scores.")
    var scalingFactor = 5.0

    @Option(help: "Share of the variance kept by the principal axes.")
    var explainedVariance = 0.9

    @Option(help: "Texts are cut to this many tokens.")
    var maxTokens = 1024

    @Flag(
        help: """
            Pair the texts of p and q by id and cut both of each pair to the tokens of the shorter \
            one, or length is what is measured.
            """)
    var matchLength = false

    @Flag(help: "Compute a score from fewer than two texts a bucket.")
    var force = false

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where to write; else stdout.", valueName: "file"))
    var output: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard buckets == "auto" || Int(buckets) != nil else {
            throw ValidationError("--buckets (got \(buckets), expected auto or a number)")
        }
        try require("--max-tokens", maxTokens, atLeast: 1)
        let sides = [p, q, pFeatures, qFeatures]
        if histograms != nil {
            guard sides.allSatisfy({ $0 == nil }), featuresOut == nil, !matchLength else {
                throw ValidationError("--histograms stands alone")
            }
            return
        }
        for (name, texts, features) in [("p", p, pFeatures), ("q", q, qFeatures)]
        where (texts == nil) == (features == nil) {
            throw ValidationError(
                "either --\(name) or --\(name)-features is needed, or --histograms")
        }
        if matchLength, p == nil || q == nil {
            throw ValidationError("--match-length needs texts on both sides, --p and --q")
        }
        if (p ?? q) != nil, model == nil {
            throw ValidationError("--model is needed for the features of texts")
        }
    }

    func execute(_ log: Log) throws {
        try OutputClaim.file(output)
        if let featuresOut { try OutputClaim.file(featuresOut) }
        try common.configureKernels()
        if let histograms {
            try compareHistograms(histograms, log)
        } else {
            try compareFeatures(log)
        }
    }

    private func compareHistograms(_ path: String, _ log: Log) throws {
        var reader = try RecordReader(paths: [path])
        var results = try OutputFile(path: output, format: .plain)
        while case .item(let record) = try reader.next(
            mayWait: true, pause: { try results.passOn() })
        {
            let fields = try DivergenceFrontier.json(of: record, scalingFactor: scalingFactor)
            try results.write(try JSONValue.object(fields).serialized() + [0x0A])
        }
        try results.finish()
        log.summary("\(reader.count) pairs of histograms")
    }

    private func compareFeatures(_ log: Log) throws {
        let texts = try SideTexts.read(
            p: p, q: q, fields: (pField, qField), inPairs: matchLength)
        log.warnings(SideTexts.warnings(p: texts.p, q: texts.q, lengthsMatch: matchLength))
        let extractor = try (p ?? q) == nil ? nil : model.map(FeatureExtractor.load(directory:))
        log.warnings(extractor?.warnings ?? [])
        var tokens = try (p: tokens(texts.p, extractor), q: tokens(texts.q, extractor))
        let match = matchLength ? try LengthMatch(cutting: &tokens.p, &tokens.q) : nil
        if let match {
            log.info(match.line)
            log.warnings(match.warnings)
        }
        let features = try (
            p: features(of: tokens.p, or: pFeatures, "p", extractor, log),
            q: features(of: tokens.q, or: qFeatures, "q", extractor, log)
        )
        let hash = try extractor == nil ? nil : model.map(modelHash)
        if let featuresOut {
            try FeatureFile.write(
                p: features.p, q: features.q, to: featuresOut,
                metadata: [
                    "tool": Version.package, "model_sha256": hash ?? "",
                    "lengths": matchLength ? "matched" : "as they are",
                ])
        }
        let score = try MauveScore(p: features.p, q: features.q, options: options)
        log.warnings(score.warnings)
        var fields = score.json(version: version)
        fields["model_sha256"] = hash.map { .string($0) }
        fields["max_tokens"] = hash == nil ? nil : .integer(Int64(maxTokens))
        fields["p_texts"] = texts.p?.json(LengthSummary(tokens.p.map(\.count)))
        fields["q_texts"] = texts.q?.json(LengthSummary(tokens.q.map(\.count)))
        fields["match_length"] = match?.json
        var result = try OutputFile(path: output, format: .plain)
        try result.write(try JSONValue.object(fields).serialized() + [0x0A])
        try result.finish()
        log.summary(score.signature(version: version))
    }

    private func tokens(_ side: SideTexts?, _ model: FeatureExtractor?) throws -> [[Int32]] {
        guard let side, let model else { return [] }
        return try model.tokens(of: side.texts, maximumTokens: maxTokens)
    }

    private func features(
        of tokens: [[Int32]], or file: String?, _ name: String, _ model: FeatureExtractor?,
        _ log: Log
    ) throws -> FeatureSet {
        guard file == nil, let model else {
            return try FeatureFile.read(file ?? "", defaultName: name)
        }
        var progress = Progress(unit: "texts", total: tokens.count, log: log)
        defer { progress.finish() }
        return try model.features(of: tokens) { progress.update($0) }
    }

    /// The package's version without its name.
    private var version: String {
        Version.package.split(separator: " ").last.map(String.init) ?? Version.package
    }

    private var options: MauveOptions {
        var options = MauveOptions()
        options.buckets = Int(buckets)
        options.seeds = seeds
        options.restarts = restarts
        options.iterations = iterations
        options.scalingFactor = scalingFactor
        options.explainedVariance = explainedVariance
        options.seed = common.seed
        options.matchesLengths = matchLength
        options.force = force
        return options
    }
}
