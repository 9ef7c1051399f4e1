import StreamIO

/// How the prompt is made from a record's fields.
public struct PromptTemplate: Sendable {
    private enum Form: Sendable {
        case automatic
        case dolly
        case plain
        case chat(ChatTemplate)
        case places([Place])
    }

    private enum Place: Sendable, Equatable {
        case literal(String)
        case field(String)
    }

    /// The template's name as the user gave it.
    public let name: String
    private let form: Form

    /// Dolly's for records with `instruction`, `prompt` as it stands for the others.
    public static let automatic = PromptTemplate(name: "dolly", form: .automatic)
    /// `### Instruction:` … `### Response:`, with the context where it is not empty.
    public static let dolly = PromptTemplate(name: "dolly", form: .dolly)
    /// The field `prompt` as it stands.
    public static let plain = PromptTemplate(name: "plain", form: .plain)

    private init(name: String, form: Form) {
        self.name = name
        self.form = form
    }

    /// The template called `name`: `dolly`, `plain`, `chat` or the path of a file with
    /// `{field}` places.
    /// - Parameter tokenizer: the checkpoint's, for `chat`.
    /// - Throws: ``TokenizationError``; for `chat` also if the checkpoint's template is absent
    ///   or not understood.
    public init(named name: String, tokenizer: Tokenizer?) throws(TokenizationError) {
        switch name {
        case "dolly": self = .dolly
        case "plain": self = .plain
        case "chat":
            guard let tokenizer else {
                throw .malformedTemplate(what: "chat needs a checkpoint's template")
            }
            self.init(name: name, form: .chat(try ChatTemplate(of: tokenizer)))
        default:
            let text = String(decoding: try TokenizerFile.bytes(of: name), as: UTF8.self)
            try self.init(name: name, text: text)
        }
    }

    /// A template given as text: `{field}` is replaced by the record's field, in one pass, so
    /// that braces inside a field mean nothing. Braces around anything but a name are text.
    /// - Throws: ``TokenizationError/malformedTemplate(what:)`` if there is no place in it.
    public init(name: String, text: String) throws(TokenizationError) {
        let places = Self.parse(text)
        guard places.contains(where: { if case .field = $0 { true } else { false } }) else {
            throw .malformedTemplate(what: "'\(name)' has no {field} place")
        }
        self.init(name: name, form: .places(places))
    }

    /// The prompt of a record.
    /// - Throws: ``TokenizationError/missingField(name:template:)`` for a field that is absent or
    ///   not a string.
    public func prompt(
        for fields: JSONObject
    ) throws(TokenizationError) -> PromptText {
        PromptText(try bytes(for: fields))
    }

    /// The prompt of a record as UTF-8.
    func bytes(for fields: some FieldSource) throws(TokenizationError) -> PromptBytes {
        var prompt = PromptBytes()
        switch form {
        case .automatic:
            if Self.hasPromptOnly(fields) {
                try append("prompt", of: fields, to: &prompt)
            } else {
                try appendDolly(fields, to: &prompt)
            }
        case .plain: try append("prompt", of: fields, to: &prompt)
        case .dolly: try appendDolly(fields, to: &prompt)
        case .places(let places):
            for place in places {
                switch place {
                case .literal(let text): prompt.append(literal: text)
                case .field(let key): try append(key, of: fields, to: &prompt)
                }
            }
        case .chat(let template):
            var message = PromptBytes()
            if Self.hasPromptOnly(fields) {
                try append("prompt", of: fields, to: &message)
            } else {
                try append("instruction", of: fields, to: &message)
                appendContext(of: fields, after: "\n\n", to: &message)
            }
            let text = String(decoding: message.utf8, as: UTF8.self)
            return PromptBytes(try template.prompt(user: text))
        }
        return prompt
    }

    private static func hasPromptOnly(_ fields: some FieldSource) -> Bool {
        !fields.contains("instruction") && fields.contains("prompt")
    }

    private func appendDolly(
        _ fields: some FieldSource, to prompt: inout PromptBytes
    ) throws(TokenizationError) {
        prompt.append(literal: "### Instruction:\n")
        try append("instruction", of: fields, to: &prompt)
        appendContext(of: fields, after: "\n\n### Context:\n", to: &prompt)
        prompt.append(literal: "\n\n### Response:\n")
    }

    /// The fields that go with an instruction, Dolly's and Alpaca's: the first that is not empty.
    private static let contextFields = ["context", "input"]

    /// Appends the context, unless there is none.
    private func appendContext(
        of fields: some FieldSource, after literal: String, to prompt: inout PromptBytes
    ) {
        for field in Self.contextFields {
            let isThere = fields.withText(of: field) { text in
                guard !text.isEmpty else { return false }
                prompt.append(literal: literal)
                prompt.append(data: text)
                return true
            }
            if isThere == true { return }
        }
    }

    /// Whether a record has an instruction with an `input` that the prompt leaves out.
    func leavesInputOut(of fields: some FieldSource) -> Bool {
        guard fields.contains("input"), fields.contains("instruction"),
            fields.withText(of: "input", { $0.isEmpty }) != true
        else { return false }
        switch form {
        case .automatic, .dolly, .chat:
            let field = Self.contextFields.first { fields.withText(of: $0) { !$0.isEmpty } == true }
            return field != "input"
        case .plain: return true
        case .places(let places): return !places.contains(.field("input"))
        }
    }

    private func append(
        _ key: String, of fields: some FieldSource, to prompt: inout PromptBytes
    ) throws(TokenizationError) {
        let found: Void? = fields.withText(of: key) { prompt.append(data: $0) }
        if found == nil { throw .missingField(name: key, template: name) }
    }

    private static func parse(_ text: String) -> [Place] {
        var places: [Place] = []
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var position = 0
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "{"),
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "}"))
            {
                let name = bytes[position + 1..<end]
                if isName(name) {
                    if !literal.isEmpty {
                        places.append(.literal(String(decoding: literal, as: UTF8.self)))
                    }
                    literal = []
                    places.append(.field(String(decoding: name, as: UTF8.self)))
                    position = end + 1
                    continue
                }
            }
            literal.append(bytes[position])
            position += 1
        }
        if !literal.isEmpty { places.append(.literal(String(decoding: literal, as: UTF8.self))) }
        return places
    }

    /// Letters, digits, `_` and `-`, not beginning with a digit.
    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, !(48...57).contains(first) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 95, 45: true
            default: false
            }
        }
    }
}
