import Kernels

/// How the weights of linear layers are laid out once, for inference.
struct WeightPacking {
    /// Where they are copied from.
    let source: ParameterBuffer
    /// Where the copies go.
    let arena: PageArena
    /// Whether they are rounded to eight bits.
    let isQuantized: Bool

    /// Lays out layers whose outputs lie side by side.
    func pack(
        _ weights: [MatrixView], _ transposition: Transposition, bias: UnsafePointer<Float>?,
        precision: MatrixPrecision
    ) -> PackedLayer {
        isQuantized
            ? .quantized(QuantizedWeights(weights, transposition, bias: bias, in: arena))
            : .exact(
                PackedWeights(
                    weights, transposition, bias: bias, precision: precision, in: arena))
    }
}

/// A linear layer laid out for inference.
enum PackedLayer {
    case exact(PackedWeights)
    case quantized(QuantizedWeights)

    var outputWidth: Int {
        switch self {
        case .exact(let weights): weights.outputWidth
        case .quantized(let weights): weights.outputWidth
        }
    }

    /// Computes y (T, O) from x (T, I).
    func forward(_ x: MatrixView, into y: MatrixView, _ epilogue: LinearEpilogue = .none) {
        switch self {
        case .exact(let weights): weights.forward(x, into: y, epilogue)
        case .quantized(let weights): weights.forward(x, into: y, epilogue)
        }
    }
}
