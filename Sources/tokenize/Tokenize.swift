import ArgumentParser
import Records
import StreamIO
import Tokenization
import ToolKit

/// Text to token ids and back, and learning the vocabulary for it.
@main
struct Tokenize: CommandLineTool {
    static let configuration = toolConfiguration(
        "tokenize", abstract: "Turn raw records into token records.",
        discussion: """
            Raw records are {"instruction","context","response"} (or "input" and "output", as Alpaca \
            names the last two), {"prompt","response"} or {"text"}. A token record has id, prompt, response, prompt_ids and response_ids; \
            other fields stay. A whole response ends in one end-of-sequence id, a truncated one \
            has none; a beginning-of-sequence id is added under --add-special-tokens. \
            Special-token text in the data is ordinary text unless --special says otherwise. Tokenizers: BPE of bytes or characters and WordPiece \
            (tokenizer.json, or vocab.json with merges.txt), SentencePiece (tokenizer.model).
            """)

    static let example = """
        tokenize --model runs/base dolly.jsonl.zst -o tokens.jsonl.zst
        tokenize --learn --vocab-size 4096 --out runs/vocabulary dolly.jsonl.zst
        tokenize --model runs/base --decode --field output_ids outputs.jsonl
        """

    @OptionGroup var io: InputOutputOptions
    @OptionGroup var prompts: PromptOptions
    @OptionGroup var learning: LearningOptions
    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Checkpoint whose tokenizer to use.", valueName: "dir"))
    var model: String?

    @Option(help: "Just add the ids of this field (with --decode: the field with the ids).")
    var field: String?

    @Flag(
        help: """
            Add what the model expects around a text, BOS for Llama 3 and Gemma, [CLS] and [SEP] for \
            BERT; without --field, what it expects at the beginning, to prompts that lack it.
            """)
    var addSpecialTokens = false

    @Flag(help: "With --field: add offsets, [begin, end] in bytes of the text's UTF-8.")
    var offsets = false

    @Flag(help: "Turn ids back into text.")
    var decode = false

    @Option(help: "Text spelt like a special token is ordinary text, the token, or an error.")
    var special = SpecialTokenPolicy.asText

    func validate() throws {
        if learning.learn && decode {
            throw ValidationError("--learn and --decode exclude each other")
        }
        if !learning.learn && model == nil { throw ValidationError("--model is needed") }
        if io.resume {
            throw ValidationError(
                "--resume is for tools that run for hours; tokenize begins anew, which takes seconds"
            )
        }
        if offsets && field == nil { throw ValidationError("--offsets needs --field") }
    }

    mutating func execute(_ log: Log) throws {
        if learning.learn { return try learning.run(io, field: field, prompts, log) }
        guard let model else { throw ValidationError("--model is needed") }
        try io.prepare()
        let tokenizer = try Tokenizer.load(directory: model)
        log.debug("\(tokenizer.kind), \(tokenizer.vocabularySize) tokens")
        let skipsBad = io.input.skipBad
        if decode {
            let decoder = RecordDecoder(
                tokenizer, field: field, keepsSpecialTokens: special == .allow)
            let done = try io.transform(threads: common.threadCount, log) { block in
                decoder.decode(block, skipsBad: skipsBad)
            }
            log.summary("\(done.written) records decoded")
            return
        }
        var options = try prompts.options(tokenizer)
        options.field = field
        options.addsSpecialTokens = addSpecialTokens
        options.recordsOffsets = offsets
        options.specialTokens = special
        let worker = try RecordTokenizer(tokenizer, options)
        var counts = RecordTokenizer.Counts()
        let done = try io.transform(threads: common.threadCount, log) { block in
            worker.tokenize(block, skipsBad: skipsBad)
        } count: {
            counts += $0
        }
        log.warnings(counts.warnings(of: done.read))
        log.summary(counts.summary(read: done.read, written: done.written, ofField: field))
    }
}

extension SpecialTokenPolicy: ExpressibleByArgument {}
