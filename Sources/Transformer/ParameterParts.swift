/// The parts of a model that a backward pass is done with one after the other, as ranges of a
/// ``ParameterBuffer``.
public struct ParameterParts: Sendable {
    /// The tables of the embedding; a tied head is the first of them.
    public let embeddings: Range<Int>
    /// The blocks.
    public let blocks: [Range<Int>]
    /// The norm behind the last block.
    public let finalNorm: Range<Int>
    /// A head of its own; empty if it is tied.
    public let head: Range<Int>
    /// The matrix of the vocabulary projection, tied or not.
    let projection: Range<Int>

    /// The parts of a model's layout.
    public init(_ configuration: DecoderConfiguration, _ layout: ParameterLayout) {
        let embedding: String
        let firstOfBlock: (Int) -> String
        let norm: String
        switch configuration.architecture {
        case .gpt2:
            embedding = "transformer.wte.weight"
            firstOfBlock = { "transformer.h.\($0).ln_1.weight" }
            norm = "transformer.ln_f.weight"
        case .llama:
            embedding = "model.embed_tokens.weight"
            firstOfBlock = { "model.layers.\($0).input_layernorm.weight" }
            norm = "model.norm.weight"
        }
        let normStart = layout.offset(norm)
        let headStart = configuration.tiedHead ? layout.count : layout.offset("lm_head.weight")
        let starts =
            (0..<configuration.layerCount).map { layout.offset(firstOfBlock($0)) } + [normStart]
        embeddings = 0..<starts[0]
        blocks = zip(starts, starts.dropFirst()).map { $0..<$1 }
        finalNorm = normStart..<headStart
        head = headStart..<layout.count
        let size = configuration.vocabularySize * configuration.width
        let projectionStart = configuration.tiedHead ? layout.offset(embedding) : headStart
        projection = projectionStart..<projectionStart + size
    }
}
