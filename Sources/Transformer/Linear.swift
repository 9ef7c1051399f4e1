import Kernels

/// A linear layer y = x·Wᵀ + b with W stored (out, in), as `nn.Linear` has it, or (in, out), as
/// GPT-2's `Conv1D` has it. Holds offsets into the parameters.
struct Linear: Sendable {
    enum Storage: Sendable {
        case outputByInput
        case inputByOutput
    }

    let inputWidth: Int
    let outputWidth: Int
    let weight: Int
    let bias: Int?
    let storage: Storage

    /// The layer whose parameters are `name + ".weight"` and, if `hasBias`, `name + ".bias"`.
    init(_ layout: ParameterLayout, _ name: String, storage: Storage, hasBias: Bool) {
        let weightName = name + ".weight"
        guard let entry = layout[weightName] else { preconditionFailure("no \(weightName)") }
        self.storage = storage
        inputWidth = storage == .outputByInput ? entry.shape[1] : entry.shape[0]
        outputWidth = storage == .outputByInput ? entry.shape[0] : entry.shape[1]
        weight = entry.offset
        bias = hasBias ? layout.offset(name + ".bias") : nil
    }

    private func matrix(_ base: UnsafeMutablePointer<Float>) -> MatrixView {
        storage == .outputByInput
            ? MatrixView(base + weight, rows: outputWidth, columns: inputWidth)
            : MatrixView(base + weight, rows: inputWidth, columns: outputWidth)
    }

    /// y ← x·W + b, or y ← y + x·W + b when `accumulating`.
    ///
    /// For up to ``rowProductLimit`` rows the bits of a row do not depend on the others.
    ///
    /// - Parameters:
    ///   - x: (T, in)
    ///   - y: (T, out)
    func forward(
        _ parameters: UnsafeMutablePointer<Float>, _ x: MatrixView, into y: MatrixView,
        accumulating: Bool = false
    ) {
        let transposition: Transposition = storage == .outputByInput ? .transposed : .none
        if x.rows <= rowProductLimit {
            multiplyRows(x, matrix(parameters), transposition, into: y, accumulating: accumulating)
        } else {
            multiply(
                x, .none, matrix(parameters), transposition, into: y, beta: accumulating ? 1 : 0)
        }
        if let bias { addBias(parameters + bias, to: y) }
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
        switch storage {
        case .outputByInput:
            multiply(gradient, .transposed, x, .none, into: matrix(gradients), beta: 1)
        case .inputByOutput:
            multiply(x, .transposed, gradient, .none, into: matrix(gradients), beta: 1)
        }
        if let bias { addColumnSums(of: gradient, to: gradients + bias) }
    }

    /// dx ← dy·W, or dx ← dx + dy·W when `accumulating`.
    func inputGradient(
        _ parameters: UnsafeMutablePointer<Float>, gradient: MatrixView, xGradient: MatrixView,
        accumulating: Bool = false
    ) {
        multiply(
            gradient, .none, matrix(parameters), storage == .outputByInput ? .none : .transposed,
            into: xGradient, beta: accumulating ? 1 : 0)
    }
}
