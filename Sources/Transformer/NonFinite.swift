import Kernels

extension ParameterStorage {
    /// Whether all of some elements are finite.
    public func isFinite(_ range: Range<Int>) -> Bool {
        switch self {
        case .single(let buffer):
            sumOfSquares(buffer.base + range.lowerBound, count: range.count).isFinite
        case .compact(let parameters):
            // An exponent of ones is infinity or not a number.
            range.allSatisfy { parameters.base[$0] & 0x7F80 != 0x7F80 }
        }
    }

    /// The first tensor that has an element which is not finite.
    public func firstNonFinite(_ layout: ParameterLayout) -> ParameterEntry? {
        layout.entries.first { !isFinite($0.offset..<$0.offset + $0.count) }
    }
}

extension Decoder {
    /// Where the first value that is not finite arises in a forward pass; nil if none does before the
    /// softmax.
    public func firstNonFinite(_ batch: PackedBatch) -> String? {
        guard batch.targetCount > 0 else { return nil }
        var place: String?
        func look(_ values: MatrixView, _ name: String) {
            guard place == nil else { return }
            let isFinite = (0..<values.rows).allSatisfy {
                sumOfSquares(values.base + $0 * values.stride, count: values.columns).isFinite
            }
            if !isFinite { place = name }
        }
        let final = forward(batch, keeping: false) { layer, input in
            look(input, layer == 0 ? "the embeddings" : "the output of block \(layer - 1)")
        }
        look(final, "the output of block \(configuration.layerCount - 1)")
        if place == nil {
            look(hidden(batch.targetRows.flatMap { $0 }, of: final), "the final norm")
        }
        return place ?? (logProbabilities(batch).allSatisfy(\.isFinite) ? nil : "the logits")
    }
}
