/// A message of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// Who says it: `system`, `user` or `assistant`.
    public var role: String
    /// What is said.
    public var content: String

    /// A message.
    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// A checkpoint's chat template, rendered for a conversation.
///
/// The template language is Jinja, as far as chat templates use it: expressions with all operators,
/// slices, methods of texts and objects; `for`, `if`, `set`, `macro`, `break`, `continue`, namespaces;
/// the usual filters and tests; `raise_exception`, `strftime_now`, `range`. Anything else is an error
/// that names it. What the template adds on its own, as SmolLM2's default system message or today's
/// date, is part of the prompt.
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
        try prompt([ChatMessage(role: "user", content: message)])
    }

    /// The prompt that asks for what comes after `messages`.
    /// - Throws: ``TokenizationError/malformedTemplate(what:)``, also if the template refuses the
    ///   messages or leaves out all of what they say.
    public func prompt(_ messages: [ChatMessage]) throws(TokenizationError) -> PromptText {
        var variables: [String: TemplateValue] = [
            "messages": .list(
                messages.map { message in
                    .object(
                        TemplateObject([
                            ("role", .literal(message.role)),
                            ("content", .text(.data(message.content))),
                        ]))
                }), "add_generation_prompt": .bool(true), "tools": .none, "documents": .none,
        ]
        for name in TemplateRenderer.functions { variables[name] = .function(name) }
        for (name, token) in tokenNames { variables[name] = .literal(token) }
        let bytes = messages.reduce(0) { $0 + $1.content.utf8.count }
        var renderer = TemplateRenderer(
            variables: variables, allowance: Self.allowance + 64 * bytes)
        try renderer.render(nodes)
        let prompt = renderer.output
        guard bytes == 0 || prompt.pieces.contains(where: \.isData) else {
            throw .malformedTemplate(what: "the chat template leaves the user's message out")
        }
        return prompt
    }
}
