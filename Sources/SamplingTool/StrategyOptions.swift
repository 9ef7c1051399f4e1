public import ArgumentParser
public import Sampling
import ToolKit

extension EarlyStopping: ExpressibleByArgument {}

/// The flags that say how outputs are found: by the most probable token, sampling or beam search.
public struct StrategyOptions: ParsableArguments {
    /// A strategy by its name.
    package enum Name: String, CaseIterable, ExpressibleByArgument {
        case greedy, sample, beam
    }

    @Option(help: "greedy, sample or beam; without it what the other flags ask for, else greedy.")
    package var decode: Name?

    @Option(help: "sample: divides the logits; above 0. (default: 1)")
    package var temperature: Float?

    @Option(help: "sample: keeps the K most probable tokens; 0 keeps all. (default: 0)")
    package var topK: Int?

    @Option(help: "sample: keeps the most probable tokens up to this probability. (default: 1)")
    package var topP: Double?

    @Option(help: "beam: number of beams. (default: 4)")
    package var beams: Int?

    @Option(help: "beam: exponent of the length in the score; 0 compares sums.")
    package var lengthPenalty = 1.0

    @Option(help: "beam: true stops with as many finished as beams, never when none can improve.")
    package var earlyStopping = EarlyStopping.false

    @Flag(help: "beam: all beams in outputs, best first.")
    package var allBeams = false

    @Option(help: "sample: outputs for each prompt; more than one also in outputs.")
    package var numSamples = 1

    /// For the parser.
    public init() {}

    /// Refuses values that make no sense.
    public func validate() throws {
        try filter.validate()
        try require("--beams", beams, atLeast: 1)
        try require("--num-samples", numSamples, atLeast: 1)
        guard numSamples == 1 || name == .sample else {
            throw ValidationError("--num-samples goes with --decode sample only")
        }
    }

    /// What is asked for, by name or by the flags of a strategy.
    private var name: Name {
        if let decode { return decode }
        if beams != nil || allBeams { return .beam }
        return temperature != nil || topK != nil || topP != nil || numSamples > 1
            ? .sample : .greedy
    }

    private var filter: SamplingFilter {
        SamplingFilter(temperature: temperature ?? 1, topK: topK ?? 0, topP: topP ?? 1)
    }

    /// The strategy that is asked for.
    public var strategy: DecodingStrategy {
        switch name {
        case .greedy: .tokens(.greedy)
        case .sample: .tokens(.sample(filter))
        case .beam:
            .beams(
                BeamOptions(
                    beams: beams ?? 4, lengthPenalty: lengthPenalty, earlyStopping: earlyStopping))
        }
    }

    /// Whether records hold all outputs for their prompt, not the first alone.
    public var keepsAll: Bool { numSamples > 1 || allBeams }

    /// About flags that were given and have no effect.
    public var warnings: [String] {
        var warnings: [String] = []
        if name != .sample, temperature != nil || topK != nil || topP != nil {
            warnings.append(
                "--temperature, --top-k and --top-p say nothing under \(name.rawValue)")
        }
        if name != .beam, beams != nil || allBeams {
            warnings.append("--beams and --all-beams say nothing under \(name.rawValue)")
        }
        return warnings
    }
}
