import Kernels

/// Makes the linear layers of a model.
struct LinearLayers {
    let layout: ParameterLayout
    let storage: MatrixStorage
    let precision: MatrixPrecision
    /// How weights are laid out once, for inference alone; nil to read them in place.
    let packing: WeightPacking?

    /// The layer of a role, with a bias if the layout has one.
    func layer(_ role: ParameterRole) -> Linear {
        Linear(
            layout.entry(role), bias: layout[role, .bias], storage: storage,
            precision: precision, packing: packing)
    }

    /// The vocabulary projection: the embedding table if the head is tied.
    func head(isTied: Bool) -> Linear {
        Linear(
            layout.entry(isTied ? .embedding : .head), storage: .outputByInput,
            precision: precision, packing: packing)
    }
}

/// A linear layer y = x·Wᵀ + b. Holds offsets into the parameters.
struct Linear {

    let inputWidth: Int
    private(set) var outputWidth: Int
    let weight: Int
    let bias: Int?
    let storage: MatrixStorage
    let precision: MatrixPrecision
    private var packed: PackedLayer?

    /// The layer with these parameters.
    init(
        _ entry: ParameterEntry, bias biasEntry: ParameterEntry? = nil,
        storage: MatrixStorage, precision: MatrixPrecision, packing: WeightPacking?
    ) {
        self.storage = storage
        self.precision = precision
        inputWidth = storage == .outputByInput ? entry.shape[1] : entry.shape[0]
        outputWidth = storage == .outputByInput ? entry.shape[0] : entry.shape[1]
        weight = entry.offset
        bias = biasEntry?.offset
        if let packing {
            let base = packing.source.base
            packed = packing.pack(
                [matrix(base)], transposition, bias: bias.map { UnsafePointer(base + $0) },
                precision: precision)
        }
    }

    /// This layer and another on the same input as one, if their weights are one matrix in memory and
    /// their biases, if they have any, one vector: then the input is laid out once for both.
    func joined(with next: Linear) -> Linear? {
        guard
            storage == .outputByInput, next.storage == storage,
            next.bias == bias.map({ $0 + outputWidth }),
            next.inputWidth == inputWidth, next.weight == weight + outputWidth * inputWidth
        else { return nil }
        var both = self
        both.outputWidth += next.outputWidth
        both.packed = nil
        return both
    }

    var transposition: Transposition {
        storage == .outputByInput ? .transposed : .none
    }

    func matrix(_ base: UnsafeMutablePointer<Float>) -> MatrixView {
        storage == .outputByInput
            ? MatrixView(base + weight, rows: outputWidth, columns: inputWidth)
            : MatrixView(base + weight, rows: inputWidth, columns: outputWidth)
    }

    private func operations(rows: Int) -> Double {
        2 * Double(rows) * Double(inputWidth) * Double(outputWidth)
    }

    /// y ← x·W + b, or y ← y + x·W + b when `accumulating`.
    ///
    /// The bits of a row of the result depend on that row of x alone.
    ///
    /// - Parameters:
    ///   - x: (T, in)
    ///   - y: (T, out)
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, into y: MatrixView,
        accumulating: Bool = false
    ) {
        StageClock.measure(.forwardProducts, operations: operations(rows: x.rows)) {
            if let packed {
                packed.forward(x, into: y, accumulating ? .accumulate : .none)
                return
            }
            multiply(
                x, .none, matrix(parameters), transposition, into: y,
                accumulating: accumulating, precision: precision)
            if let bias { addBias(parameters + bias, to: y) }
        }
    }

    /// Adds the parameters' gradients, and computes or accumulates the input's.
    ///
    /// - Parameters:
    ///   - x: (T, in), as given to the forward pass
    ///   - gradient: of the output, (T, out)
    ///   - xGradient: (T, in)
    func backward(
        _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        _ x: MatrixView, gradient: MatrixView, xGradient: MatrixView, accumulating: Bool = false
    ) {
        parameterGradients(gradients, x, gradient: gradient)
        inputGradient(
            parameters, gradient: gradient, xGradient: xGradient, accumulating: accumulating)
    }

    /// dW += dyᵀ·x (or xᵀ·dy), db += Σ dy.
    func parameterGradients(
        _ gradients: UnsafeMutablePointer<Float>, _ x: MatrixView, gradient: MatrixView
    ) {
        StageClock.measure(.weightProducts, operations: operations(rows: x.rows)) {
            let (left, right) = storage == .outputByInput ? (gradient, x) : (x, gradient)
            multiply(
                left, .transposed, right, .none, into: matrix(gradients), accumulating: true,
                precision: precision)
            if let bias { addColumnSums(of: gradient, to: gradients + bias) }
        }
    }

    /// dx ← dy·W, or dx ← dx + dy·W when `accumulating`.
    func inputGradient(
        _ parameters: UnsafeMutablePointer<Float>, gradient: MatrixView, xGradient: MatrixView,
        accumulating: Bool = false
    ) {
        StageClock.measure(.inputProducts, operations: operations(rows: gradient.rows)) {
            multiply(
                gradient, .none, matrix(parameters),
                storage == .outputByInput ? .none : .transposed,
                into: xGradient, accumulating: accumulating, precision: precision)
        }
    }
}
