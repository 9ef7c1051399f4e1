import TestSupport
import Transformer

/// A GPT-2 of one layer.
let tinyGPT2 = DecoderConfiguration.gpt2(
    vocabularySize: 5, width: 4, layerCount: 1, headCount: 2,
    keyValueHeadCount: 2, headWidth: 2, feedForwardWidth: 16, maximumPositions: 3,
    normEpsilon: 1e-5, tiedHead: true, eosTokenIDs: [0])
