import StreamIO

/// What a `tokenizer.json` says beside vocabulary, merges and added tokens: what happens to text before
/// the model, to ids after it, and to spellings on the way back. Kept in the file's own words, so
/// that it is written as it was read.
struct TokenizerPipeline: Sendable {
    var normalizer = JSONValue.null
    var preTokenizer = JSONValue.null
    var postProcessor = JSONValue.null
    var decoder = JSONValue.null
    /// The file's name for messages.
    var source: String

    /// The parts of a file.
    init(_ file: TokenizerFile) {
        source = file.path
        normalizer = file.root["normalizer"] ?? .null
        preTokenizer = file.root["pre_tokenizer"] ?? .null
        postProcessor = file.root["post_processor"] ?? .null
        decoder = file.root["decoder"] ?? .null
    }

    /// Byte-level BPE behind a pre-tokenizer of ours.
    init(byteLevel preTokenizer: ByteLevelPreTokenizer) {
        source = "tokenizer"
        let bytes = Self.byteLevel(
            usesPattern: preTokenizer.usesPattern, addsPrefixSpace: preTokenizer.addsPrefixSpace)
        decoder = Self.byteLevel(usesPattern: true, addsPrefixSpace: false)
        guard preTokenizer.numbers != .pattern else {
            self.preTokenizer = bytes
            return
        }
        self.preTokenizer = Self.sequence([
            Self.digits(individual: preTokenizer.numbers == .individual), bytes,
        ])
    }

    /// Byte-level BPE behind steps, which are described as in a file.
    init(byteLevelBehind steps: [JSONValue], usesPattern: Bool, source: String) {
        self.source = source
        preTokenizer = Self.sequence(
            steps + [Self.byteLevel(usesPattern: usesPattern, addsPrefixSpace: false)])
        decoder = Self.byteLevel(usesPattern: true, addsPrefixSpace: false)
    }

    // MARK: Descriptions

    static func sequence(_ steps: [JSONValue]) -> JSONValue {
        .object(["type": .string("Sequence"), "pretokenizers": .array(steps)])
    }

    static func digits(individual: Bool) -> JSONValue {
        .object(["type": .string("Digits"), "individual_digits": .bool(individual)])
    }

    static func split(_ expression: String) -> JSONValue {
        .object([
            "type": .string("Split"), "pattern": .object(["Regex": .string(expression)]),
            "behavior": .string("Isolated"), "invert": .bool(false),
        ])
    }

    static func byteLevel(usesPattern: Bool, addsPrefixSpace: Bool) -> JSONValue {
        .object([
            "type": .string("ByteLevel"), "add_prefix_space": .bool(addsPrefixSpace),
            "trim_offsets": .bool(false), "use_regex": .bool(usesPattern),
        ])
    }

    // MARK: Reading

    func unsupported(_ what: String) -> TokenizationError {
        .unsupported(source: source, what: what)
    }

    func malformed(_ what: String) -> TokenizationError {
        .malformed(source: source, what: what)
    }

    /// The steps of a component, those of sequences one after the other.
    /// - Parameters:
    ///   - name: of the component, `pre_tokenizer`
    ///   - key: under which a sequence has its steps
    func steps(
        of component: JSONValue, _ name: String, _ key: String
    ) throws(TokenizationError) -> [(type: String, step: JSONObject)] {
        if component.isNull { return [] }
        guard let object = component.object, let type = object["type"]?.string else {
            throw malformed("\(name): no object with a type")
        }
        guard type == "Sequence" else { return [(type, object)] }
        guard let elements = object[key]?.elements else {
            throw malformed("\(name): a Sequence without \(key)")
        }
        var steps: [(type: String, step: JSONObject)] = []
        for element in elements { steps += try self.steps(of: element, name, key) }
        return steps
    }

    /// A pattern given as `{"String": …}` or `{"Regex": …}`, for steps that look for simple things.
    func simplePattern(
        _ step: JSONObject, _ name: String
    ) throws(TokenizationError) -> CharacterRun {
        if let text = step["pattern"]?.object?["String"]?.string {
            if let pattern = CharacterRun(text: text) { return pattern }
            throw unsupported("\(name) of an empty text")
        }
        guard let expression = step["pattern"]?.object?["Regex"]?.string else {
            throw malformed("\(name) without a pattern")
        }
        guard let pattern = CharacterRun(expression: expression) else {
            throw unsupported("\(name) with the pattern \(expression)")
        }
        return pattern
    }
}

extension TokenizerPipeline {
    /// The normalizer.
    func textNormalizer() throws(TokenizationError) -> TextNormalizer {
        var result: [TextNormalizer.Step] = []
        for (type, step) in try steps(of: normalizer, "normalizer", "normalizers") {
            if let form = NormalizationForm(rawValue: type) {
                result.append(.form(form))
                continue
            }
            switch type {
            case "Lowercase": result.append(.lowercase)
            case "StripAccents": result.append(.stripAccents)
            case "Strip":
                result.append(
                    .strip(
                        left: step["strip_left"]?.bool ?? false,
                        right: step["strip_right"]?.bool ?? false))
            case "Prepend":
                result.append(.prepend(Array((step["prepend"]?.string ?? "").utf8)))
            case "Replace":
                result.append(
                    .replace(
                        try simplePattern(step, "normalizer Replace"),
                        with: Array((step["content"]?.string ?? "").utf8)))
            default: throw unsupported("normalizer \(type)")
            }
        }
        return TextNormalizer(steps: result)
    }

    /// The decoder.
    func tokenDecoder() throws(TokenizationError) -> TokenDecoder {
        var result: [TokenDecoder.Step] = []
        for (type, step) in try steps(of: decoder, "decoder", "decoders") {
            switch type {
            case "ByteLevel": result.append(.byteLevel)
            case "ByteFallback": result.append(.byteFallback)
            case "Fuse": result.append(.fuse)
            case "Strip":
                result.append(
                    .strip(
                        Array((step["content"]?.string ?? "").utf8),
                        start: step["start"]?.integer ?? 0, stop: step["stop"]?.integer ?? 0))
            case "Replace":
                result.append(
                    .replace(
                        try simplePattern(step, "decoder Replace"),
                        with: Array((step["content"]?.string ?? "").utf8)))
            case "Metaspace":
                let metaspace = try metaspace(step)
                result.append(
                    .metaspace(
                        replacement: metaspace.replacement,
                        dropsFirst: metaspace.prefix != .never))
            default: throw unsupported("decoder \(type)")
            }
        }
        return TokenDecoder(steps: result, separator: result.isEmpty ? [UInt8(ascii: " ")] : [])
    }

    /// How spaces become visible.
    func metaspace(_ step: JSONObject) throws(TokenizationError) -> CharacterPairModel.Metaspace {
        guard let replacement = step["replacement"]?.string, !replacement.isEmpty else {
            throw malformed("Metaspace without a replacement")
        }
        // Older files say so with add_prefix_space.
        let older = step["add_prefix_space"]?.bool == false ? "never" : "always"
        let scheme = step["prepend_scheme"]?.string ?? older
        guard let prefix = CharacterPairModel.Metaspace.Prefix(rawValue: scheme) else {
            throw unsupported("Metaspace with the prepend_scheme \(scheme)")
        }
        return CharacterPairModel.Metaspace(
            replacement: Array(replacement.utf8), prefix: prefix)
    }
}
