import Glibc
import StreamIO

/// The two long lists of a tokenizer's file, tokens and merges. Kept as bytes, since making values of
/// them would take most of the time that loading takes.
struct TokenLists {
    /// The spellings in the order of the file; nil if the file has no object of them.
    private(set) var tokens: ByteStrings?
    /// The ids of ``tokens``.
    private(set) var ids: [Int32] = []
    /// Left and right tokens in turn, best merge first; nil if the file has no list of them.
    private(set) var merges: ByteStrings?
    /// What is wrong with them.
    private(set) var fault: String?

    /// Takes an object of tokens and ids, which comes next.
    mutating func takeTokens(_ parser: inout JSONParser, depth: Int) throws(JSONError) {
        var tokens = ByteStrings()
        var ids: [Int32] = []
        var fault: String?
        try parser.parseMembers(depth: depth) { parser, token throws(JSONError) in
            tokens.append(token)
            if let id = parser.takeInt32(), id >= 0 {
                ids.append(id)
            } else {
                _ = try parser.parseValue(depth: depth)
                fault = fault ?? "token '\(token)' has no id"
            }
            return true
        }
        self.tokens = tokens
        self.ids = ids
        self.fault = self.fault ?? fault
    }

    /// Takes an array of merges, which comes next: strings `left right`, or pairs of strings.
    mutating func takeMerges(_ parser: inout JSONParser, depth: Int) throws(JSONError) {
        var merges = ByteStrings()
        var isPair = true
        try parser.parseElements(depth: depth) { parser throws(JSONError) in
            guard isPair else { return _ = try parser.parseValue(depth: depth) }
            if let range = parser.takePlainString() {
                let text = UnsafeRawBufferPointer(rebasing: parser.bytes[range])
                isPair = Self.append(text.assumingMemoryBound(to: UInt8.self), to: &merges)
                return
            }
            switch try parser.parseValue(depth: depth) {
            case .string(let text):
                isPair = Array(text.utf8).withUnsafeBufferPointer {
                    Self.append($0, to: &merges)
                }
            case .array(let pair) where pair.count == 2:
                guard let left = pair[0].string, let right = pair[1].string else { fallthrough }
                merges.append(left)
                merges.append(right)
            default: isPair = false
            }
        }
        if !isPair {
            fault = fault ?? "model.merges[\(merges.count / 2)] is not a pair of tokens"
        }
        self.merges = merges
    }

    /// Takes the lines of `merges.txt`.
    mutating func takeMerges(lines: [UInt8]) {
        var merges = ByteStrings()
        for (index, line) in lines.split(separator: UInt8(ascii: "\n")).enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.isEmpty || index == 0 && line.starts(with: "#version".utf8) { continue }
            guard line.withUnsafeBufferPointer({ Self.append($0, to: &merges) }) else {
                fault =
                    fault ?? "'\(String(decoding: line, as: UTF8.self))' is not a pair of tokens"
                break
            }
        }
        self.merges = merges
    }

    /// Takes merges written `left right`.
    mutating func takeMerges(_ texts: [String]) {
        var merges = ByteStrings()
        for var text in texts {
            guard text.withUTF8({ Self.append($0, to: &merges) }) else {
                fault = fault ?? "merge '\(text)' is not a pair of tokens"
                break
            }
        }
        self.merges = merges
    }

    /// Takes merges given as left and right tokens in turn.
    mutating func takeMerges(pairs: ByteStrings) { merges = pairs }

    /// Appends the two tokens of a merge written `left right`; false if it is none.
    private static func append(
        _ text: UnsafeBufferPointer<UInt8>, to merges: inout ByteStrings
    ) -> Bool {
        guard let space = text.firstIndex(of: UInt8(ascii: " ")) else { return false }
        let (left, right) = (text[..<space], text[(space + 1)...])
        guard !left.isEmpty, !right.isEmpty, !right.contains(UInt8(ascii: " ")) else {
            return false
        }
        merges.append(left)
        merges.append(right)
        return true
    }

    /// The id of a token, found by looking at all.
    func id(of token: String) -> Int32? {
        guard let tokens else { return nil }
        let text = Array(token.utf8)
        let index = ids.indices.first { tokens[$0].elementsEqual(text) }
        return index.map { ids[$0] }
    }

    // MARK: In the order of ids

    /// Some vocabularies leave ids unused, though never many more than they use.
    private static func maximumID(count: Int) -> Int { 4 * count + 1 << 20 }

    /// Spellings and kinds in the order of ids, added tokens included, and which ids are the model's.
    /// - Throws: what is wrong, as ``TokenizationError/malformed(source:what:)``.
    func vocabulary(
        adding added: [AddedTokens.Token], source: String
    ) throws(TokenizationError) -> (
        tokens: ByteStrings, kinds: [TokenKind], isInModel: [Bool]
    ) {
        if let fault { throw .malformed(source: source, what: fault) }
        var list = tokens ?? ByteStrings()
        let highest = Int(max(ids.max() ?? -1, added.map(\.id).max() ?? -1))
        let limit = Self.maximumID(count: list.count + added.count)
        guard highest < limit else {
            throw .malformed(
                source: source,
                what: "id \(highest) is beyond what \(list.count + added.count) tokens can have "
                    + "(expected less than \(limit))")
        }
        var places = [Int](repeating: -1, count: highest + 1)
        func place(_ index: Int, at id: Int32) throws(TokenizationError) {
            let other = places[Int(id)]
            guard other < 0 || list[other] == list[index] && index >= ids.count else {
                throw .malformed(
                    source: source,
                    what:
                        "id \(id) has two tokens ('\(String(decoding: list[other], as: UTF8.self))'"
                        + " and '\(String(decoding: list[index], as: UTF8.self))')")
            }
            places[Int(id)] = index
        }
        for (index, id) in ids.enumerated() { try place(index, at: id) }
        let isInModel = places.map { $0 >= 0 }
        for token in added {
            list.append(token.content)
            try place(list.count - 1, at: token.id)
        }
        var ordered = ByteStrings()
        ordered.reserveCapacity(highest + 1, bytes: list.storage.count)
        for index in places { ordered.append(index < 0 ? [] : list[index]) }
        var kinds = places.map { $0 < 0 ? TokenKind.unused : .ordinary }
        for token in added { kinds[Int(token.id)] = token.isSpecial ? .special : .added }
        return (ordered, kinds, isInModel)
    }

    /// The ids of the merges and of what they make.
    func resolvedMerges(
        in vocabulary: Vocabulary, source: String
    ) throws(TokenizationError) -> (pairs: [(left: Int32, right: Int32)], results: [Int32]) {
        if let fault { throw .malformed(source: source, what: fault) }
        let merges = merges ?? ByteStrings()
        let count = merges.count / 2
        var pairs: [(left: Int32, right: Int32)] = []
        var results: [Int32] = []
        pairs.reserveCapacity(count)
        results.reserveCapacity(count)
        var merged: [UInt8] = []
        for rank in 0..<count {
            merged.removeAll(keepingCapacity: true)
            merged.append(contentsOf: merges[2 * rank])
            merged.append(contentsOf: merges[2 * rank + 1])
            guard let left = merges.withBytes(of: 2 * rank, { vocabulary.id($0) }),
                let right = merges.withBytes(of: 2 * rank + 1, { vocabulary.id($0) }),
                let result = merged.withUnsafeBufferPointer({ vocabulary.id($0) })
            else {
                let pair = [merges[2 * rank], merges[2 * rank + 1]].map {
                    String(decoding: $0, as: UTF8.self)
                }
                throw .malformed(
                    source: source,
                    what: "merge \(rank) ('\(pair[0])' and '\(pair[1])') names or makes a token "
                        + "that is not in the vocabulary")
            }
            pairs.append((left, right))
            results.append(result)
        }
        return (pairs, results)
    }
}
