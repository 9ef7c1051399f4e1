import ArgumentParser
import Records
import StreamIO
import Tokenization
import ToolKit

/// `--learn`: a byte-level BPE vocabulary from records.
struct LearningOptions: ParsableArguments {
    @Flag(help: "Learn a byte-level BPE vocabulary from the records.")
    var learn = false

    @Option(help: ArgumentHelp("With --learn: number of tokens.", valueName: "n"))
    var vocabSize: Int?

    @Option(help: ArgumentHelp("With --learn: where tokenizer.json goes.", valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp("With --learn: merge no pair rarer than this.", valueName: "n"))
    var minFrequency = 1

    @Option(help: "With --learn: cut text as GPT-2 does, or with every digit apart as SmolLM does.")
    var preTokenization = BytePairLearner.PreTokenization.gpt2

    func validate() throws {
        guard learn else {
            if vocabSize != nil || out != nil {
                throw ValidationError("--vocab-size and --out need --learn")
            }
            return
        }
        guard vocabSize != nil, out != nil else {
            throw ValidationError("--learn needs --vocab-size N and --out DIR")
        }
        try require(
            "--vocab-size", vocabSize, atLeast: BytePairLearner.minimumVocabularySize)
    }

    /// Reads the records and writes the tokenizer.
    func run(
        _ io: InputOutputOptions, field: String?, _ prompts: PromptOptions, _ log: Log
    ) throws {
        guard let vocabSize, let out else { return }
        try io.checkInput()
        try OutputClaim.directory(out, .tokenizer)
        var corpus = LearningCorpus(
            field: field,
            template: try prompts.template.map {
                try PromptTemplate(named: $0, tokenizer: nil)
            } ?? .automatic)
        var learner = BytePairLearner(preTokenization: preTokenization)
        var reader = try io.reader(log)
        var progress = Progress(unit: "records", log: log)
        while let record = try reader.next() {
            do throws(RecordError) {
                for text in try corpus.texts(of: record) { learner.add(text) }
            } catch {
                try reader.skip(error)
            }
            progress.update(reader.count)
        }
        progress.finish()
        let tokenizer = try learner.learn(
            vocabularySize: vocabSize, minimumFrequency: minFrequency)
        try tokenizer.save(to: out)
        if tokenizer.vocabularySize < vocabSize {
            log.warning("the texts give only \(tokenizer.vocabularySize) of \(vocabSize) tokens")
        }
        log.summary(
            "\(tokenizer.vocabularySize) tokens learnt from \(reader.count) records, "
                + "\(corpus.bytes) bytes, written to \(out)")
    }
}

extension BytePairLearner.PreTokenization: ExpressibleByArgument {}
