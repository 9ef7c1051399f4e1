import Kernels

/// How the next token is chosen.
public enum TokenChoice: Sendable, Hashable {
    /// The most probable token; of equal ones the one with the lowest id.
    case greedy
    /// A draw from the filtered distribution.
    case sample(SamplingFilter)
}

/// When a sequence ends and which tokens it may hold.
public struct DecodingLimits: Sendable, Hashable {
    /// Most tokens of an output, EOS included; the model's positions may end it earlier.
    public var maxNewTokens: Int
    /// EOS is not chosen before so many tokens.
    public var minNewTokens: Int
    /// Never chooses EOS, so that every output reaches the length limit.
    public var ignoresEOS: Bool
    /// Tokens that end an output.
    public var eosTokenIDs: [Int32]
    /// Ids from here on are never chosen: rows of the embedding table that no token belongs to.
    public var usableVocabulary: Int

    /// Limits with all their values.
    public init(
        maxNewTokens: Int, minNewTokens: Int = 0, ignoresEOS: Bool = false,
        eosTokenIDs: [Int32], usableVocabulary: Int
    ) {
        self.maxNewTokens = maxNewTokens
        self.minNewTokens = minNewTokens
        self.ignoresEOS = ignoresEOS
        self.eosTokenIDs = eosTokenIDs
        self.usableVocabulary = usableVocabulary
    }

    /// Whether choosing `token` ends the output.
    func ends(_ token: Int32) -> Bool { !ignoresEOS && eosTokenIDs.contains(token) }

    /// Rules out what may not be chosen as the token with this index in the output.
    func mask(_ logits: UnsafeMutablePointer<Float>, count: Int, index: Int) {
        if ignoresEOS || index < minNewTokens { maskEOS(logits, count: count) }
        maskUnusable(logits, count: count)
    }

    func maskEOS(_ logits: UnsafeMutablePointer<Float>, count: Int) {
        for id in eosTokenIDs where id >= 0 && Int(id) < count { logits[Int(id)] = -.infinity }
    }

    func maskUnusable(_ logits: UnsafeMutablePointer<Float>, count: Int) {
        guard usableVocabulary < count else { return }
        (logits + usableVocabulary).update(
            repeating: -.infinity, count: count - usableVocabulary)
    }

    /// Room for an output behind a prompt.
    func length(behind prompt: Int, positions: Int) -> Int {
        max(0, min(maxNewTokens, positions - prompt))
    }
}

/// Why an output ended.
public enum Finish: String, Sendable {
    /// The model chose EOS, which is the last id.
    case eos
    /// The limit was reached; there is no EOS at the end.
    case length
}

/// An output of the model.
public struct GeneratedSequence: Sendable, Hashable {
    /// Its tokens, with EOS if it ended so.
    public var ids: [Int32]
    /// Why it ended.
    public var finish: Finish
    /// log π(y|x) = Σ log p of the tokens under the model itself, before temperature, filters and masks.
    public var logProbability: Double
    /// The score of a beam, else `nil`.
    public var score: Double?

    /// An output with all its values.
    public init(ids: [Int32], finish: Finish, logProbability: Double, score: Double? = nil) {
        self.ids = ids
        self.finish = finish
        self.logProbability = logProbability
        self.score = score
    }
}
