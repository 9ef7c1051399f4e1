import ArgumentParser
import Sampling
import SamplingTool
import Testing

@Suite struct SamplingFlagTests {
    @Test("a strategy is what is named, or what the flags of one ask for")
    func strategies() throws {
        func strategy(_ arguments: String...) throws -> DecodingStrategy {
            try StrategyOptions.parse(arguments).strategy
        }
        #expect(try strategy() == .tokens(.greedy))
        #expect(try strategy("--decode", "greedy", "--top-k", "3") == .tokens(.greedy))
        let all = SamplingFilter(temperature: 1, topK: 0, topP: 1)
        #expect(try strategy("--num-samples", "2") == .tokens(.sample(all)))
        #expect(
            try strategy("--top-k", "5", "--temperature", "0.5")
                == .tokens(.sample(SamplingFilter(temperature: 0.5, topK: 5, topP: 1))))
        #expect(
            try strategy("--all-beams")
                == .beams(BeamOptions(beams: 4, lengthPenalty: 1, earlyStopping: .false)))
    }

    @Test("flags of another strategy are said to have no effect")
    func idleFlags() throws {
        #expect(try StrategyOptions.parse(["--top-p", "0.5"]).warnings.isEmpty)
        let greedy = try StrategyOptions.parse(["--decode", "greedy", "--top-p", "0.5"])
        #expect(
            greedy.warnings == ["--temperature, --top-k and --top-p say nothing under greedy"])
        let beams = try StrategyOptions.parse(["--decode", "sample", "--beams", "2"])
        #expect(beams.warnings == ["--beams and --all-beams say nothing under sample"])
    }

    @Test(
        "what makes no filter is refused by name",
        arguments: [
            ("--temperature", "0"), ("--temperature", "inf"), ("--temperature", "nan"),
            ("--top-p", "0"), ("--top-p", "1.5"), ("--top-p", "nan"), ("--beams", "0"),
        ])
    func refused(_ flag: String, _ value: String) {
        #expect(message(StrategyOptions.self, [flag, value])?.contains("\(flag) (got ") == true)
    }

    @Test("samples need sampling")
    func samples() {
        let arguments = ["--decode", "greedy", "--num-samples", "2"]
        #expect(message(StrategyOptions.self, arguments)?.contains("--decode sample") == true)
    }

    @Test("numbers below one are refused", arguments: ["--parallel", "--max-new-tokens"])
    func numbers(_ flag: String) {
        let text = message(GeneratingOptions.self, ["--model", "m", flag, "0"])
        #expect(text?.contains("\(flag) (got 0, expected at least 1)") == true)
    }

    private func message(
        _ options: (some ParsableArguments).Type, _ arguments: [String]
    ) -> String? {
        do {
            _ = try options.parse(arguments)
            return nil
        } catch {
            return options.message(for: error)
        }
    }
}
