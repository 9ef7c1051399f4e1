import Kernels

extension LinearLayers {
    /// Layers without biases on the same input, whose outputs lie side by side.
    func group(_ names: [String], storage: LinearStorage) -> LinearGroup {
        LinearGroup(
            names.map {
                Linear(
                    layout, weight: $0 + ".weight", storage: storage, precision: precision,
                    packing: nil)
            }, packing: packing)
    }
}

/// Linear layers without biases on the same input, whose outputs lie side by side.
struct LinearGroup {
    let layers: [Linear]
    /// The same layers as products see them: those whose weights follow each other in memory are one.
    private let products: [Linear]
    private var packed: [PackedLayer]?

    init(_ layers: [Linear], packing: WeightPacking?) {
        self.layers = layers
        products = layers.reduce(into: []) { products, layer in
            if let last = products.last, let both = last.joined(with: layer) {
                products[products.count - 1] = both
            } else {
                products.append(layer)
            }
        }
        guard let packing, let first = layers.first else { return }
        let weights = layers.map { $0.matrix(packing.source.base) }
        func pack(_ weights: [MatrixView]) -> PackedLayer {
            packing.pack(weights, first.transposition, bias: nil, precision: first.precision)
        }
        packed =
            PackedWeights.canStack(layers.map(\.outputWidth))
            ? [pack(weights)] : weights.map { pack([$0]) }
    }

    /// The outputs of the layers, all together.
    var outputWidth: Int { layers.reduce(0) { $0 + $1.outputWidth } }

    /// The columns that hold the outputs of some layers.
    func columns(_ indices: Range<Int>) -> Range<Int> {
        let start = layers[..<indices.lowerBound].reduce(0) { $0 + $1.outputWidth }
        return start..<start + layers[indices].reduce(0) { $0 + $1.outputWidth }
    }

    /// y ← the outputs of all layers.
    ///
    /// - Parameters:
    ///   - x: (T, in)
    ///   - y: (T, all outputs)
    func forward(_ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, into y: MatrixView) {
        guard let packed else {
            var column = 0
            for layer in products {
                layer.forward(
                    parameters, x, into: y.columns(column..<column + layer.outputWidth))
                column += layer.outputWidth
            }
            return
        }
        var column = 0
        for weights in packed {
            weights.forward(x, into: y.columns(column..<column + weights.outputWidth))
            column += weights.outputWidth
        }
    }

    /// Adds the parameters' gradients, and computes the input's.
    ///
    /// - Parameters:
    ///   - x: (T, in), as given to the forward pass
    ///   - gradient: of the outputs, (T, all outputs)
    ///   - xGradient: (T, in)
    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        _ x: MatrixView, gradient: MatrixView, xGradient: MatrixView
    ) {
        var column = 0
        for layer in products {
            layer.backward(
                parameters, gradients: gradients, x,
                gradient: gradient.columns(column..<column + layer.outputWidth),
                xGradient: xGradient, accumulating: column > 0)
            column += layer.outputWidth
        }
    }
}
