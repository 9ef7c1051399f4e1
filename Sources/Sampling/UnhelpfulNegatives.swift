import Kernels
public import StreamIO

/// Negatives of the paper's DPO baseline: a language model behind a server is asked for an unhelpful
/// response to each instruction.
public struct UnhelpfulNegatives: Sendable, Hashable {
    /// The question (appendix A.4 of the paper), character for character; its places `{}` stand for
    /// the instruction and the ground-truth response.
    public static let template = """
        Given the ground truth instruction and response, can you generate a not helpful response?
         Instruction: {}
        Response: {}
        Not helpful response:
        """

    /// SHA-256 of ``template``.
    public static let templateHash = SHA256Digest.hex(of: template.utf8)

    /// How many a record gets.
    public var count: Int
    /// Most tokens of one.
    public var maxTokens: Int
    /// The run's seed.
    public var seed: UInt64

    /// Negatives with all their values.
    public init(count: Int, maxTokens: Int, seed: UInt64) {
        self.count = count
        self.maxTokens = maxTokens
        self.seed = seed
    }

    /// The question about one record. What is filled in is not searched for places.
    public static func question(instruction: String, response: String) -> String {
        let pieces = template.split(separator: "{}", omittingEmptySubsequences: false)
        return zip(pieces, [instruction, response, ""]).map { $0 + $1 }.joined()
    }

    /// The seed that goes to the server with a question, which depends on the run's seed, the record
    /// and the number of the negative alone. Servers take 32 bits at most.
    public func seed(id: String, index: Int) -> Int {
        var random = RandomStream(
            seed: seed, name: id, NegativeKind.unhelpful.rawValue, String(index))
        return Int(random.next() >> 33)
    }

    /// Token ids of an answer: EOS behind one that is whole, none behind one that is cut.
    ///
    /// White space around the answer is the server's, not the answer's. An answer that is longer than
    /// it may be, or than there is room for, is cut.
    ///
    /// - Parameters:
    ///   - isWhole: whether the server ended the answer itself.
    ///   - room: positions behind the prompt.
    /// - Returns: nil if nothing is left.
    public func ids(
        _ text: String, isWhole: Bool, room: Int, eos: Int32?, tokenize: (String) -> [Int32]
    ) -> [Int32]? {
        let start = text.drop { $0.isWhitespace }
        let trimmed = String(
            start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
        guard !trimmed.isEmpty else { return nil }
        var ids = tokenize(trimmed)
        if isWhole, let eos { ids.append(eos) }
        ids = Array(ids.prefix(min(maxTokens, room)))
        return ids.isEmpty ? nil : ids
    }
}

extension NegativeRecords {
    /// Adds to what the field `negatives_from` says which server was asked.
    public mutating func note(endpoint: JSONValue) {
        guard case .object(var fields) = provenance else { return }
        fields["endpoint"] = endpoint
        provenance = .object(fields)
    }
}
