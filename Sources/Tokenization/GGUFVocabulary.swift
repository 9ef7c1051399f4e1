import StreamIO

/// A tokenizer as the metadata of a GGUF file describe it.
public struct GGUFVocabulary: Sendable {
    /// Kinds of tokenizer, `tokenizer.ggml.model`.
    public enum Model: String, Sendable {
        /// Byte-level BPE.
        case bytePairs = "gpt2"
        /// SentencePiece's BPE with byte fallback.
        case sentencePiece = "llama"
    }

    /// The kinds of token in `tokenizer.ggml.token_type`, numbered as in SentencePiece's files.
    enum TokenType {
        static let normal: Int32 = 1
        static let unknown: Int32 = 2
        static let control: Int32 = 3
        static let userDefined: Int32 = 4
        static let unused: Int32 = 5
        static let byte: Int32 = 6
    }

    /// The kind.
    public private(set) var model: Model
    /// `tokenizer.ggml.pre`: the pattern that takes text apart.
    public private(set) var pre = "default"
    /// The tokens by id, as many as the embedding table has rows.
    public private(set) var tokens: [String] = []
    /// The kind of every token.
    public private(set) var types: [Int32] = []
    /// Byte-level BPE: the merges in order of rank, each two tokens with a space between.
    public private(set) var merges: [String] = []
    /// SentencePiece: the score of every token.
    public private(set) var scores: [Float] = []
    /// SentencePiece: whether a space is put before a text.
    public private(set) var addsSpacePrefix = false
    /// Whether a text begins with ``SpecialTokenIDs/beginning``.
    public let addsBeginning: Bool
    /// The ids that have a role of their own.
    public let special: SpecialTokenIDs
    /// A chat template in Jinja.
    public let chatTemplate: String?
    /// What a user should know, such as rules that llama.cpp does not follow.
    public private(set) var warnings: [String] = []

    /// The tokenizer of a checkpoint directory.
    ///
    /// - Parameters:
    ///   - directory: the checkpoint
    ///   - size: rows of the embedding table; ids without a token get one that no text has
    /// - Throws: ``TokenizationError``, for what llama.cpp has no counterpart for, too.
    public init(directory: String, size: Int) throws(TokenizationError) {
        let tokenizer = try Tokenizer.load(directory: directory)
        special = tokenizer.special
        chatTemplate = tokenizer.chatTemplate
        let pieces = directory + "/tokenizer.model"
        let file = try TokenizerFile.optional(directory, "tokenizer.json")
        let isByteLevel = file.map(Self.isByteLevel) ?? false
        if TokenizerFile.exists(pieces), !isByteLevel {
            model = .sentencePiece
            addsBeginning = try Self.addsBeginning(directory, file) ?? true
            try read(SentencePieceFile(path: pieces))
        } else if let file {
            model = isByteLevel ? .bytePairs : .sentencePiece
            addsBeginning = try Self.addsBeginning(directory, file) ?? false
            try read(file)
        } else {
            model = .bytePairs
            addsBeginning = try Self.addsBeginning(directory, nil) ?? false
            pre = "gpt-2"
            try read(vocabulary: TokenizerFile.tokens(directory + "/vocab.json"))
            merges = try Self.merges(directory + "/merges.txt")
        }
        try complete(tokenizer, size: size, directory)
    }

    /// The score of tokens that are not made of others.
    private static let lowScore: Float = -1000

    /// Whether a `tokenizer.json` spells bytes in the alphabet of byte-level BPE.
    private static func isByteLevel(_ file: TokenizerFile) -> Bool {
        file.root["model"]?.object?["byte_fallback"]?.bool != true
    }

    // MARK: Sources

    private mutating func read(_ file: TokenizerFile) throws(TokenizationError) {
        guard let model = file.root["model"]?.object, let tokens = model["vocab"]?.object,
            let pairs = model["merges"]?.elements
        else { throw file.unsupported("model without vocab and merges (expected BPE)") }
        var vocabulary: [(content: String, id: Int32)] = []
        for (content, id) in tokens {
            guard let id = id.integer.flatMap({ Int32(exactly: $0) }) else {
                throw file.malformed("model.vocab: '\(content)' has no id")
            }
            vocabulary.append((content, id))
        }
        try read(vocabulary: vocabulary)
        var merges: [(left: String, right: String)] = []
        for pair in pairs {
            let parts = pair.elements?.compactMap(\.string) ?? Self.parts(pair.string ?? "")
            guard parts.count == 2 else { throw file.malformed("model.merges: not two tokens") }
            merges.append((parts[0], parts[1]))
        }
        if self.model == .bytePairs {
            self.merges = merges.map { $0.left + " " + $0.right }
            pre = try GGUFPreTokenizer(file: file).name()
        } else {
            readScores(merges)
            markPieces(unknown: model["unk_token"]?.string)
            addsSpacePrefix = try GGUFSpaces(file: file).areAdded()
        }
    }

    /// The two tokens of a merge. A character may go on behind the space, as a combining mark.
    private static func parts(_ merge: String) -> [String] {
        merge.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map { String(decoding: Array($0), as: UTF8.self) }
    }

    private mutating func read(
        vocabulary: [(content: String, id: Int32)]
    ) throws(TokenizationError) {
        let count = (vocabulary.map(\.id).max() ?? -1) + 1
        guard count <= 1 << 24, vocabulary.allSatisfy({ $0.id >= 0 }) else {
            throw .malformed(source: "vocabulary", what: "ids beyond any real vocabulary")
        }
        tokens = Array(repeating: "", count: Int(count))
        types = Array(repeating: TokenType.unused, count: Int(count))
        for (content, id) in vocabulary {
            tokens[Int(id)] = content
            types[Int(id)] = TokenType.normal
        }
    }

    /// The lines of a `merges.txt`.
    private static func merges(_ path: String) throws(TokenizationError) -> [String] {
        try TokenizerFile.bytes(of: path)
            .split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .map { String(decoding: $0, as: UTF8.self) }.filter { !$0.hasPrefix("#version") }
    }

    private mutating func read(_ file: SentencePieceFile) throws(TokenizationError) {
        guard file.algorithm == .bytePairs, !file.normalization.spaceIsSuffix else {
            throw .unsupported(
                source: file.path,
                what: "unigram, or spaces behind words (expected BPE with spaces before words, as "
                    + "llama.cpp's model llama)")
        }
        if !file.normalization.rules.isEmpty || file.normalization.removesExtraSpaces {
            warnings.append(
                "\(file.path): llama.cpp does not normalise text as this model does: ids may differ"
            )
        }
        for index in 0..<file.pieces.count {
            tokens.append(String(decoding: file.pieces[index], as: UTF8.self))
            types.append(file.types[index].rawValue)
            scores.append(file.scores[index])
        }
        addsSpacePrefix = file.normalization.addsSpace
    }

    // MARK: SentencePiece from merges

    /// Scores that lead to the same merges: the earlier a token is made, the higher.
    private mutating func readScores(_ merges: [(left: String, right: String)]) {
        var ranks: [ExactString: Int] = [:]
        for (rank, merge) in merges.enumerated() {
            let token = ExactString(merge.left + merge.right)
            if ranks[token] == nil { ranks[token] = rank }
        }
        scores = tokens.map { token in ranks[ExactString(token)].map { -Float($0) } ?? 0 }
    }

    private mutating func markPieces(unknown: String?) {
        for (id, token) in tokens.enumerated() where types[id] == TokenType.normal {
            if token == unknown { types[id] = TokenType.unknown }
            let digits = token.utf8.dropFirst(3).dropLast()
            if token.hasPrefix("<0x"), token.hasSuffix(">"), digits.count == 2,
                UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 16) != nil
            {
                types[id] = TokenType.byte
            }
        }
    }

    // MARK: All ids

    /// Adds the tokens that stand outside the model, and one for every id that has none.
    private mutating func complete(
        _ tokenizer: Tokenizer, size: Int, _ directory: String
    ) throws(TokenizationError) {
        let count = max(tokens.count, tokenizer.vocabularySize)
        guard count <= size else {
            throw .unsupported(
                source: directory,
                what: "a tokenizer with more tokens than the model has embeddings (got \(count), "
                    + "expected at most \(size))")
        }
        let missing = size - tokens.count
        tokens += Array(repeating: "", count: missing)
        types += Array(repeating: TokenType.unused, count: missing)
        if model == .sentencePiece {
            scores += Array(repeating: Self.lowScore, count: missing)
            // What stands outside the model is no result of a merge.
            for id in tokens.indices where tokens[id].isEmpty { scores[id] = Self.lowScore }
        }
        for token in tokenizer.addedTokens.tokens {
            let id = Int(token.id)
            tokens[id] = token.content
            if types[id] != TokenType.unknown {
                types[id] = token.isSpecial ? TokenType.control : TokenType.userDefined
            }
        }
        for id in tokens.indices {
            if types[id] == TokenType.unused, tokens[id].isEmpty { tokens[id] = "[PAD\(id)]" }
            // llama.cpp looks for these in text whose spaces are spaces yet.
            if model == .sentencePiece, types[id] == TokenType.userDefined {
                tokens[id] = String(tokens[id].map { $0 == "▁" ? " " : $0 })
            }
        }
    }

    // MARK: The beginning of a text

    /// Whether texts begin with a token; nil if no file says so.
    private static func addsBeginning(
        _ directory: String, _ file: TokenizerFile?
    ) throws(TokenizationError) -> Bool? {
        let configuration = try TokenizerFile.optional(directory, "tokenizer_config.json")
        if let flag = configuration?.root["add_bos_token"]?.bool { return flag }
        guard let processor = file?.root["post_processor"]?.object else { return nil }
        let steps =
            processor["processors"]?.elements?.compactMap(\.object) ?? [processor]
        guard let template = steps.first(where: { $0["type"]?.string == "TemplateProcessing" })
        else { return nil }
        return template["single"]?.elements?.first?.object?["SpecialToken"] != nil
    }
}

/// What a `tokenizer.json` of SentencePiece's kind does with spaces.
private struct GGUFSpaces {
    let file: TokenizerFile

    /// Whether a space is put before a text.
    ///
    /// - Throws: ``TokenizationError/unsupported(source:what:)`` for rules that llama.cpp does not have.
    func areAdded() throws(TokenizationError) -> Bool {
        var isAdded = false
        for step in steps("normalizer", "normalizers") {
            switch step["type"]?.string {
            case "Prepend" where step["prepend"]?.string == "▁": isAdded = true
            case "Replace"
            where step["pattern"]?.object?["String"]?.string == " "
                && step["content"]?.string == "▁":
                continue
            default: throw unknown("normalizer", step)
            }
        }
        for step in steps("pre_tokenizer", "pretokenizers") {
            switch step["type"]?.string {
            case "Split" where step["pattern"]?.object?["String"]?.string == " ": continue
            case "Metaspace":
                let scheme = step["prepend_scheme"]?.string
                isAdded =
                    scheme.map { $0 != "never" } ?? step["add_prefix_space"]?.bool ?? true
            default: throw unknown("pre_tokenizer", step)
            }
        }
        return isAdded
    }

    private func steps(_ key: String, _ list: String) -> [JSONObject] {
        guard let description = file.root[key]?.object else { return [] }
        return description[list]?.elements?.compactMap(\.object) ?? [description]
    }

    private func unknown(_ key: String, _ step: JSONObject) -> TokenizationError {
        file.unsupported(
            "\(key) \(step["type"]?.string ?? "without a type") (llama.cpp's model llama has none)")
    }
}
