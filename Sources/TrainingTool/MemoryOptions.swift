public import ArgumentParser
public import ToolKit
public import Training
public import Transformer

/// An amount of memory as it is typed: `24GiB`, `8G`, `500MB`, `1000000`.
public struct ByteCount: ExpressibleByArgument, Sendable, Hashable {
    /// The amount in bytes.
    public var bytes: Int

    /// K, M, G, T and KiB … TiB are powers of 1024, KB … TB powers of 1000.
    public init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        var unit = 1
        let suffix = argument.dropFirst(digits.count).uppercased()
        if let letter = suffix.first {
            guard let power = ["K", "M", "G", "T"].firstIndex(of: String(letter)),
                ["", "B", "IB"].contains(suffix.dropFirst())
            else { return nil }
            let step = suffix.dropFirst() == "B" ? 1000 : 1024
            for _ in 0...power { unit *= step }
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    /// As `--help` and the effective configuration show it.
    public var defaultValueDescription: String { gibibytes(bytes) }
}

extension ByteCount: CustomStringConvertible {
    /// The amount in GiB or MiB.
    public var description: String { gibibytes(bytes) }
}

/// The flag of tools that train within bounded memory.
public struct MemoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Most memory that training may take, e.g. 24GiB or 8G. Chooses the first plan that fits: full; \
            recompute (activations again); layerwise (gradients applied block by block, with clipping in \
            two passes); compact (weights and moments in bfloat16, rounded stochastically). Without it: \
            full.
            """, valueName: "size"))
    package var memoryBudget: ByteCount?

    /// Plans differ in bits, so that the number of threads must not choose one: up to so many are
    /// counted whether they are there or not.
    private static let assumedThreads = 64

    /// For the parser.
    public init() {}

    /// The plan for a run, nil if no budget was given.
    ///
    /// - Parameter reference: the shape of a second model that scores records before the first step
    /// - Throws: ``TrainingError/overBudget(budget:needs:)``
    public func plan(
        _ configuration: DecoderConfiguration, rows: @autoclosure () -> StepRows,
        reference: DecoderConfiguration? = nil, _ common: CommonOptions, _ log: Log
    ) throws(TrainingError) -> MemoryPlan? {
        guard let budget = memoryBudget?.bytes else { return nil }
        let machine = MachineLimits.current
        if budget > machine.memory {
            log.warning(
                "--memory-budget is more than \(machine.memoryLimit), \(gibibytes(machine.memory))")
        }
        let needs = MemoryNeeds(
            configuration, rows: rows(), reference: reference,
            threads: max(Self.assumedThreads, common.threadCount))
        let plan = try needs.plan(within: budget)
        log.info(
            "memory plan \(plan.rawValue): at most \(gibibytes(needs.bytes(plan))) of "
                + gibibytes(budget))
        return plan
    }
}
