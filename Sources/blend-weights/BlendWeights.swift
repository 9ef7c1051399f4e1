import ArgumentParser
import Checkpoints
import StreamIO
import ToolKit

/// Averages the weights of checkpoints.
@main
struct BlendWeights: CommandLineTool {
    static let example = """
        blend-weights --cpo runs/cpo --mle runs/mle --alpha 0.3 --out runs/blend-0.3
        blend-weights runs/a:0.25 runs/b:0.25 runs/c:0.5 --out runs/blend
        """

    static let configuration = toolConfiguration(
        "blend-weights",
        abstract: "Write a weighted mean of checkpoints.",
        discussion: """
            θ = Σ wᵢ·θᵢ; with --alpha, θ = α·θ_MLE + (1 − α)·θ_CPO (Feng et al. 2025, weight-space \
            ensemble). Tensors are read and written one after another. Sums are taken in double \
            precision and rounded once; alpha 0 or 1 gives the bits of one input. Checkpoints \
            whose tensors, shapes, constants or tokenizers differ are refused with a list. What \
            was blended stands in blend.json and in the metadata of the weights.
            """)

    @Argument(
        help: ArgumentHelp(
            "Checkpoint directories with their weights, which sum to 1.", valueName: "dir:w"))
    var inputs: [String] = []

    @Option(help: ArgumentHelp("Checkpoint trained with CPO.", valueName: "dir"))
    var cpo: String?

    @Option(help: ArgumentHelp("Checkpoint trained by maximum likelihood.", valueName: "dir"))
    var mle: String?

    @Option(help: "Weight of the MLE checkpoint, from 0 to 1.")
    var alpha: Double?

    @Option(help: ArgumentHelp("Checkpoint directory to write.", valueName: "dir"))
    var out: String

    @Flag(help: "Divide weights that do not sum to 1 by their sum.")
    var normalize = false

    @Option(
        help: "float32, bfloat16 or float16; without it the type of the first input.")
    var dtype: WeightType?

    @Option(
        help: ArgumentHelp(
            "Largest weight file, e.g. 500MB or 2GiB, in bytes without a unit.", valueName: "size"),
        transform: WeightFiles.size(parsing:))
    var maxShardSize = WeightFiles.defaultShardSize

    @OptionGroup var common: CommonOptions

    func validate() throws {
        let pair = [cpo == nil, mle == nil, alpha == nil]
        if inputs.isEmpty {
            guard pair == [false, false, false] else {
                throw ValidationError("expected --cpo, --mle and --alpha, or DIR:W arguments")
            }
            if normalize {
                throw ValidationError("--normalize goes with DIR:W arguments, not with --alpha")
            }
        } else if pair != [true, true, true] {
            throw ValidationError(
                "got DIR:W arguments and --cpo, --mle or --alpha, expected one form")
        }
    }

    mutating func execute(_ log: Log) throws {
        try OutputClaim.directory(out, .checkpoint)
        let blend = try makeBlend()
        if blend.wasNormalised { log.warning("weights did not sum to 1; divided by their sum") }
        log.warnings(blend.warnings)
        for input in blend.inputs { log.info("\(input.weight) × \(input.directory)") }
        try blend.write(
            to: out, as: dtype, maximumShardSize: maxShardSize,
            tool: "blend-weights, \(Version.package)")
        log.summary("\(blend.inputs.count) checkpoints blended into \(out)")
    }

    private func makeBlend() throws -> Blend {
        if let cpo, let mle, let alpha {
            return try Blend(cpo: cpo, mle: mle, alpha: alpha)
        }
        return try Blend(inputs.map { try Blend.Input(parsing: $0) }, normalising: normalize)
    }
}

extension WeightType: ExpressibleByArgument {}
