/// The families of decoder-only transformers that the package knows.
public enum DecoderArchitecture: String, Sendable, Codable {
    /// Learned positions, LayerNorm, GELU (tanh form), biases everywhere.
    case gpt2
    /// Rotary positions, RMSNorm, SwiGLU, grouped-query attention, no biases.
    case llama
}

/// The shape of a decoder and the constants of its layers.
public struct DecoderConfiguration: Sendable, Hashable {
    /// The family.
    public var architecture: DecoderArchitecture
    /// V: rows of the embedding table.
    public var vocabularySize: Int
    /// C: channels of the residual stream.
    public var width: Int
    /// Number of blocks.
    public var layerCount: Int
    /// H: query heads of a block.
    public var headCount: Int
    /// G: key-value heads of a block; divides ``headCount``.
    public var keyValueHeadCount: Int
    /// d: channels of a head.
    public var headWidth: Int
    /// F: channels between the two (or three) matrices of the feed-forward part.
    public var feedForwardWidth: Int
    /// Longest sequence, in tokens.
    public var maximumPositions: Int
    /// ε of LayerNorm or RMSNorm.
    public var normEpsilon: Float
    /// θ, the base of the rotary frequencies (Llama).
    public var ropeTheta: Float
    /// What positions are divided by before they rotate: linear scaling, 1 for none (Llama).
    public var ropeScale: Float
    /// Whether the vocabulary projection is the embedding table.
    public var tiedHead: Bool
    /// Standard deviation of random initial weights.
    public var initializerRange: Float
    /// The tokens that end a text.
    public var eosTokenIDs: [Int32]
    /// The token that begins a text, if the model has one.
    public var bosTokenID: Int32?

    /// A configuration with all its values.
    public init(
        architecture: DecoderArchitecture, vocabularySize: Int, width: Int, layerCount: Int,
        headCount: Int, keyValueHeadCount: Int, headWidth: Int, feedForwardWidth: Int,
        maximumPositions: Int, normEpsilon: Float, ropeTheta: Float = 10_000, ropeScale: Float = 1,
        tiedHead: Bool,
        initializerRange: Float = 0.02, eosTokenIDs: [Int32], bosTokenID: Int32? = nil
    ) {
        self.architecture = architecture
        self.vocabularySize = vocabularySize
        self.width = width
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.feedForwardWidth = feedForwardWidth
        self.maximumPositions = maximumPositions
        self.normEpsilon = normEpsilon
        self.ropeTheta = ropeTheta
        self.ropeScale = ropeScale
        self.tiedHead = tiedHead
        self.initializerRange = initializerRange
        self.eosTokenIDs = eosTokenIDs
        self.bosTokenID = bosTokenID
    }

    /// H·d: channels of the queries of all heads.
    public var queryWidth: Int { headCount * headWidth }
    /// G·d: channels of the keys, or the values, of all key-value heads.
    public var keyValueWidth: Int { keyValueHeadCount * headWidth }
    /// (H + 2G)·d: queries, keys and values side by side.
    var packedWidth: Int { queryWidth + 2 * keyValueWidth }
    /// 2F or F: inputs of the activation function, gate and up side by side where there is a gate.
    var activationInputWidth: Int {
        architecture == .llama ? 2 * feedForwardWidth : feedForwardWidth
    }
}
