import Kernels
import Objectives
import Scoring
import TestSupport
import Testing
import Training
import Transformer

/// Sixteen candidates behind a prompt of three blocks of queries: however it is computed, it is the same.
@Suite struct LongPromptTests {
    private static func rounded(_ shape: DecoderConfiguration) -> CompactParameters {
        let fresh = TinyModel.make(shape).parameters
        let compact = CompactParameters(count: fresh.count)
        for entry in ParameterLayout(shape).entries {
            compact.store(UnsafeBufferPointer(fresh.elements(of: entry)), in: entry)
        }
        return compact
    }

    @Test(arguments: TinyModel.all)
    func sharedAndSeparatePromptsGiveTheSameUnderEveryPlan(
        _ shape: DecoderConfiguration
    ) throws {
        var shape = shape
        shape.maximumPositions = 160
        let vocabulary = shape.vocabularySize
        let example = PreferenceExample(
            tree: TokenTree(
                prompt: TinyModel.ids(131, salt: 1, vocabulary: vocabulary),
                continuations: (0..<16).map {
                    TinyModel.ids(1 + ($0 * 7) % 10, salt: 2 + $0, vocabulary: vocabulary)
                }), ranking: (0..<16).map { ($0 * 5 + 3) % 16 })
        let compact = Self.rounded(shape)
        let single = ParameterStorage.compact(compact).single
        let policy = ReferenceModel(shape, single).sequenceLogProbabilities(example.tree)
        let reference = policy.enumerated().map { $1 - Double($0 % 5) }
        let rewards = ReferenceLoss.rewards(policy, reference, beta: 0.5)
        let loss = ReferenceLoss.rankedCPO(rewards, ranking: example.ranking ?? [])

        func gradients(
            _ plan: MemoryPlan, rowLimit: Int, sharesPrompts: Bool
        ) throws -> ParameterBuffer {
            let objective = PreferenceObjective(
                [example], reference: [reference], loss: .rankedCPO, beta: 0.5,
                rowLimit: rowLimit, sharesPrompts: sharesPrompts)
            let model = Decoder(
                configuration: shape, weights: plan.isCompact ? .compact(compact) : .single(single))
            let method: BackwardMethod =
                switch plan {
                case .full: .kept
                case .recompute: .recomputed
                case .layerwise, .compact: .deferred
                }
            let gradients = StepGradients(count: model.layout.count, method: method)
            let result = objective.accumulate([0], step: 0, model: model, gradients: gradients)
            #expect(abs(result.loss - loss) < 1e-5 * loss, "\(plan), \(rowLimit)")
            if method == .deferred {
                model.backwardBlocks(gradients) { _ in }
                model.backwardEmbeddings(gradients)
            }
            return gradients.buffer
        }

        let expected = try gradients(.full, rowLimit: 10_000, sharesPrompts: false)
        for plan in MemoryPlan.allCases {
            for rowLimit in [10_000, 150, 9] {
                for sharesPrompts in [true, false] {
                    let found = try gradients(
                        plan, rowLimit: rowLimit, sharesPrompts: sharesPrompts)
                    for entry in ParameterLayout(shape).entries {
                        let difference = relativeDifference(
                            found.elements(of: entry), expected.elements(of: entry))
                        #expect(
                            difference < 3e-5,
                            "\(plan), \(rowLimit), \(sharesPrompts): \(entry.name)")
                    }
                }
            }
        }
    }
}
