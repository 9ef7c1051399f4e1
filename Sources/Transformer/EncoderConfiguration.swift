/// The shape of a BERT encoder and the constants of its layers (Devlin et al. 2019).
public struct EncoderConfiguration: Sendable, Hashable {
    /// V: rows of the embedding table.
    public var vocabularySize: Int
    /// C: channels of the residual stream.
    public var width: Int
    /// Number of blocks.
    public var layerCount: Int
    /// H: heads of a block; divides ``width``.
    public var headCount: Int
    /// F: channels between the two matrices of the feed-forward part.
    public var feedForwardWidth: Int
    /// Longest sequence, in tokens.
    public var maximumPositions: Int
    /// Rows of the table of token types; every token here is of type 0.
    public var tokenTypeCount: Int
    /// ε of LayerNorm.
    public var normEpsilon: Float

    /// A configuration with all its values.
    public init(
        vocabularySize: Int, width: Int, layerCount: Int, headCount: Int, feedForwardWidth: Int,
        maximumPositions: Int, tokenTypeCount: Int = 2, normEpsilon: Float = 1e-12
    ) {
        self.vocabularySize = vocabularySize
        self.width = width
        self.layerCount = layerCount
        self.headCount = headCount
        self.feedForwardWidth = feedForwardWidth
        self.maximumPositions = maximumPositions
        self.tokenTypeCount = tokenTypeCount
        self.normEpsilon = normEpsilon
    }

    /// d: channels of a head.
    public var headWidth: Int { width / headCount }
}
