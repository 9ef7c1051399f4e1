public import Kernels

/// The shape of a decoder and the traits in which families differ. Traits are independent of each
/// other; nothing here asks which family a model is of.
///
/// What an initialiser does not name is as plain Llama has it.
public struct DecoderConfiguration: Sendable, Hashable {
    /// The family's name, `model_type` of `config.json`.
    public var family: String
    /// What the family's tensors are called.
    public var names: ParameterNames
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
    /// Whether there is a table of positions, which is added to the embeddings.
    public var hasLearnedPositions = false
    /// Rotation and window of each block, from the first again where there are fewer than blocks.
    public var attention = [AttentionTraits()]
    /// The factor on attention scores; nil for 1/√d.
    public var attentionScale: Float?
    /// The norm of all places but heads of queries and keys, which have its RMS form.
    public var norm = NormKind.rms
    /// Where the norms of a block are.
    public var normPlacement = NormPlacement.before
    /// Whether queries and keys are normed before they rotate.
    public var queryKeyNorm = QueryKeyNorm.none
    /// ε of all norms.
    public var normEpsilon: Float
    /// How matrices are stored.
    public var storage = MatrixStorage.outputByInput
    /// Whether queries, keys and values have a bias.
    public var queryKeyValueBias = false
    /// Whether the projection behind attention has a bias.
    public var attentionOutputBias = false
    /// Whether the layers of the feed-forward part have a bias.
    public var feedForwardBias = false
    /// The function between the matrices of the feed-forward part.
    public var activation = Activation.silu
    /// Whether the function's output is multiplied by a second projection.
    public var isGated = true
    /// What embeddings are multiplied by.
    public var embeddingMultiplier: Float = 1
    /// What the output of attention, or feed-forward, is multiplied by before it is added.
    public var residualMultiplier: Float = 1
    /// What logits are multiplied by.
    public var logitMultiplier: Float = 1
    /// Whether the vocabulary projection is the embedding table.
    public var tiedHead: Bool
    /// Standard deviation of random initial weights.
    public var initializerRange: Float
    /// Whether random projections into the residual stream are divided by √(2 · layers).
    public var scalesInitialProjections = false
    /// The tokens that end a text.
    public var eosTokenIDs: [Int32]
    /// The token that begins a text, if the model has one.
    public var bosTokenID: Int32?

    /// A configuration with plain Llama's traits.
    public init(
        family: String, names: ParameterNames, vocabularySize: Int, width: Int, layerCount: Int,
        headCount: Int, keyValueHeadCount: Int, headWidth: Int, feedForwardWidth: Int,
        maximumPositions: Int, normEpsilon: Float, tiedHead: Bool,
        initializerRange: Float = 0.02, eosTokenIDs: [Int32], bosTokenID: Int32? = nil
    ) {
        self.family = family
        self.names = names
        self.vocabularySize = vocabularySize
        self.width = width
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.feedForwardWidth = feedForwardWidth
        self.maximumPositions = maximumPositions
        self.normEpsilon = normEpsilon
        self.tiedHead = tiedHead
        self.initializerRange = initializerRange
        self.eosTokenIDs = eosTokenIDs
        self.bosTokenID = bosTokenID
    }

    /// Rotation and window of a block.
    public func attention(ofLayer layer: Int) -> AttentionTraits {
        attention.isEmpty ? AttentionTraits() : attention[layer % attention.count]
    }

    /// Rotation and window of every block.
    public var attentionOfLayers: [AttentionTraits] {
        (0..<layerCount).map(attention(ofLayer:))
    }

    /// The factor on attention scores.
    public var scoreScale: Float { attentionScale ?? 1 / Float(headWidth).squareRoot() }

    /// H·d: channels of the queries of all heads.
    public var queryWidth: Int { headCount * headWidth }
    /// G·d: channels of the keys, or the values, of all key-value heads.
    public var keyValueWidth: Int { keyValueHeadCount * headWidth }
    /// (H + 2G)·d: queries, keys and values side by side.
    var packedWidth: Int { queryWidth + 2 * keyValueWidth }
    /// (H + G)·d: queries and keys side by side.
    var rotatedWidth: Int { queryWidth + keyValueWidth }
    /// 2F or F: inputs of the activation function, gate and up side by side where there is a gate.
    var activationInputWidth: Int { isGated ? 2 * feedForwardWidth : feedForwardWidth }
    /// Whether norms stand between a part of a block and the residual stream that it is added to.
    var normsOutputs: Bool { normPlacement != .before }
}

/// What attention does with positions in one block.
public struct AttentionTraits: Sendable, Hashable {
    /// How queries and keys rotate; nil if they do not.
    public var rotary: RotaryTraits?
    /// How many tokens a token sees, itself included; nil for all before it.
    public var window: Int?

    /// The traits of a block.
    public init(rotary: RotaryTraits? = RotaryTraits(), window: Int? = nil) {
        self.rotary = rotary
        self.window = window
    }
}

/// What a norm computes.
public enum NormKind: Sendable, Hashable {
    /// LayerNorm with weight and bias.
    case layer
    /// RMSNorm.
    case rms
    /// RMSNorm whose weight is stored less one: x / rms ⊙ (1 + w).
    case rmsPlusOne
}

/// Where a block has norms.
public enum NormPlacement: Sendable, Hashable {
    /// Before attention, and before feed-forward.
    case before
    /// Behind each of them, before the sum with the residual stream.
    case after
    /// Before and behind.
    case beforeAndAfter
}

/// Norms of queries and keys.
public enum QueryKeyNorm: Sendable, Hashable {
    /// None.
    case none
    /// Of every head on its own, with weights (d).
    case perHead
    /// Of all heads together, with weights (H·d) and (G·d).
    case whole
}

/// How the matrix of a linear layer is stored.
public enum MatrixStorage: Sendable, Hashable {
    /// (out, in), as `nn.Linear` has it.
    case outputByInput
    /// (in, out), as GPT-2's `Conv1D` has it.
    case inputByOutput
}
