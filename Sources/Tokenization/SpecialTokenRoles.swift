import StreamIO

/// Which tokens have which role, collected from the files beside a tokenizer.
struct SpecialTokenRoles {
    var beginning: String?
    var endOfSequence: String?
    var unknown: String?
    var padding: String?
    var classification: String?
    var separator: String?
    /// Ids named by `generation_config.json` and `config.json`.
    var endOfSequenceIDs: [Int32] = []
    var beginningID: Int32?
    var paddingID: Int32?
    /// Whether texts begin and end with a token, by `tokenizer_config.json`.
    var addsBeginning: Bool?
    var addsEnd: Bool?
    /// How many rows the model's embeddings have, by `config.json`.
    var modelSize: Int?
    var chatTemplate: String?
    /// The ends of sequence that ``endOfSequenceIDs`` has, with the files that name them.
    var unusableEnd: String? { endSources.isEmpty ? nil : endSources.joined(separator: "; ") }
    private var endSources: [String] = []
    /// Where the end of sequence is named, for messages.
    private var source = ""

    /// Reads `tokenizer_config.json`, `special_tokens_map.json`, `generation_config.json`,
    /// `config.json` and `chat_template.jinja`, where they exist. Of several statements about
    /// the same role, the first file in this order wins.
    init(directory: String) throws(TokenizationError) {
        source = directory
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            guard let file = try TokenizerFile.optional(directory, name) else { continue }
            beginning = beginning ?? file.root["bos_token"]?.tokenContent
            endOfSequence = endOfSequence ?? file.root["eos_token"]?.tokenContent
            unknown = unknown ?? file.root["unk_token"]?.tokenContent
            padding = padding ?? file.root["pad_token"]?.tokenContent
            classification = classification ?? file.root["cls_token"]?.tokenContent
            separator = separator ?? file.root["sep_token"]?.tokenContent
            chatTemplate = chatTemplate ?? Self.chatTemplate(file.root["chat_template"])
            addsBeginning = addsBeginning ?? file.root["add_bos_token"]?.bool
            addsEnd = addsEnd ?? file.root["add_eos_token"]?.bool
        }
        for name in ["generation_config.json", "config.json"] {
            guard let file = try TokenizerFile.optional(directory, name) else { continue }
            let ends = file.root["eos_token_id"]?.idList ?? []
            if !ends.isEmpty {
                let list = ends.map { String($0) }.joined(separator: ", ")
                endSources.append(
                    "\(file.path): eos_token_id \(list) is no token of its vocabulary")
            }
            for id in ends where !endOfSequenceIDs.contains(id) {
                endOfSequenceIDs.append(id)
            }
            beginningID = beginningID ?? file.root["bos_token_id"]?.idList.first
            paddingID = paddingID ?? file.root["pad_token_id"]?.idList.first
            let size =
                file.root["vocab_size"]?.integer
                ?? file.root["text_config"]?.object?["vocab_size"]?.integer
            modelSize = modelSize ?? size.flatMap { $0 <= 1 << 24 ? $0 : nil }
        }
        let path = directory + "/chat_template.jinja"
        if TokenizerFile.exists(path) {
            chatTemplate = String(decoding: try TokenizerFile.bytes(of: path), as: UTF8.self)
        }
    }

    /// All tokens with a role.
    var contents: [String] {
        [beginning, endOfSequence, unknown, padding, classification, separator].compactMap { $0 }
    }

    /// The ids of the roles.
    /// - Parameter fallback: the end of sequence where no file names one.
    func ids(
        in vocabulary: Vocabulary, fallback: String? = nil
    ) throws(TokenizationError) -> SpecialTokenIDs {
        var end: Int32?
        if let endOfSequence {
            guard let id = vocabulary.id(endOfSequence) else {
                throw .malformed(
                    source: source,
                    what: "eos_token '\(endOfSequence)' is not in the vocabulary")
            }
            end = id
        }
        let known = endOfSequenceIDs.filter { vocabulary.contains($0) }
        end = end ?? known.first ?? fallback.flatMap { vocabulary.id($0) }
        func id(_ token: String?, _ configured: Int32?) -> Int32? {
            token.flatMap { vocabulary.id($0) }
                ?? configured.flatMap { vocabulary.contains($0) ? $0 : nil }
        }
        return SpecialTokenIDs(
            beginning: id(beginning, beginningID), endOfSequence: end, stops: known,
            unknown: id(unknown, nil), padding: id(padding, paddingID))
    }

    /// A template, or the one called `default` of several.
    private static func chatTemplate(_ value: JSONValue?) -> String? {
        if let text = value?.string { return text }
        let named = value?.elements?.compactMap(\.object) ?? []
        return (named.first { $0["name"]?.string == "default" } ?? named.first)?["template"]?.string
    }
}
