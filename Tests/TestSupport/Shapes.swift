public import Checkpoints
public import Transformer

extension DecoderConfiguration {
    /// A Llama.
    public static func llama(
        vocabularySize: Int, width: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int,
        headWidth: Int, feedForwardWidth: Int, maximumPositions: Int, normEpsilon: Float,
        ropeTheta: Float = 10_000, tiedHead: Bool, initializerRange: Float = 0.02,
        eosTokenIDs: [Int32], bosTokenID: Int32? = nil
    ) -> DecoderConfiguration {
        var c = DecoderConfiguration(
            family: "llama", names: DecoderFamily.llama.names, vocabularySize: vocabularySize,
            width: width, layerCount: layerCount, headCount: headCount,
            keyValueHeadCount: keyValueHeadCount, headWidth: headWidth,
            feedForwardWidth: feedForwardWidth, maximumPositions: maximumPositions,
            normEpsilon: normEpsilon, tiedHead: tiedHead, initializerRange: initializerRange,
            eosTokenIDs: eosTokenIDs, bosTokenID: bosTokenID)
        c.attention = [AttentionTraits(rotary: RotaryTraits(theta: ropeTheta))]
        return c
    }

    /// A GPT-2.
    public static func gpt2(
        vocabularySize: Int, width: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int,
        headWidth: Int, feedForwardWidth: Int, maximumPositions: Int, normEpsilon: Float,
        tiedHead: Bool, initializerRange: Float = 0.02, eosTokenIDs: [Int32],
        bosTokenID: Int32? = nil
    ) -> DecoderConfiguration {
        var c = DecoderConfiguration(
            family: "gpt2", names: DecoderFamily.gpt2.names, vocabularySize: vocabularySize,
            width: width, layerCount: layerCount, headCount: headCount,
            keyValueHeadCount: keyValueHeadCount, headWidth: headWidth,
            feedForwardWidth: feedForwardWidth, maximumPositions: maximumPositions,
            normEpsilon: normEpsilon, tiedHead: tiedHead, initializerRange: initializerRange,
            eosTokenIDs: eosTokenIDs, bosTokenID: bosTokenID)
        c.hasLearnedPositions = true
        c.attention = [AttentionTraits(rotary: nil)]
        (c.norm, c.storage) = (.layer, .inputByOutput)
        (c.queryKeyValueBias, c.attentionOutputBias, c.feedForwardBias) = (true, true, true)
        (c.activation, c.isGated) = (.geluTanh, false)
        c.scalesInitialProjections = true
        return c
    }

    /// θ of the first block.
    public var ropeTheta: Float? { attention.first?.rotary?.theta }

    /// The factor of linear scaling in the first block; nil for another scaling.
    public var ropeScale: Float? {
        switch attention.first?.rotary?.scaling {
        case nil, .some(.none): 1
        case .linear(let factor): factor
        default: nil
        }
    }
}
