public import ArgumentParser
public import Kernels

extension MatrixPrecision: ExpressibleByArgument {}

extension InferencePrecision: ExpressibleByArgument {}

/// The flag of tools that use a model as it is.
public struct InferencePrecisionOptions: ParsableArguments {
    @Option(
        help: """
            What layers compute with: fp32; bf16, faster on processors that multiply such numbers; or int8, \
            weights and inputs of eight bits, faster still and less exact.
            """)
    package var precision = InferencePrecision.fp32

    /// For the parser.
    public init() {}
}

/// The flag of tools that train a model.
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
