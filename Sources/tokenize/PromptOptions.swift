import ArgumentParser
import Tokenization
import ToolKit

/// How prompts are made and how long things may be.
struct PromptOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            dolly (default), plain ({prompt}), chat (the checkpoint's own template) or a file \
            with {field} places.
            """, valueName: "name|file"))
    var template: String?

    @Option(help: ArgumentHelp("Longest prompt, in tokens.", valueName: "n"))
    var maxPromptTokens: Int?

    @Option(
        help: ArgumentHelp("Longest response, in tokens, end of sequence included.", valueName: "n")
    )
    var maxResponseTokens: Int?

    @Option(
        help: """
            What is too long is truncated (prompts at their beginning, responses at their end), \
            dropped, or an error.
            """)
    var onOverlong = RecordTokenizer.OverlongRule.truncate

    @Option(help: ArgumentHelp("Cut text: tokens of the prompt (default 32).", valueName: "n"))
    var prefixTokens: Int?

    @Option(
        help: ArgumentHelp("Cut text: tokens of the response (default 128).", valueName: "n"))
    var continuationTokens: Int?

    func validate() throws {
        try require("--max-prompt-tokens", maxPromptTokens, atLeast: 1)
        try require("--max-response-tokens", maxResponseTokens, atLeast: 1)
        try require("--prefix-tokens", prefixTokens, atLeast: 1)
        try require("--continuation-tokens", continuationTokens, atLeast: 1)
    }

    /// The library's options.
    func options(_ tokenizer: Tokenizer) throws -> RecordTokenizer.Options {
        var options = RecordTokenizer.Options()
        if let template {
            options.template = try PromptTemplate(named: template, tokenizer: tokenizer)
        }
        options.maximumPromptTokens = maxPromptTokens
        options.maximumResponseTokens = maxResponseTokens
        options.onOverlong = onOverlong
        options.cutsText = prefixTokens != nil || continuationTokens != nil
        options.prefixTokens = prefixTokens ?? options.prefixTokens
        options.continuationTokens = continuationTokens ?? options.continuationTokens
        return options
    }
}

extension RecordTokenizer.OverlongRule: ExpressibleByArgument {}
