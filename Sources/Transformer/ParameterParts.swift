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
        let starts = layout.blockStarts
        let normStart = layout.entry(.finalNorm).offset
        let matrix = layout.entry(configuration.tiedHead ? .embedding : .head)
        let headStart = configuration.tiedHead ? layout.count : matrix.offset
        embeddings = 0..<(starts.first ?? normStart)
        blocks = zip(starts, starts.dropFirst()).map { $0..<$1 }
        finalNorm = normStart..<headStart
        head = headStart..<layout.count
        projection = matrix.offset..<matrix.offset + matrix.count
    }
}
