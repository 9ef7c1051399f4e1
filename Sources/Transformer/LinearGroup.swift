import Kernels

extension LinearLayers {
    /// Layers on the same input, whose outputs lie side by side.
    func group(_ roles: [ParameterRole]) -> LinearGroup {
        LinearGroup(
            roles.map {
                Linear(
                    layout.entry($0), bias: layout[$0, .bias], storage: storage,
                    precision: precision, packing: nil)
            }, packing: packing)
    }
}

/// Linear layers on the same input, whose outputs lie side by side.
struct LinearGroup {
    private let layers: [Linear]
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
        let base = packing.source.base
        func pack(_ layers: [Linear]) -> PackedLayer {
            packing.pack(
                layers.map { $0.matrix(base) }, first.transposition,
                bias: layers[0].bias.map { UnsafePointer(base + $0) }, precision: first.precision)
        }
        // Layers that can be stacked end on a cache line, where the next one's bias begins.
        packed =
            PackedWeights.canStack(layers.map(\.outputWidth))
            ? [pack(layers)] : layers.map { pack([$0]) }
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

    /// Adds the parameters' gradients, and computes or accumulates the input's.
    ///
    /// - Parameters:
    ///   - x: (T, in), as given to the forward pass
    ///   - gradient: of the outputs, (T, all outputs)
    ///   - xGradient: (T, in)
    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        _ x: MatrixView, gradient: MatrixView, xGradient: MatrixView, accumulating: Bool = false
    ) {
        var column = 0
        for layer in products {
            layer.backward(
                parameters, gradients: gradients, x,
                gradient: gradient.columns(column..<column + layer.outputWidth),
                xGradient: xGradient, accumulating: accumulating || column > 0)
            column += layer.outputWidth
        }
    }
}
