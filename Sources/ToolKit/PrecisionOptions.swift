public import ArgumentParser
public import Kernels

extension MatrixPrecision: ExpressibleByArgument {}

/// The flag of tools that compute with a model.
public struct PrecisionOptions: ParsableArguments {
    @Option(
        help: """
            Factors of matrix products: fp32, or bf16, which is faster on processors that multiply such \
            numbers. Sums, norms, softmax, loss and optimizer stay in fp32.
            """)
    package var precision = MatrixPrecision.float32

    /// For the parser.
    public init() {}
}
