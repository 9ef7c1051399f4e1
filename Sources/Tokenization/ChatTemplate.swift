/// A checkpoint's chat template, rendered for one user message.
///
/// The template language is the part of Jinja that such templates need: output of expressions,
/// `for`, `if`, `set`, string literals, `+`, comparisons, `and`, `or`, `not`, subscripts,
/// `loop.first`, `is defined`, the filter `trim`. Anything else is an error that names it.
/// What the template adds on its own, as SmolLM2's default system message, is part of the prompt.
public struct ChatTemplate: Sendable {
    /// Bytes of text that any template may work on, see ``TemplateRenderer``.
    private static let allowance = 4 << 20

    private let nodes: [TemplateNode]
    private let tokenNames: [String: String]

    /// The template of a tokenizer.
    /// - Throws: ``TokenizationError/malformedTemplate(what:)`` if there is none or it is not
    ///   understood.
    public init(of tokenizer: Tokenizer) throws(TokenizationError) {
        guard let text = tokenizer.chatTemplate else {
            throw .malformedTemplate(what: "the checkpoint has no chat template")
        }
        var names: [String: String] = [:]
        for (name, id) in [
            ("bos_token", tokenizer.special.beginning),
            ("eos_token", tokenizer.special.endOfSequence),
            ("unk_token", tokenizer.special.unknown), ("pad_token", tokenizer.special.padding),
        ] {
            if let token = id.flatMap({ tokenizer.token(for: $0) }) { names[name] = token }
        }
        try self.init(text: text, tokenNames: names)
    }

    /// A template given as text.
    /// - Parameter tokenNames: the values of `bos_token`, `eos_token` and so on.
    /// - Throws: ``TokenizationError/malformedTemplate(what:)``.
    public init(text: String, tokenNames: [String: String] = [:]) throws(TokenizationError) {
        nodes = try TemplateParser.parse(text)
        self.tokenNames = tokenNames
    }

    /// The prompt that asks for an answer to `message`.
    /// - Throws: ``TokenizationError/malformedTemplate(what:)``, also if the message does not
    ///   occur in what the template makes.
    public func prompt(user message: String) throws(TokenizationError) -> PromptText {
        var variables: [String: TemplateValue] = [
            "messages": .list([
                .object([
                    "role": .text(.literal("user")), "content": .text(.data(message)),
                ])
            ]),
            "add_generation_prompt": .bool(true),
        ]
        for (name, token) in tokenNames { variables[name] = .text(.literal(token)) }
        var renderer = TemplateRenderer(
            variables: variables, allowance: Self.allowance + 64 * message.utf8.count)
        try renderer.render(nodes)
        let prompt = renderer.output
        guard message.isEmpty || prompt.pieces.contains(where: \.isData) else {
            throw .malformedTemplate(what: "the chat template leaves the user's message out")
        }
        return prompt
    }
}
