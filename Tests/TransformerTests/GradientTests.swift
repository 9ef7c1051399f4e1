import Glibc
import Kernels
import TestSupport
import Testing
import Transformer

/// The backward pass against central differences of the forward pass, tensor by tensor.
@Suite struct GradientTests {
    /// Σ_sequences w·log π(y|x), the function whose gradient the backward pass computes.
    private func value(_ model: Decoder, _ batch: PackedBatch) -> Double {
        let logProbabilities = model.logProbabilities(batch)
        return (0..<batch.sequenceCount).reduce(0.0) {
            $0 + weight($1) * batch.sum(logProbabilities, ofSequence: $1)
        }
    }

    private func weight(_ sequence: Int) -> Double { 0.05 * Double(sequence + 1) }

    @Test(arguments: TinyModel.all)
    func everyTensorAgreesWithCentralDifferences(_ configuration: DecoderConfiguration) {
        let model = TinyModel.make(configuration)
        let batch = PackedBatch(TinyModel.trees(configuration))
        let gradients = ParameterBuffer(count: model.layout.count)
        _ = model.accumulateGradients(batch, into: gradients) { sequences, _ in
            sequences.map(weight)
        }
        for entry in model.layout.entries {
            // The direction of the gradient itself: the change is as large as it can be, so float
            // rounding of the forward pass matters least.
            let gradient = gradients.elements(of: entry)
            let norm = sumOfSquares(gradient.baseAddress!, count: gradient.count).squareRoot()
            #expect(norm > 1e-4, "\(entry.name) has no gradient")
            let parameters = model.parameters.elements(of: entry)
            let original = Array(parameters)
            let step = 2e-3
            func shifted(by amount: Double) -> Double {
                for index in parameters.indices {
                    parameters[index] =
                        original[index] + Float(amount * Double(gradient[index]) / norm)
                }
                return value(model, batch)
            }
            let slope = (shifted(by: step) - shifted(by: -step)) / (2 * step)
            _ = parameters.update(from: original)
            #expect(abs(slope - norm) / norm < 1e-2, "\(entry.name): \(slope) against \(norm)")
        }
    }
}
