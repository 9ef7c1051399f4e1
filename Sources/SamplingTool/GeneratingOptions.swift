public import ArgumentParser
public import Sampling
public import ToolKit

extension OverlongPolicy: ExpressibleByArgument {}

/// The flags of tools that have a model continue prompts.
public struct GeneratingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Checkpoint to generate with.", valueName: "dir"))
    package var model: String

    @Option(
        help: "Most tokens of what is generated; the model's positions may end it earlier.")
    package var maxNewTokens = 128

    @Option(help: "Sequences in flight. Changes no result.")
    package var parallel = 32

    @Option(
        help: """
            Prompts (to which gen-negatives adds the response) longer than the model's positions: error, \
            truncate-left or drop.
            """)
    package var onOverlong = OverlongPolicy.error

    @OptionGroup package var precision: InferencePrecisionOptions

    /// For the parser.
    public init() {}

    /// Refuses numbers below one.
    public func validate() throws {
        try require("--max-new-tokens", maxNewTokens, atLeast: 1)
        try require("--parallel", parallel, atLeast: 1)
    }

    /// Reads the model, and says what a user should know about it.
    public func load(_ log: Log) throws -> GeneratingModel {
        let loaded = try GeneratingModel(directory: model, precision: precision.precision)
        log.warnings(loaded.warnings)
        return loaded
    }

    /// How a model's prompts are made ready.
    public func prompts(for loaded: GeneratingModel) -> PromptPolicy {
        PromptPolicy(configuration: loaded.configuration, onOverlong: onOverlong)
    }

    /// What of this decides which output there is, for runs that are resumed.
    public func work() throws -> [String: String] {
        [
            "model": try modelDirectoryDigest(model), "precision": precision.precision.rawValue,
            "over-long": onOverlong.rawValue,
        ]
    }
}

extension SamplingFilter {
    /// Refuses values of `--temperature`, `--top-k` and `--top-p` that make no filter.
    public func validate() throws {
        guard temperature >= Self.leastTemperature, temperature.isFinite else {
            throw ValidationError(
                "--temperature (got \(temperature), expected at least \(Self.leastTemperature); "
                    + "--top-k 1 is its limit at 0)")
        }
        try require("--top-k", topK, atLeast: 0)
        guard topP > 0, topP <= 1 else {
            throw ValidationError("--top-p (got \(topP), expected above 0 and at most 1)")
        }
    }
}
