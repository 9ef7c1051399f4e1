import StreamIO

/// A JSON file of a checkpoint directory and what is read from it.
struct TokenizerFile {
    let path: String
    let root: JSONObject

    /// The file's name without its directory.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Reads a JSON object.
    init(path: String) throws(TokenizationError) {
        try self.init(path: path) { parser, _ throws(JSONError) in
            try parser.parseValue(depth: 1)
        }
    }

    /// Reads a `tokenizer.json`; its vocabulary and merges, where they have the usual form, go to
    /// `lists`.
    init(path: String, lists: inout TokenLists) throws(TokenizationError) {
        try self.init(path: path) { parser, key throws(JSONError) in
            guard key == "model", parser.nextByte() == UInt8(ascii: "{") else {
                return try parser.parseValue(depth: 1)
            }
            var model = JSONObject()
            try parser.parseMembers(depth: 2) { parser, key throws(JSONError) in
                switch (key, parser.nextByte()) {
                case ("vocab", UInt8(ascii: "{")): try lists.takeTokens(&parser, depth: 3)
                case ("merges", UInt8(ascii: "[")): try lists.takeMerges(&parser, depth: 3)
                default:
                    return model.insert(try parser.parseValue(depth: 2), forNew: key)
                }
                return true
            }
            return .object(model)
        }
    }

    /// Reads a JSON object.
    /// - Parameter value: parses the value of a member.
    private init(
        path: String, _ value: (inout JSONParser, String) throws(JSONError) -> JSONValue
    ) throws(TokenizationError) {
        var root = JSONObject()
        try Self.parse(path) { parser throws(JSONError) in
            try parser.parseObjectDocument { parser, key throws(JSONError) in
                root.insert(try value(&parser, key), forNew: key)
            }
        }
        self.path = path
        self.root = root
    }

    /// Parses a file.
    static func parse(
        _ path: String, _ body: (inout JSONParser) throws(JSONError) -> Void
    ) throws(TokenizationError) {
        let bytes = try bytes(of: path)
        do throws(JSONError) {
            try bytes.withUnsafeBufferPointer { bytes throws(JSONError) in
                var parser = JSONParser(UnsafeRawBufferPointer(bytes))
                try body(&parser)
            }
        } catch {
            throw .malformed(source: path, what: error.description)
        }
    }

    /// The tokens of a file that is an object of tokens and ids, in its order. Unlike the members of
    /// ``root``, tokens that differ only in how characters are composed are two.
    static func tokens(_ path: String) throws(TokenizationError) -> [(content: String, id: Int32)] {
        var lists = TokenLists()
        try parse(path) { parser throws(JSONError) in
            try lists.takeTokens(&parser, depth: 1)
            try parser.parseEnd()
        }
        if let fault = lists.fault { throw .malformed(source: path, what: fault) }
        let tokens = lists.tokens ?? ByteStrings()
        return lists.ids.indices.map {
            (String(decoding: tokens[$0], as: UTF8.self), lists.ids[$0])
        }
    }

    /// The file if it exists.
    static func optional(_ directory: String, _ name: String) throws(TokenizationError)
        -> TokenizerFile?
    {
        let path = directory + "/" + name
        return exists(path) ? try TokenizerFile(path: path) : nil
    }

    static func exists(_ path: String) -> Bool { FileTree.exists(path) }

    /// The whole content of a file.
    static func bytes(of path: String) throws(TokenizationError) -> [UInt8] {
        do throws(StreamError) {
            return try InputFile.contents(of: path)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    /// An error about this file's content.
    func malformed(_ what: String) -> TokenizationError { .malformed(source: path, what: what) }

    /// An error about what this file asks for.
    func unsupported(_ what: String) -> TokenizationError {
        .unsupported(source: path, what: what)
    }
}

extension JSONValue {
    /// Token ids given as one number or as several.
    var idList: [Int32] {
        if let integer { return Int32(exactly: integer).map { [$0] } ?? [] }
        return elements?.compactMap { $0.integer.flatMap { Int32(exactly: $0) } } ?? []
    }

    /// A token given by its text or as an object with `content`. Early Llama checkpoints name roles
    /// that they leave to the model with empty texts.
    var tokenContent: String? {
        let content = string ?? object?["content"]?.string
        return content == "" ? nil : content
    }
}
