import Kernels
import TestSupport
import Testing
import Transformer

/// Shared prefixes and packing change nothing but the time.
@Suite struct PackingTests {
    private func single(_ trees: [TokenTree]) -> [TokenTree] {
        trees.flatMap { tree in
            tree.continuations.map { TokenTree(prompt: tree.prompt, continuations: [$0]) }
        }
    }

    @Test(arguments: TinyModel.all)
    func sharedPrefixGivesTheLogProbabilitiesOfSeparateRows(_ configuration: DecoderConfiguration) {
        let model = TinyModel.make(configuration)
        let trees = TinyModel.trees(configuration)
        let packed = model.logProbabilities(PackedBatch(trees))
        let separate = single(trees).flatMap { model.logProbabilities(PackedBatch([$0])) }
        #expect(packed.count == separate.count)
        for (a, b) in zip(packed, separate) { #expect(abs(a - b) < 1e-5) }
    }

    @Test(arguments: TinyModel.all)
    func sharedPrefixGivesTheGradientsOfSeparateRows(_ configuration: DecoderConfiguration) {
        let model = TinyModel.make(configuration)
        let trees = TinyModel.trees(configuration)
        func weight(_ sequence: Int) -> Double { 0.3 + 0.1 * Double(sequence) }
        let packed = ParameterBuffer(count: model.layout.count)
        _ = model.accumulateGradients(PackedBatch(trees), into: packed) { sequences, _ in
            sequences.map(weight)
        }
        let separate = ParameterBuffer(count: model.layout.count)
        for (sequence, tree) in single(trees).enumerated() {
            _ = model.accumulateGradients(PackedBatch([tree]), into: separate) { _, _ in
                [weight(sequence)]
            }
        }
        for entry in model.layout.entries {
            #expect(
                relativeDifference(packed.elements(of: entry), separate.elements(of: entry)) < 2e-5,
                "\(entry.name)")
        }
    }

    /// More branches behind a prompt than attention's backward pass takes at a time, and more rows than one
    /// block of queries.
    @Test(arguments: TinyModel.all)
    func manyBranchesGiveTheGradientsOfSeparateRows(_ configuration: DecoderConfiguration) {
        let model = TinyModel.make(configuration)
        func ids(_ count: Int, _ salt: Int) -> [Int32] {
            TinyModel.ids(count, salt: salt, vocabulary: configuration.vocabularySize)
        }
        let trees = [
            TokenTree(prompt: ids(66, 1), continuations: (0..<70).map { ids(1 + $0 % 6, $0) }),
            TokenTree(prompt: ids(3, 2), continuations: (0..<3).map { ids(2 + $0, 80 + $0) }),
        ]
        let batch = PackedBatch(trees)
        func gradients(_ batch: PackedBatch) -> ParameterBuffer {
            let result = ParameterBuffer(count: model.layout.count)
            _ = model.accumulateGradients(batch, into: result) { sequences, _ in
                sequences.map { 0.3 - 0.1 * Double($0 % 7) }
            }
            return result
        }
        let (packed, separate) = (
            gradients(batch), gradients(PackedBatch(trees, sharesPrompts: false))
        )
        for entry in model.layout.entries {
            #expect(
                relativeDifference(packed.elements(of: entry), separate.elements(of: entry)) < 5e-5,
                "\(entry.name)")
        }
    }

    @Test func oneThreadAndTwoGiveTheSameBits() {
        let model = TinyModel.make(TinyModel.llama)
        let batch = PackedBatch(TinyModel.trees(TinyModel.llama))
        func run(threads: Int) -> ([Float], [Float]) {
            Parallel.configure(threads: threads)
            let gradients = ParameterBuffer(count: model.layout.count)
            let logProbabilities = model.accumulateGradients(batch, into: gradients) {
                sequences, _ in sequences.map { Double($0) - 1.5 }
            }
            let values = UnsafeBufferPointer(start: gradients.base, count: gradients.count)
            return (logProbabilities, Array(values))
        }
        let one = run(threads: 1)
        let two = run(threads: 2)
        #expect(one.0 == two.0)
        #expect(one.1 == two.1)
    }
}
